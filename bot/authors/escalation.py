"""Escalation: what is changed from one try to the next, so that no prompt is sent twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bot.authors.author import Tried
from bot.llm.language_model import Tier


class Example(Enum):
    """Which worked example a prompt shows."""

    ANOTHER = "another"  # the same kind of task with other data: an example, not the answer
    WITH_FACTS = "with-facts"  # with the facts at hand filled in


@dataclass(frozen=True, slots=True)
class Step:
    """How the next try is made.

    Attributes:
        tier: which model is asked.
        example: which worked example it sees.
        small: ask for one small change: one file, and in it the one function at fault.
        why: what changed against the try before, for people; empty for the first.
    """

    tier: Tier
    example: Example
    small: bool
    why: str = ""


def next_step(first: Tier, tried: Sequence[Tried]) -> Step:
    """Return how to go on after what was tried.

    The first repair goes to the strong model, the second also sees the worked example filled in,
    the third makes a small step. The same failure twice skips one of these.
    """
    level = len(tried)
    repeated = len(tried) > 1 and bool(tried[-1].signatures & tried[-2].signatures)
    if repeated:
        level += 1
    if level == 0:
        return Step(first, Example.ANOTHER, small=False)
    if level == 1:
        why = "the strong model" if first is not Tier.STRONG else "the same model, told what failed"
        return Step(Tier.STRONG, Example.ANOTHER, small=False, why=why)
    again = "the same failure again: " if repeated else ""
    small = level > 2 and bool(tried[-1].files)
    why = "the worked example with the facts filled in" + (", one small step" if small else "")
    return Step(Tier.STRONG, Example.WITH_FACTS, small=small, why=again + why)
