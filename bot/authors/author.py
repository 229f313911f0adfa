"""Author: whoever writes the files of a stage, and is told what was found wrong with them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bot.authors.facts import Facts
from bot.evidence import Stage
from bot.llm.language_model import Usage
from bot.sandbox.job import Origin

_PASSING = re.compile(r"\d+|\s+")  # what differs between two reports of the same failure


@dataclass(frozen=True, slots=True)
class Failure:
    """One thing that was found wrong, told so that an author can mend it.

    Attributes:
        check: stable identifier of the check or rule: 'convert.inner_ranges'.
        claim: what should hold, in one line.
        expected, measured: the limit and the value, each with its unit; may be empty.
        method: how it was measured.
        detail: what to do, and the relevant lines of the log.
    """

    check: str
    claim: str
    expected: str = ""
    measured: str = ""
    method: str = ""
    detail: str = ""

    @property
    def line(self) -> str:
        """Return the failure in one line for people."""
        found = f": {self.measured}, wanted {self.expected}" if self.measured else ""
        first = (self.detail.strip().splitlines() or [""])[0]
        telling = "" if self.measured not in ("", "no") or not first else f". {first}"
        found = "" if self.measured == "no" else found
        claim = self.claim.rstrip(".") if found or telling else self.claim
        return f"{self.check}: {claim}{found}{telling}"

    @property
    def signature(self) -> str:
        """Return what two failures of the same kind have in common: no numbers, no line breaks."""
        return _PASSING.sub(" ", f"{self.check} {self.detail[:400]}")


@dataclass(frozen=True, slots=True)
class Tried:
    """An attempt at a stage that did not do.

    Attributes:
        author: who made it, as attributed.
        files: what it wrote, by path; empty where nothing could be used.
        failures: what was found wrong, at least one.
        usage: what the language model's calls for it took.
    """

    author: str
    files: Mapping[str, str]
    failures: tuple[Failure, ...]
    usage: tuple[Usage, ...] = ()

    @property
    def signatures(self) -> frozenset[str]:
        """Return what its failures are about."""
        return frozenset(failure.signature for failure in self.failures)


@dataclass(frozen=True, slots=True)
class Written:
    """The files of a stage, and where they come from.

    Attributes:
        files: by path relative to the project folder, whole texts.
        author: the name under which they are attributed: a template's or a model's.
        origin: whose code it is, which decides what sandbox it needs.
        usage: what the language model's calls took; empty where there were none.
        notes: what the author says about them, one or two sentences; may be empty.
    """

    files: Mapping[str, str]
    author: str
    origin: Origin
    usage: tuple[Usage, ...] = ()
    notes: str = field(default="", compare=False)


class Author(Protocol):
    """Writes whole files for one stage at a time."""

    @property
    def name(self) -> str:
        """Return who it is, for people."""

    @property
    def learns(self) -> bool:
        """Say whether telling it what failed can change what it writes."""

    def write(
        self, stage: Stage, facts: Facts, tried: Sequence[Tried] = (), candidate: int = 0
    ) -> Written | Tried:
        """Return the stage's files, or why there are none that could be used.

        Args:
            stage: whose files are wanted.
            facts: all that they must agree with.
            tried: what it wrote for this stage before, in order, and what was wrong with it.
            candidate: counts several attempts that are made side by side, from 0.

        Raises:
            LanguageModelError: no model could be reached, or no budget is left.
        """
