"""Answering: what each remark of a review is told, from what its stages came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from bot.evidence import Outcome, Stage
from bot.rendering.text import Markdown, inline
from bot.rendering.verdict import judge
from bot.revision import Revised
from bot.standing import Change
from bot.work.job import Remark
from bot.work.outcome import Answered
from bot.work.remarks import Sorted, told

_FAILURES_SHOWN = 4


def answered(remarks: Sequence[Remark], decided: Sorted, revised: Revised) -> tuple[Answered, ...]:
    """Return an answer to each remark, in order."""
    return tuple(
        Answered(thread=remark.thread, text=decided.answers[index], settled=False)
        if index in decided.answers
        else _about(remark, decided.stages.get(index, ()), revised)
        for index, remark in enumerate(remarks)
    )


def _about(remark: Remark, stages: Sequence[Stage], revised: Revised) -> Answered:
    changes = {stage: revised.changes.get(stage) for stage in stages}
    settled = all(change and change.paths and not change.failures for change in changes.values())
    parts = [part for stage, change in changes.items() for part in _said(stage, change, revised)]
    parts.append(f"The whole project: {judge(revised.proposal).line}")
    return Answered(thread=remark.thread, text=Markdown("\n\n".join(parts)), settled=settled)


def _said(stage: Stage, change: Change | None, revised: Revised) -> Iterator[str]:
    if change is None:
        yield f"The {stage.value} stage was not reached: an earlier stage failed its checks."
        return
    if change.failures:
        yield (
            f"Not done: what was written for the {stage.value} stage does not hold, so "
            f"{told(tuple(change.after))} stays as it was. Found wanting in the last try:"
        )
        yield "\n".join(f"- {inline(f.line, 400)}" for f in change.failures[:_FAILURES_SHOWN])
    elif change.paths:
        yield f"Changed {told(change.paths)}. {_checks(stage, revised)}"
    else:
        yield f"Left as it is: {told(tuple(change.after))}."
    if change.notes:
        yield f"> {inline(change.notes, 800)}"
    if change.measured:
        yield "\n".join(f"- {inline(line, 200)}" for line in change.measured)


def _checks(stage: Stage, revised: Revised) -> str:
    found = [e for e in revised.proposal.evidence if e.stage is stage]
    held = sum(e.outcome is Outcome.PASS for e in found)
    if held == len(found):
        return f"All {held} checks of the {stage.value} stage hold."
    return f"Of the {len(found)} checks of the {stage.value} stage, {held} hold."
