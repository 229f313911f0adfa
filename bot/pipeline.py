"""The pipeline: five stages, each written, checked and kept; another size if a limit is missed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import resources
from pathlib import Path

from bot.authors.author import Author
from bot.disk import disk_watched, refuse_full_disk
from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.feasibility import refuse_impossible
from bot.goal import Goal
from bot.journal import Journal, step_key
from bot.ladder import describe, missed, next_size
from bot.plan import ModelSize, Plan, make_plan
from bot.progress import Progress
from bot.proposal import AuthoredFile, Proposal
from bot.publication import Attempt, assemble
from bot.records import Records, digest
from bot.sandbox.job import Sandbox
from bot.sandbox.process import ProcessSandbox
from bot.scratch import sole_user, sweep
from bot.split import split
from bot.stages import convert, data, features, firmware, train
from bot.stages.goal_header import goal_header, goal_toml
from bot.stages.stage_result import Context, StageResult
from bot.tools import fingerprint
from bot.workspace import AUTHORED_PATHS, Workspace

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
class _Runner:
    """What stays the same over all steps of a run."""

    author: Author
    journal: Journal
    progress: Progress
    workdir: Path
    steps: set[str] = field(default_factory=set)  # the keys of all steps of this run


def run_stages(
    goal: Goal,
    records: Records,
    *,
    workdir: Path,
    author: Author,
    progress: Progress,
    seed: int = DEFAULT_SEED,
    sandbox: Sandbox | None = None,
) -> Proposal:
    """Make a project from a goal and its records, with evidence for every claim.

    A run that was interrupted, at whatever point, goes on after its last finished stage when it is
    started again with the same arguments, and leads to the same proposal.

    Args:
        goal: the validated request.
        records: every record of the source; they are split here.
        workdir: where finished stages are kept; nothing else may write there.
        author: writes the stages' files.
        progress: is told what happens.
        seed: of the split and of the training.
        sandbox: runs the authored Python; None: plain processes, for the shipped templates only.

    Raises:
        RequestError: the data cannot be split, or no model can meet the limits.
        NeedsSandboxError: the author's code may not run in this sandbox.
        Infrastructure: a tool or package is missing, a disk is full, memory ran out, or another
            process works in `workdir`.
    """
    sweep()
    with disk_watched(workdir), sole_user(workdir):
        return _run_stages(
            goal,
            records,
            _Runner(author, Journal(workdir / "journal"), progress, workdir),
            seed,
            sandbox or ProcessSandbox(),
        )


def _run_stages(
    goal: Goal, records: Records, runner: _Runner, seed: int, sandbox: Sandbox
) -> Proposal:
    sides = split(records, goal.labels, seed)
    plan = make_plan(goal, sides.train, seed)
    refuse_impossible(goal, plan)
    for reason in plan.reasons:
        runner.progress.note(reason)
    context = Context(
        goal=goal,
        plan=plan,
        size=plan.sizes[0],
        split=sides,
        workspace=Workspace(_given_files(goal, plan)).with_files(sides.train.files("train")),
        made={},
        sandbox=sandbox,
        origin=runner.author.origin,
        progress=runner.progress,
    )
    shared, context = _run(runner, context, SHARED_STAGES)
    attempts = _climb(runner, context, shared) if _complete(shared, SHARED_STAGES) else []
    best = choose(attempts) if attempts else Attempt(context, _evidence(shared))
    tried = [describe(a.context.size, a.evidence) for a in attempts]
    runner.journal.keep(runner.steps)
    return assemble(
        replace(best, evidence=(*best.evidence, *disclose(len(attempts)))),
        records=records,
        authored=_authored(best.context.workspace, runner.author),
        tried=tuple(tried) if len(attempts) > 1 or missed(best.evidence) else (),
    )


def _given_files(goal: Goal, plan: Plan) -> dict[str, bytes]:
    """Return the files that no author writes."""
    projects = resources.files("templates") / "projects"
    return {
        "goal.toml": goal_toml(goal).encode(),
        "goal.h": goal_header(goal, plan).encode(),
        "app.h": (projects / "app.h").read_bytes(),
        "test_board.py": (projects / "test_board.py").read_bytes(),
    }


def _climb(runner: _Runner, context: Context, shared: Sequence[StageResult]) -> list[Attempt]:
    """Try sizes, as long as what was missed says that another one may do better."""
    attempts: list[Attempt] = []
    size: ModelSize | None = context.plan.sizes[0]
    while size is not None:
        if attempts:
            runner.progress.note(f"a limit was missed; now the {size.name} network")
        results, reached = _run(runner, replace(context, size=size), SIZE_STAGES)
        attempts.append(Attempt(reached, (*_evidence(shared), *_evidence(results))))
        tried = [attempt.context.size for attempt in attempts]
        size = next_size(context.plan.sizes, tried, attempts[-1].evidence)
    return attempts


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


def _run(
    runner: _Runner, context: Context, stages: Sequence[Stage]
) -> tuple[list[StageResult], Context]:
    """Run stages one after the other, until one leaves nothing to go on with."""
    results: list[StageResult] = []
    for stage in stages:
        context, result = _step(runner, context, stage)
        results.append(result)
        if not result.usable:
            break
        context = replace(context, made={**context.made, **result.made})
    return results, context


def _step(runner: _Runner, context: Context, stage: Stage) -> tuple[Context, StageResult]:
    """Let a stage be written and checked, or take its result from an earlier, interrupted run."""
    runner.progress.stage_started(stage)
    files = runner.author.write(stage, context.facts())
    context = replace(context, workspace=context.workspace.with_authored(stage, files))
    key = step_key(stage.value, {**_inputs(context), "tools": fingerprint(stage)})
    runner.steps.add(key)
    if (kept := runner.journal.read(key)) is not None:
        result, seconds = kept
        runner.progress.stage_finished(stage, result.evidence, seconds, resumed=True)
        return context, result
    began = time.monotonic()
    result = RUNS[stage](context)
    refuse_full_disk(result.evidence, runner.workdir)
    seconds = time.monotonic() - began
    if _worth_keeping(result):
        runner.journal.write(key, result, seconds)
    runner.progress.stage_finished(stage, result.evidence, seconds, resumed=False)
    return context, result


def _inputs(context: Context) -> dict[str, bytes]:
    """Return all that a stage's result depends on, apart from our own code and the machine."""
    return {
        **{f"file:{path}": content for path, content in context.workspace.files.items()},
        **{f"made:{name}": content for name, content in context.made.items()},
        "held-out": digest(context.split.test).encode(),
        "plan": repr(replace(context.plan, reasons=())).encode(),
        "size": repr(context.size).encode(),
        "origin": context.origin.value.encode(),
    }


def _worth_keeping(result: StageResult) -> bool:
    """Say whether a result would come out the same next time: the machine had no part in it."""
    return result.usable and all(e.outcome is not Outcome.INFRASTRUCTURE for e in result.evidence)


def _complete(results: Sequence[StageResult], stages: Sequence[Stage]) -> bool:
    return len(results) == len(stages) and results[-1].usable


def _evidence(results: Sequence[StageResult]) -> tuple[Evidence, ...]:
    return tuple(evidence for result in results for evidence in result.evidence)


def _authored(workspace: Workspace, author: Author) -> tuple[AuthoredFile, ...]:
    return tuple(
        AuthoredFile(path, stage, author.name)
        for stage, paths in AUTHORED_PATHS.items()
        for path in paths
        if path in workspace.files
    )
