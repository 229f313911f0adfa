"""Progress: the checklist of the comment, from what a working process tells."""

from __future__ import annotations

from bot.evidence import Stage
from bot.rendering.live import Live, StageLine
from bot.work.told import Cost, Finished, Noted, Started, Told

_NOTES = 5
WAITING, RUNNING, DONE, MISSED, UNPROVEN = "waiting", "running", "done", "missed", "unproven"


def fresh_stages() -> tuple[StageLine, ...]:
    """Return the checklist before anything was done."""
    return tuple(StageLine(name=stage.value, state=WAITING) for stage in Stage)


def heard(live: Live, told: Told) -> Live:
    """Return the comment after a process told something."""
    match told:
        case Started(stage=stage):
            return _with(live, StageLine(name=stage.value, state=RUNNING))
        case Finished():
            return _with(live, _finished(told))
        case Noted(text=text):
            return live.model_copy(update={"notes": (*live.notes, text)[-_NOTES:]})
        case Cost():
            return live.model_copy(update={"cost": cost(told)})


def cost(told: Cost) -> str:
    """Return what language models took, in one line; empty where none was asked."""
    if told.calls == 0:
        return ""
    calls = "1 call" if told.calls == 1 else f"{told.calls:,} calls"
    money = "price not known" if told.usd is None else f"${told.usd:.2f}"
    return f"{calls}, {told.tokens:,} tokens, {money}"


def at_rest(live: Live) -> Live:
    """Return the comment after work ended: nothing runs any more."""
    stages = tuple(
        line.model_copy(update={"state": WAITING}) if line.state == RUNNING else line
        for line in live.stages
    )
    return live.model_copy(update={"stages": stages})


def _finished(told: Finished) -> StageLine:
    state = MISSED if told.missed else UNPROVEN if told.unproven else DONE
    return StageLine(
        name=told.stage.value,
        state=state,
        checks=told.checks,
        missed=told.missed,
        unproven=told.unproven,
        seconds=told.seconds,
        resumed=told.resumed,
    )


def _with(live: Live, line: StageLine) -> Live:
    stages = live.stages or fresh_stages()
    return live.model_copy(
        update={"stages": tuple(line if old.name == line.name else old for old in stages)}
    )
