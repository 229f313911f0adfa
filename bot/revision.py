"""Revision: a project that stands on a branch is changed where a reviewer found it wanting.

The files of the branch are where it begins, whoever wrote them. Stages before the first one that a
reviewer speaks of are only checked; those after it are written anew only where they no longer fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.authors.author import Failure, Tried, Written
from bot.disk import disk_watched
from bot.evidence import Stage
from bot.goal import Goal
from bot.pipeline import (
    DEFAULT_SEED,
    Authors,
    Runner,
    choose,
    disclose,
    given_files,
    mend,
    open_runner,
    prepared,
    why_stopped,
)
from bot.plan import ModelSize, Plan
from bot.progress import Progress
from bot.proposal import Asked, Proposal
from bot.publication import Attempt, Step, assemble
from bot.records import Records
from bot.sandbox.job import Sandbox
from bot.scratch import sole_user, sweep
from bot.size import Size
from bot.stages.stage_result import Context, StageResult
from bot.workspace import AUTHORED_PATHS
from bot.writing import Done


@dataclass(frozen=True, slots=True)
class Standing:
    """A project as it stands, and what is found wanting.

    Attributes:
        files: of each stage; a stage whose files are gone is absent, and is written anew.
        wanting: what reviewers ask for, by stage.
        network: name of the network's size that `train.py` builds; empty where it is not known.
        networks: how many networks the held-out set has judged so far.
    """

    files: Mapping[Stage, Written]
    wanting: Mapping[Stage, Sequence[Failure]] = field(default_factory=dict)
    network: str = ""
    networks: int = 1


@dataclass(frozen=True, slots=True)
class Change:
    """What a stage came to in a revision.

    Attributes:
        before, after: its files; equal where nothing was changed.
        notes: what the author says about them.
        failures: why the author's files were not taken; empty where they were.
    """

    before: Mapping[str, str]
    after: Mapping[str, str]
    notes: str = ""
    failures: tuple[Failure, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the files that differ."""
        return tuple(p for p in self.after if self.after[p] != self.before.get(p))


@dataclass(frozen=True, slots=True)
class Revised:
    """A proposal, and what came of each stage that was reached."""

    proposal: Proposal
    changes: Mapping[Stage, Change]
    replaced: Mapping[str, bytes]  # files that nobody but Boardwright writes, as they must be


def revise_stages(
    goal: Goal,
    records: Records,
    standing: Standing,
    *,
    workdir: Path,
    authors: Authors,
    progress: Progress,
    sandbox: Sandbox,
    seed: int = DEFAULT_SEED,
    asked: Sequence[Asked] = (),
    size: Size = Size.USUAL,
) -> Revised:
    """Check a project that stands, with what reviewers ask for done where that holds.

    What an author changes is taken only where its checks find nothing; else the stage stays as it
    was. Interrupted, it goes on as `run_stages` does.

    Raises:
        RequestError, Infrastructure: as `run_stages`.
    """
    sweep()
    with disk_watched(workdir), sole_user(workdir):
        runner = open_runner(replace(authors, fallback=None), workdir, progress)
        runner.desk.asked.extend(asked)
        context = prepared(goal, records, runner, seed, sandbox, size)
        context = replace(context, size=_size(context.plan, standing.network))
        steps, changes, reached = _through(runner, context, standing)
        attempts = [Attempt(reached, steps)]
        changed = {stage for stage, change in changes.items() if change.paths}
        if changed and len(steps) == len(Stage):
            before = [s for s in Stage if _order(s) < min(map(_order, changed))]
            mend(runner, attempts, never=(*before, *standing.wanting))
        best = choose(attempts)
        runner.journal.keep(runner.steps)
        judged = standing.networks + (len(attempts) if changed - {Stage.FIRMWARE} else 0)
        evidence = (*best.evidence, *disclose(judged), *why_stopped(runner, best))
        made = assemble(
            best, evidence=evidence, records=records, tried=(), asked=tuple(runner.desk.asked)
        )
    files = {**_left(standing, best), **made.files}
    given = given_files(goal, context.plan)
    return Revised(replace(made, files=dict(sorted(files.items()))), changes, given)


def _through(
    runner: Runner, context: Context, standing: Standing
) -> tuple[list[Step], dict[Stage, Change], Context]:
    """Go through all stages in order, until one leaves nothing to go on with."""
    steps: list[Step] = []
    changes: dict[Stage, Change] = {}
    for stage in Stage:
        runner.progress.stage_started(stage)
        earlier = any(change.paths for change in changes.values())
        done, changes[stage] = _stage(runner, stage, context, standing, earlier)
        if isinstance(done, StageResult):
            steps.append(Step(done))
            runner.progress.stage_finished(stage, done.evidence, 0.0, resumed=False)
            break
        steps.append(Step(done.result, done))
        ran = done.ran
        runner.progress.stage_finished(stage, done.result.evidence, ran.seconds, ran.resumed)
        context = done.context
        if not done.result.usable:
            break
        context = replace(context, made={**context.made, **done.result.made})
    return steps, changes, context


def _stage(
    runner: Runner, stage: Stage, context: Context, standing: Standing, earlier: bool
) -> tuple[Done | StageResult, Change]:
    """Return a stage as it is left, and what changed in it."""
    desk, own = runner.desk, standing.files.get(stage)
    able = desk.author.learns and not desk.stopped
    if own is None:
        done = desk.produce(stage, context)
        return done, _change({}, done)
    wanting = tuple(standing.wanting.get(stage, ()))
    if able and wanting:
        done = desk.produce(stage, context, [Tried(own.author, own.files, wanting)])
        change = _change(own.files, done)
        if not change.failures:
            return done, change
        return desk.keep(stage, context, own), replace(change, after=own.files)
    if able and earlier:
        done = desk.produce(stage, context, carried=own)
        if isinstance(done, Done):
            return done, replace(_change(own.files, done), failures=())
    return desk.keep(stage, context, own), Change(own.files, own.files)


def _change(before: Mapping[str, str], done: Done | StageResult) -> Change:
    if isinstance(done, StageResult):
        said = tuple(Failure(e.check, e.claim, detail=e.detail) for e in done.evidence)
        return Change(before, before, failures=said)
    return Change(before, done.written.files, done.written.notes, done.failures)


def _size(plan: Plan, network: str) -> ModelSize:
    return next((size for size in plan.sizes if size.name == network), plan.first)


def _left(standing: Standing, best: Attempt) -> dict[str, bytes]:
    """Return the files of stages that could not be run: a person's work is not thrown away."""
    return {
        path: written.files[path].encode()
        for stage, written in standing.files.items()
        for path in AUTHORED_PATHS[stage]
        if path not in best.context.workspace.files
    }


def _order(stage: Stage) -> int:
    return list(Stage).index(stage)
