"""The pipeline: five stages, each written, checked and kept; another size if a limit is missed."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from bot.authors.author import Author, Tried, Written
from bot.disk import disk_watched, refuse_full_disk
from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.feasibility import refuse_impossible
from bot.goal import Goal
from bot.inspection import inspect_files
from bot.journal import Journal, step_key
from bot.ladder import describe, missed, next_size
from bot.plan import ModelSize, Plan, make_plan, resized
from bot.progress import Progress
from bot.proposal import Asked, Proposal
from bot.publication import Attempt, Step, assemble
from bot.records import Records, digest
from bot.repair import blamed
from bot.sandbox.job import Origin, Sandbox
from bot.sandbox.process import ProcessSandbox
from bot.scratch import sole_user, sweep
from bot.size import Size
from bot.split import split
from bot.stages import convert, data, features, firmware, train
from bot.stages.goal_header import goal_header, goal_toml
from bot.stages.stage_result import Context, StageResult, unmeasured
from bot.tools import fingerprint
from bot.workspace import Workspace
from bot.writing import MAX_REPAIRS, Desk, Inspect, Ran

DEFAULT_SEED = 1

RUNS: Mapping[Stage, Callable[[Context], StageResult]] = {
    Stage.DATA: data.run,
    Stage.FEATURES: features.run,
    Stage.TRAIN: train.run,
    Stage.CONVERT: convert.run,
    Stage.FIRMWARE: firmware.run,
}
SHARED_STAGES = (Stage.DATA, Stage.FEATURES)
SIZE_STAGES = (Stage.TRAIN, Stage.CONVERT, Stage.FIRMWARE)


@dataclass(frozen=True, slots=True)
class Authors:
    """Who writes a project.

    Attributes:
        first: writes every stage, and is told what failed where it learns.
        fallback: writes a stage where all repairs of the first one failed; None for nobody.
        max_repairs: of one stage.
        candidates: how many firmware files are written side by side at first.
        inspect: finds what may not run at all; shipped templates are not looked at.
    """

    first: Author
    fallback: Author | None = None
    max_repairs: int = MAX_REPAIRS
    candidates: int = 1
    inspect: Inspect = inspect_files


@dataclass(frozen=True, slots=True)
class Runner:
    """What stays the same over all steps of a run.

    Attributes:
        steps: the keys of all of them, by which the journal keeps their results.
    """

    desk: Desk
    journal: Journal
    progress: Progress
    workdir: Path
    steps: set[str] = field(default_factory=set)


def run_stages(
    goal: Goal,
    records: Records,
    *,
    workdir: Path,
    author: Author | Authors,
    progress: Progress,
    seed: int = DEFAULT_SEED,
    sandbox: Sandbox | None = None,
    asked: Sequence[Asked] = (),
    size: Size = Size.USUAL,
) -> Proposal:
    """Make a project from a goal and its records, with evidence for every claim.

    A run that was interrupted, at whatever point, goes on after its last finished stage when it is
    started again with the same arguments, and leads to the same proposal.

    Args:
        goal: the validated request.
        records: every record of the source; they are split here.
        workdir: where finished stages are kept; nothing else may write there.
        author: writes the stages' files; `Authors` says who steps in for whom.
        progress: is told what happens.
        seed: of the split and of the training.
        sandbox: runs the authored code; None: plain processes, for the shipped templates only.
        asked: what a language model was asked before, to be accounted for in the proposal.
        size: of the network that is tried first.

    Raises:
        RequestError: the data cannot be split, or no model can meet the limits.
        NeedsSandboxError: the author's code may not run in this sandbox.
        Infrastructure: a tool or package is missing, a disk is full, memory ran out, or another
            process works in `workdir`.
    """
    authors = author if isinstance(author, Authors) else Authors(author)
    sweep()
    with disk_watched(workdir), sole_user(workdir):
        runner = open_runner(authors, workdir, progress)
        runner.desk.asked.extend(asked)
        context = prepared(goal, records, runner, seed, sandbox or ProcessSandbox(), size)
        return _run_stages(context, records, runner)


def open_runner(authors: Authors, workdir: Path, progress: Progress) -> Runner:
    """Return what runs steps, and keeps them below `workdir`."""
    desk = Desk(
        author=authors.first,
        fallback=authors.fallback,
        max_repairs=authors.max_repairs,
        candidates=authors.candidates,
        progress=progress,
        check=lambda stage, context: _check(runner, stage, context),
        inspect=authors.inspect,
    )
    runner = Runner(desk, Journal(workdir / "journal"), progress, workdir)
    return runner


def prepared(
    goal: Goal, records: Records, runner: Runner, seed: int, sandbox: Sandbox, size: Size
) -> Context:
    """Return what the first stage works with."""
    sides = split(records, goal.labels, seed)
    plan = resized(make_plan(goal, sides.train, seed), goal, size)
    refuse_impossible(goal, plan)
    for reason in plan.reasons:
        runner.progress.note(reason)
    return Context(
        goal=goal,
        plan=plan,
        size=plan.first,
        split=sides,
        workspace=Workspace(given_files(goal, plan)).with_files(sides.train.files("train")),
        made={},
        sandbox=sandbox,
        origin=Origin.TEMPLATE,
        progress=runner.progress,
    )


def _run_stages(context: Context, records: Records, runner: Runner) -> Proposal:
    shared, context = run_in_order(runner, context, SHARED_STAGES)
    attempts: list[Attempt] = []
    if _complete(shared, SHARED_STAGES):
        _climb(runner, context, shared, attempts)
        mend(runner, attempts)
    best = choose(attempts) if attempts else Attempt(context, shared)
    tried = [describe(a.context.size, a.evidence) + a.mended for a in attempts]
    runner.journal.keep(runner.steps)
    return assemble(
        best,
        evidence=(*best.evidence, *disclose(len(attempts)), *why_stopped(runner, best)),
        records=records,
        tried=tuple(tried) if len(attempts) > 1 or missed(best.evidence) else (),
        asked=tuple(runner.desk.asked),
    )


def given_files(goal: Goal, plan: Plan) -> dict[str, bytes]:
    """Return the files that no author writes."""
    projects = resources.files("templates") / "projects"
    return {
        "goal.toml": goal_toml(goal).encode(),
        "goal.h": goal_header(goal, plan).encode(),
        "app.h": (projects / "app.h").read_bytes(),
        "test_board.py": (projects / "test_board.py").read_bytes(),
    }


def _climb(
    runner: Runner, context: Context, shared: Sequence[Step], attempts: list[Attempt]
) -> None:
    """Try sizes, as long as what was missed says that another one may do better."""
    size: ModelSize | None = context.plan.first
    carried: dict[Stage, Written] = {}
    while size is not None and not runner.desk.stopped:
        if attempts:
            runner.progress.note(f"a limit was missed; now the {size.name} network")
        steps, reached = run_in_order(
            runner, replace(context, size=size), SIZE_STAGES, carried=carried
        )
        attempts.append(Attempt(reached, (*shared, *steps)))
        carried = _carried(runner, steps, after=Stage.TRAIN)
        tried = [attempt.context.size for attempt in attempts]
        size = next_size(context.plan.sizes, tried, attempts[-1].evidence)


def mend(runner: Runner, attempts: list[Attempt], never: Collection[Stage] = ()) -> None:
    """Let the author of the stage at fault repair it, where no other size mended what was missed.

    Bounded by the number of repairs of each stage. What comes after the stage is written anew only
    where it no longer fits.

    Args:
        runner: of this run.
        attempts: at least one; each repair adds another.
        never: stages that are left as they are.
    """
    history: dict[Stage, list[Tried]] = {}
    latest = choose(attempts)
    while runner.desk.author.learns and not runner.desk.stopped:
        at_fault = blamed(latest.evidence)
        if at_fault is None or choose(attempts).flawless:
            return
        stage, failures = at_fault
        if stage in never:
            return
        written = next((s.done.written for s in latest.steps if s.stage is stage and s.done), None)
        tried = history.setdefault(stage, [])
        if written is None or len(tried) >= runner.desk.max_repairs:
            return
        tried.append(Tried(written.author, written.files, failures))
        runner.progress.note(f"{stage.value} is repaired: {failures[0].line[:300]}")
        before = [step for step in latest.steps if _order(step.stage) < _order(stage)]
        rest = [s for s in Stage if _order(s) >= _order(stage)]
        steps, reached = run_in_order(
            runner,
            _back_to(latest.context, before),
            rest,
            carried=_carried(runner, latest.steps, after=stage),
            tried={stage: tried},
        )
        latest = Attempt(reached, (*before, *steps), f" (repair {len(tried)} of {stage.value})")
        attempts.append(latest)


def _carried(runner: Runner, steps: Sequence[Step], after: Stage) -> dict[Stage, Written]:
    """Return the files that need not be written again for another network."""
    if not runner.desk.author.learns:
        return {}
    done = [step.done for step in steps if step.done and _order(step.stage) > _order(after)]
    return {one.stage: one.written for one in done if not one.failures}


def _back_to(context: Context, steps: Sequence[Step]) -> Context:
    """Return the context as the given steps left it, with the files of the others kept as facts."""
    made = {name: content for step in steps for name, content in step.result.made.items()}
    return replace(context, made=made)


def _order(stage: Stage) -> int:
    return list(Stage).index(stage)


def choose(attempts: Sequence[Attempt]) -> Attempt:
    """Return the attempt that misses least; of equals the most accurate, and of those the first."""

    def rank(attempt: Attempt) -> tuple[int, int, float]:
        reached = [
            float(e.value)
            for e in attempt.evidence
            if e.check.endswith(".accuracy") and isinstance(e.value, int | float)
        ]
        stages = len({e.stage for e in attempt.evidence})
        return stages, -len(missed(attempt.evidence)), min(reached, default=0.0)

    return max(attempts, key=rank)


def disclose(networks: int) -> tuple[Evidence, ...]:
    """Say so where the held-out samples judged several networks, and so helped to choose."""
    if networks < 2:
        return ()
    return (
        judge(
            "train.networks",
            Stage.TRAIN,
            "Networks that the held-out set judged before one was chosen",
            networks,
            "networks",
            Relation.NONE,
            None,
            "the one that misses least is proposed; as the choice rests on the held-out samples, "
            "its figures on them are a little too good",
        ),
    )


def run_in_order(
    runner: Runner,
    context: Context,
    stages: Sequence[Stage],
    carried: Mapping[Stage, Written] = MappingProxyType({}),
    tried: Mapping[Stage, Sequence[Tried]] = MappingProxyType({}),
) -> tuple[list[Step], Context]:
    """Run stages one after the other, until one leaves nothing to go on with."""
    steps: list[Step] = []
    for stage in stages:
        runner.progress.stage_started(stage)
        done = runner.desk.produce(stage, context, tried.get(stage, ()), carried.get(stage))
        if isinstance(done, StageResult):
            steps.append(Step(done))
            runner.progress.stage_finished(stage, done.evidence, 0.0, resumed=False)
            break
        steps.append(Step(done.result, done))
        evidence, ran = done.result.evidence, done.ran
        runner.progress.stage_finished(stage, evidence, ran.seconds, ran.resumed)
        context = done.context
        if not done.result.usable or runner.desk.stopped:
            break
        context = replace(context, made={**context.made, **done.result.made})
    return steps, context


def _check(runner: Runner, stage: Stage, context: Context) -> Ran:
    """Run the checks of a stage, or take them from an earlier, interrupted run."""
    key = step_key(stage.value, {**_inputs(context), "tools": fingerprint(stage)})
    runner.steps.add(key)
    if (kept := runner.journal.read(key)) is not None:
        return Ran(*kept, resumed=True)
    began = time.monotonic()
    result = RUNS[stage](context)
    refuse_full_disk(result.evidence, runner.workdir)
    seconds = time.monotonic() - began
    if _worth_keeping(result):
        runner.journal.write(key, result, seconds)
    return Ran(result, seconds, resumed=False)


def _inputs(context: Context) -> dict[str, bytes]:
    """Return all that a stage's result depends on, apart from our own code and the machine."""
    return {
        **{f"file:{path}": content for path, content in context.workspace.files.items()},
        **{f"made:{name}": content for name, content in context.made.items()},
        "held-out": digest(context.split.test).encode(),
        "plan": repr(replace(context.plan, reasons=(), begin=0)).encode(),
        "size": repr(context.size).encode(),
        "origin": context.origin.value.encode(),
    }


def _worth_keeping(result: StageResult) -> bool:
    """Say whether a result would come out the same next time: the machine had no part in it."""
    return result.usable and all(e.outcome is not Outcome.INFRASTRUCTURE for e in result.evidence)


def _complete(steps: Sequence[Step], stages: Sequence[Stage]) -> bool:
    return len(steps) == len(stages) and steps[-1].result.usable


def why_stopped(runner: Runner, best: Attempt) -> tuple[Evidence, ...]:
    """Say as evidence why nobody was asked any more, where that was so."""
    why = runner.desk.stopped
    stage = best.steps[-1].stage
    if not why or any(e.detail == why for e in best.evidence):
        return ()
    method = "what asking a language model takes, against its budget"
    claim = "The authors had what they needed to mend what failed"
    return (unmeasured(f"{stage.value}.budget", stage, claim, Outcome.INFRASTRUCTURE, method, why),)
