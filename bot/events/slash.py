"""Commands in comments: what stands behind `/boardwright` at the very start of a comment."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

PREFIX = "/boardwright"
_START = re.compile(rf"{PREFIX}(?=\s|\Z)", re.IGNORECASE)

HELP: Mapping[str, str] = MappingProxyType(
    {
        "build": "start work on this issue, as the label does",
        "plan": "show the plan; `plan smaller` or `plan larger` asks for another network",
        "approve": "build what the plan says",
        "revise TEXT": "change the pull request as the text says",
        "measure BOARD": "measure on this board too",
        "status": "say where the work stands",
        "cancel": "stop the work; what was published stays",
        "retry": "try again what failed or was cancelled",
        "help": "list the commands",
    }
)
"""What each command does, in one line of Markdown, by how it is written."""


class PlanWish(Enum):
    """What is wanted of the plan."""

    SHOW = "show"
    SMALLER = "smaller"
    LARGER = "larger"


@dataclass(frozen=True, slots=True)
class Build:
    """Start work."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Show the plan, or plan another network."""

    wish: PlanWish


@dataclass(frozen=True, slots=True)
class Approve:
    """Build what the plan says."""


@dataclass(frozen=True, slots=True)
class Revise:
    """Change the pull request; `text` is a person's words, never empty."""

    text: str


@dataclass(frozen=True, slots=True)
class Measure:
    """Measure on a board; `board` is whatever was written."""

    board: str


@dataclass(frozen=True, slots=True)
class Status:
    """Say where the work stands."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Stop the work."""


@dataclass(frozen=True, slots=True)
class Retry:
    """Try again."""


@dataclass(frozen=True, slots=True)
class Help:
    """List the commands."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """No command: what was said instead, shortened, and the nearest of `HELP`."""

    said: str
    nearest: str


Command = Build | Plan | Approve | Revise | Measure | Status | Cancel | Retry | Help | Unknown

_ALONE: Mapping[str, Callable[[], Command]] = {
    "build": Build,
    "approve": Approve,
    "status": Status,
    "cancel": Cancel,
    "retry": Retry,
    "help": Help,
}


def is_command(comment: str) -> bool:
    """Say whether a comment begins with `/boardwright`, nothing before it and a space behind it."""
    return _START.match(comment) is not None


def parse(comment: str) -> Command:
    """Read the command of a comment for which `is_command` holds.

    The command is the first line; only `revise` goes on to the comment's end. Whatever more stands
    on the line makes it unknown, so that nothing happens that may not be meant.
    """
    said = comment[len(PREFIX) :].lstrip(" \t")
    line, _, below = said.partition("\n")
    words = line.split()
    if not words:
        return Help()
    verb = words[0].lower()
    if verb == "revise":
        text = f"{line.strip()[len(verb) :]}\n{below}".strip()
        return Revise(text) if text else _unknown(line)
    if verb == "measure" and len(words) == 2:
        return Measure(words[1])
    if verb == "plan" and len(words) <= 2:
        wish = words[1].lower() if len(words) == 2 else PlanWish.SHOW.value
        if wish in (known.value for known in PlanWish):
            return Plan(PlanWish(wish))
    if verb in _ALONE and len(words) == 1:
        return _ALONE[verb]()
    return _unknown(line)


def _unknown(line: str) -> Unknown:
    verb = line.split(maxsplit=1)[0].lower()[:40]
    by_verb = {usage.split()[0]: usage for usage in HELP}
    near = difflib.get_close_matches(verb, by_verb, n=1, cutoff=0.5)
    return Unknown(" ".join(line.split())[:100], by_verb[near[0]] if near else "help")
