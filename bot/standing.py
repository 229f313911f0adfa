"""Standing: a project as it stands on a branch, what is found wanting in it, and what changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bot.authors.author import Failure, Written
from bot.evidence import Stage
from bot.size import Size


@dataclass(frozen=True, slots=True)
class Standing:
    """A project as it stands, and what is found wanting.

    Attributes:
        files: of each stage; a stage whose files are gone is absent, and is written anew.
        wanting: what reviewers ask for, by stage.
        network: name of the network's size that `train.py` builds; empty where it is not known.
        networks: how many networks the held-out set has judged so far.
        size: the network that reviewers ask for, where they ask the templates for another one.
    """

    files: Mapping[Stage, Written]
    wanting: Mapping[Stage, Sequence[Failure]] = field(default_factory=dict)
    network: str = ""
    networks: int = 1
    size: Size = Size.USUAL


@dataclass(frozen=True, slots=True)
class Change:
    """What a stage came to in a revision.

    Attributes:
        before, after: its files; equal where nothing was changed.
        notes: what is said about them, by the author or about what was tried.
        failures: why the author's files were not taken; empty where they were.
        measured: what the boards measured before and with it, one line each.
    """

    before: Mapping[str, str]
    after: Mapping[str, str]
    notes: str = ""
    failures: tuple[Failure, ...] = ()
    measured: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the files that differ."""
        return tuple(p for p in self.after if self.after[p] != self.before.get(p))
