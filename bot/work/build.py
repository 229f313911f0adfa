"""Building: run the pipeline and leave a publication."""

from __future__ import annotations

from pathlib import Path

from bot import doctor
from bot.forge import Origin
from bot.pipeline import run_stages
from bot.proposal import Proposal
from bot.questions import Questions
from bot.rendering.publication import render
from bot.understand import Understood
from bot.work.built import built
from bot.work.desk import WORKDIR, Begun, asking, begin
from bot.work.folder import leave_publication
from bot.work.job import Wanted
from bot.work.outcome import Answered, Asking, Built
from bot.work.record import remember
from bot.work.telling import Teller
from hardware_runner.boards import BOARDS


def build(folder: Path, teller: Teller) -> Asking | Built:
    """Make the proposal, render it into `publication/`, and return what came of it.

    Raises:
        RequestError, Infrastructure: what the rooms raise.
    """
    begun = begin(folder, teller)
    if isinstance(begun.understood, Questions):
        return asking(begun.understood)
    proposal = _made(begun, begun.understood, folder, teller)
    return published(folder, begun.wanted, proposal)


def published(
    folder: Path, wanted: Wanted, proposal: Proposal, answers: tuple[Answered, ...] = ()
) -> Built:
    """Leave a proposal in the job's folder and return what the service is told of it."""
    publication = render(proposal, Origin(wanted.key, wanted.number))
    leave_publication(folder, publication)
    remember(folder / WORKDIR, proposal)
    return built(proposal, publication, answers)


def _made(begun: Begun, understood: Understood, folder: Path, teller: Teller) -> Proposal:
    goal, records = understood.goal, understood.records
    doctor.require([BOARDS[name] for name in goal.boards])
    return run_stages(
        goal,
        records,
        workdir=folder / WORKDIR,
        author=begun.authorship.authors(goal.task),
        progress=teller,
        sandbox=begun.authorship.sandbox(),
        asked=begun.authorship.asked,
        size=begun.wanted.size,
    )
