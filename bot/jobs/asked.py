"""Asked: what a command asks of a job."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from bot.events import slash
from bot.jobs.messages import Verb

_PLAIN: Mapping[slash.Command, Verb] = MappingProxyType(
    {
        slash.Build(): Verb.BUILD,
        slash.Approve(): Verb.APPROVE,
        slash.Cancel(): Verb.CANCEL,
        slash.Retry(): Verb.RETRY,
        slash.Plan(slash.PlanWish.SMALLER): Verb.SMALLER,
        slash.Plan(slash.PlanWish.LARGER): Verb.LARGER,
    }
)
STARTERS = frozenset({Verb.BUILD, Verb.RETRY, Verb.REVISE, Verb.MEASURE, Verb.SMALLER, Verb.LARGER})
"""What can be asked where no job lives."""


def asked(command: slash.Command) -> tuple[Verb, str] | None:
    """Return what a command asks of a job, and what stands behind the verb.

    None where it can be answered without a job.
    """
    match command:
        case slash.Revise(text=text):
            return Verb.REVISE, text
        case slash.Measure(board=board):
            return Verb.MEASURE, board
    verb = _PLAIN.get(command)
    return None if verb is None else (verb, "")
