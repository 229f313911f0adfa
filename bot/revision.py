"""Revision: a project that stands on a branch is changed where a reviewer found it wanting.

The files of the branch are where it begins, whoever wrote them. Stages before the first one that a
reviewer speaks of are only checked; those after it are written anew only where they no longer fit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bot.authors.author import Failure, Tried
from bot.disk import disk_watched
from bot.evidence import Stage
from bot.goal import Goal
from bot.ladder import describe, missed
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
from bot.plan import ModelSize, ladder_of
from bot.progress import Progress
from bot.proposal import Asked, Proposal
from bot.publication import Attempt, Step, assemble
from bot.records import Records
from bot.repair import failure_of
from bot.sandbox.job import Origin, Sandbox
from bot.scratch import sole_user, sweep
from bot.size import Size
from bot.stages import firmware
from bot.stages.stage_result import Context, StageResult
from bot.standing import Change, Standing
from bot.workspace import AUTHORED_PATHS
from bot.writing import Done

NOT_OURS = (
    "The network is no longer the templates' own: `train.py` was changed on this branch, and is "
    "kept as it is."
)
NO_OTHER = "There is none that is {size}: the templates know none beyond the {name} one."
INSTEAD = (
    "The {new.name} network, {new.parameters:,} parameters, was built and measured in place of the "
    "{old.name} one, {old.parameters:,} parameters."
)

_FIGURES = (".accuracy", ".flash", ".ram", ".instructions")


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
        size_now = _size(context, standing.network)
        steps, changes, reached = _through(runner, context, standing, size_now)
        now = Attempt(reached, steps)
        attempts = [now]
        tried: list[Attempt] = []
        if standing.size is not Size.USUAL:
            changes[Stage.TRAIN], tried = _resized(runner, context, standing, now)
            attempts = tried[-1:] if changes[Stage.TRAIN].paths else attempts
        changed = {stage for stage, change in changes.items() if change.paths}
        if changed and len(steps) == len(Stage):
            before = [s for s in Stage if _order(s) < min(map(_order, changed))]
            mend(runner, attempts, never=(*before, *standing.wanting))
        best = choose(attempts)
        runner.journal.keep(runner.steps)
        others = tried or (attempts if changed - {Stage.FIRMWARE} else [])
        judged = standing.networks + len(others)
        evidence = (*best.evidence, *disclose(judged), *why_stopped(runner, best))
        made = assemble(
            best,
            evidence=evidence,
            records=records,
            tried=tuple(describe(a.context.size, a.evidence) for a in (now, *tried) if tried),
            asked=tuple(runner.desk.asked),
        )
    files = {**_left(standing, best), **made.files}
    given = given_files(goal, context.plan)
    return Revised(replace(made, files=dict(sorted(files.items()))), changes, given)


def _through(
    runner: Runner, context: Context, standing: Standing, size: ModelSize, anew: bool = False
) -> tuple[list[Step], dict[Stage, Change], Context]:
    """Go through all stages in order, until one leaves nothing to go on with.

    Args:
        runner, context, standing: what there is.
        size: of the network, from its training on; what comes before is the same for all.
        anew: whether `train.py` is written for that size, whatever stands.
    """
    steps: list[Step] = []
    changes: dict[Stage, Change] = {}
    for stage in Stage:
        runner.progress.stage_started(stage)
        earlier = any(change.paths for change in changes.values())
        if stage is Stage.TRAIN:
            context = replace(context, size=size)
        if anew and stage is Stage.TRAIN:
            done = runner.desk.produce(stage, context)
            changes[stage] = _change(standing.files[stage].files, done)
        else:
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


def _resized(
    runner: Runner, context: Context, standing: Standing, now: Attempt
) -> tuple[Change, list[Attempt]]:
    """Let the templates write the next network in the direction that is asked for.

    It is taken where it misses nothing that the one that stands meets.

    Returns:
        what comes of `train.py`, and what was tried.
    """
    own = standing.files.get(Stage.TRAIN)
    if own is None or own.origin is not Origin.TEMPLATE:
        files = own.files if own else {}
        return Change(files, files, NOT_OURS), []
    ladder = ladder_of(context.plan, context.goal)
    place = ladder.index(now.context.size) + (1 if standing.size is Size.LARGER else -1)
    if not 0 <= place < len(ladder):
        said = NO_OTHER.format(size=standing.size.value, name=now.context.size.name)
        return Change(own.files, own.files, said), []
    size = ladder[place]
    said = INSTEAD.format(new=size, old=now.context.size)
    runner.progress.note(said)
    steps, changes, reached = _through(runner, context, standing, size, anew=True)
    other = Attempt(reached, steps)
    held = {e.check for e in now.evidence if e not in missed(now.evidence)}
    against = tuple(failure_of(e) for e in missed(other.evidence) if e.check in held)
    change = replace(changes[Stage.TRAIN], notes=said, measured=_compared(now, other))
    if against or len(steps) < len(now.steps):
        return replace(change, after=own.files, failures=against), [other]
    return replace(change, failures=()), [other]


def _compared(now: Attempt, other: Attempt) -> tuple[str, ...]:
    """Say what the boards measured of each, the one that stands first."""
    before = {e.check: e.value for e in now.evidence}
    boards = {e.check.split(".")[1] for e in other.evidence if e.check.endswith(_FIGURES)}
    shown = [f"firmware.{name}." for name in boards - {firmware.HOST} or boards]
    return tuple(
        f"{e.claim}: {before[e.check]:,} → {e.value:,} {e.unit}"
        for e in other.evidence
        if e.check.endswith(_FIGURES)
        and e.check.startswith(tuple(shown))
        and isinstance(e.value, int | float)
        and isinstance(before.get(e.check), int | float)
    )


def _size(context: Context, network: str) -> ModelSize:
    """Return the size of a name, else what the plan begins with."""
    known = {size.name: size for size in ladder_of(context.plan, context.goal)}
    return known.get(network, context.plan.first)


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
