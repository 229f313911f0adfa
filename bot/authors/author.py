"""Author: whoever writes the files of a stage."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.authors.facts import Facts
from bot.evidence import Stage
from bot.sandbox.job import Origin


class Author(Protocol):
    """Writes whole files for one stage at a time."""

    @property
    def name(self) -> str:
        """Return the name under which the files are attributed."""

    @property
    def origin(self) -> Origin:
        """Return whose code it is, which decides what sandbox it needs."""

    def write(self, stage: Stage, facts: Facts) -> Mapping[str, str]:
        """Return the stage's files, by path relative to the project folder, as whole texts."""
