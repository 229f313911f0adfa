"""The journey: from the file that holds a request to a published proposal, or to the questions."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot import doctor
from bot.authorship import Wishes, settle
from bot.forge import Origin, Published
from bot.forge.local import OURS, LocalForge
from bot.llm.settings import find_settings, read_settings
from bot.naming import slug
from bot.pipeline import DEFAULT_SEED, run_stages
from bot.progress import Progress
from bot.proposal import Proposal
from bot.questions import Questions
from bot.request import read_request
from bot.understand import understand
from hardware_runner.boards import BOARDS, find_board

NO_WISHES = Wishes()


@dataclass(frozen=True, slots=True)
class Arrived:
    """A journey that came to its end."""

    proposal: Proposal
    published: Published


def travel(
    issue: Path,
    into: Path,
    progress: Progress,
    *,
    boards: Sequence[str] = (),
    seed: int = DEFAULT_SEED,
    fresh: bool = False,
    wishes: Wishes = NO_WISHES,
) -> Arrived | Questions:
    """Read, understand, make and publish what a file asks for.

    Interrupted at any point, it goes on from there when it is called again with the same arguments.

    Args:
        issue: markdown file with the request; paths in it are relative to its folder.
        into: git repository that the proposal is published to; a new folder becomes one.
        progress: is told what happens.
        boards: names or aliases that stand in for the boards of the request.
        seed: of the split and of the training.
        fresh: forget what an interrupted run left.
        wishes: who shall write, and what that may cost.

    Raises:
        RequestError, Infrastructure, UnknownBoard: what the rooms raise.
    """
    request = read_request(issue)
    instead = tuple(dict.fromkeys(find_board(name).name for name in boards))
    origin = Origin(slug(issue.stem))
    forge = LocalForge(into)
    # Keys begin with a letter, so no folder of a proposal can have this name.
    workdir = into / OURS / ".work" / origin.key
    if fresh:
        shutil.rmtree(workdir, ignore_errors=True)
    starts = (Path.cwd(), request.base_dir)
    authorship = settle(wishes, starts, workdir, progress, forge.check)
    sandbox = authorship.sandbox()
    understood = understand(
        request,
        request.base_dir,
        instead=instead,
        read=authorship.read,
        allowed_hosts=read_settings(find_settings(*starts)).data.allowed_hosts,
    )
    if isinstance(understood, Questions):
        return understood
    goal = understood.goal
    progress.note(
        f"{goal.title}: {goal.task.value}, {len(understood.records.labels):,} records of "
        f"{len(goal.labels)} classes from {goal.data.uri}, on {', '.join(goal.boards)}"
    )
    forge.check()
    doctor.require([BOARDS[name] for name in goal.boards])
    proposal = run_stages(
        goal,
        understood.records,
        workdir=workdir,
        author=authorship.authors(goal.task),
        progress=progress,
        seed=seed,
        sandbox=sandbox,
        asked=authorship.asked,
    )
    if authorship.model is not None:
        authorship.model.forget_others()
    return Arrived(proposal, forge.publish(proposal, origin))
