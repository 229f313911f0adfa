"""Planning: understand a request, decide, see whether it is possible, and say so; train nothing."""

from __future__ import annotations

from pathlib import Path

from bot import doctor
from bot.errors import RequestError
from bot.feasibility import refuse_impossible
from bot.pipeline import DEFAULT_SEED
from bot.plan import Plan, make_plan, resized
from bot.questions import Asker, Questions
from bot.rendering.plan import plan_text, understood_text
from bot.size import Size
from bot.split import Split, split
from bot.understand import Understood
from bot.work.desk import asking, begin
from bot.work.outcome import Asking, Planned
from bot.work.telling import Teller
from hardware_runner.boards import BOARDS


def plan(folder: Path, teller: Teller) -> Asking | Planned:
    """Return the plan for what is wanted, or the questions that must be answered first.

    Raises:
        RequestError, Infrastructure: what the rooms raise.
    """
    begun = begin(folder, teller)
    understood = begun.understood
    if isinstance(understood, Questions):
        return asking(understood)
    goal = understood.goal
    doctor.require([BOARDS[name] for name in goal.boards])
    asker = Asker()
    try:
        sides, decided = _decided(understood, begun.wanted.size)
    except RequestError as error:
        asker.ask(error.field, error.problem, error.cure, "")
        return asking(Questions(tuple(asker.questions)))
    return Planned(
        name=goal.name,
        title=goal.title,
        understood=understood_text(goal, sides),
        plan=plan_text(goal, decided, begun.authorship, begun.settings.budget),
        boards=goal.boards,
    )


def _decided(understood: Understood, size: Size) -> tuple[Split, Plan]:
    """Return what is held out and the plan, of which something at least is possible."""
    goal = understood.goal
    sides = split(understood.records, goal.labels, DEFAULT_SEED)
    decided = resized(make_plan(goal, sides.train, DEFAULT_SEED), goal, size)
    refuse_impossible(goal, decided)
    return sides, decided
