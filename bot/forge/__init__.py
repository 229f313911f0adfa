"""Where proposals are published: what every forge shares."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from bot.proposal import Proposal

_KEY = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")


@dataclass(frozen=True, slots=True)
class Origin:
    """The request that a proposal answers, as far as a forge must know it.

    `key` stays the same when the same request is made again; it names the branch and stands in the
    hidden marker. `number` is that of an issue, where there is one.
    """

    key: str
    number: int | None = None

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise ValueError(
                "key must be 1 to 60 of a-z, 0-9, '-' and begin with a letter or digit"
            )

    @property
    def branch(self) -> str:
        """Return the name of the branch that holds the proposal."""
        return f"boardwright/{self.key}"


@dataclass(frozen=True, slots=True)
class Published:
    """Where a proposal went.

    `adopted` is true where the branch held these very files already and no commit was made.
    """

    branch: str
    commit: str
    body_path: Path
    comment_paths: tuple[Path, ...]
    adopted: bool
    draft: bool


class Forge(Protocol):
    """A place that holds branches, pull requests and comments."""

    def publish(self, proposal: Proposal, origin: Origin) -> Published:
        """Publish a proposal, or bring the one published before for the same origin up to date.

        Raises:
            RequestError: somebody else's work is in the way; the message says what to do.
            Infrastructure: the forge cannot be written; the message names the cure.
        """
