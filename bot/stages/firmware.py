"""The firmware stage: build for each board, run all held-out samples, judge answers and cost."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from bot.evidence import Evidence, Outcome, Stage
from bot.goal import Goal, Limits
from bot.sandbox.job import Job, Reason, Result
from bot.sandbox.job import Limits as JobLimits
from bot.stages import app_checks, arrays
from bot.stages.c_object import forbidden_words
from bot.stages.firmware_answers import Expected, check_answers
from bot.stages.firmware_cost import check_cost, check_footprint
from bot.stages.run_firmware import PROGRESS, RESPONSE_TIMEOUT_S, BoardRun
from bot.stages.stage_result import MIB, Context, StageResult, unmeasured, verdict
from hardware_runner.board import Board
from hardware_runner.boards import find_board, nearest_emulated
from hardware_runner.build import PROJECT
from hardware_runner.report import RunOutcome, RunReport
from model_compiler import compile_model, load_model

HOST = "host"

_STAGE = Stage.FIRMWARE
_LIMITS = JobLimits(seconds=3600)
_RUN_BYTES = 256 * MIB


def run(context: Context) -> StageResult:
    """Measure on the host first, whose decisions the boards must repeat, then on each board.

    A board that nothing here runs is built for and weighed; an emulated board of the same core
    then runs the code in its place, and answers for itself.

    Raises:
        NeedsSandboxError: the project's C may not run in this sandbox.
    """
    source = check_source(context.workspace.files["app.c"].decode())
    if source.outcome is not Outcome.PASS:
        return StageResult(_STAGE, (source,))
    plain = app_checks.probe(context)
    if any(e.outcome is not Outcome.PASS for e in plain):
        return StageResult(_STAGE, (source, *plain))
    compiled = compile_model(load_model(context.made["model.tflite"]))
    test = arrays.load(context.made["test.npz"])
    int8 = arrays.load(context.made["int8_scores.npz"])
    expected = Expected(
        truth=test["y"].astype(np.int64),
        scores=int8["scores"].astype(np.int8),
        decisions=None,
        macs=compiled.summary.macs,
    )
    evidence: list[Evidence] = [source, *plain]
    reports: list[RunReport] = []
    for name in to_measure(context.goal.boards):
        found, report = _measure(context, find_board(name), test["x"], expected)
        evidence += found
        if report is not None:
            reports.append(report)
            if name == HOST and report.outcome is RunOutcome.PASS:
                expected = expected.with_decisions(report.decisions)
    made = json.dumps([report.model_dump(mode="json") for report in reports])
    return StageResult(_STAGE, tuple(evidence), {"reports.json": made.encode()})


def to_measure(names: Sequence[str]) -> tuple[str, ...]:
    """Return the boards to build for, in order: the host, those asked for, those in their place."""
    asked = [find_board(name) for name in names]
    near = [other.name for board in asked if (other := nearest_emulated(board))]
    return tuple(dict.fromkeys((HOST, *(board.name for board in asked), *near)))


def check_source(text: str) -> Evidence:
    """Look for what C source of a project may not contain."""
    found = forbidden_words(text)
    return verdict(
        "firmware.source",
        _STAGE,
        "app.c uses no assembler, no pragma and no foreign header",
        not found,
        "scan of the source without comments and strings",
        f"take out: {', '.join(found)}",
    )


def _measure(
    context: Context, board: Board, samples: npt.NDArray[np.generic], expected: Expected
) -> tuple[list[Evidence], RunReport | None]:
    if not board.is_built_here:
        return [_exported(board)], None
    result = context.sandbox.run(
        Job(
            argv=("python", "-m", "bot.stages.run_firmware", board.name, str(RESPONSE_TIMEOUT_S)),
            inputs={
                **context.workspace.select(*PROJECT),
                "model.tflite": context.made["model.tflite"],
                "samples.npz": arrays.dump(x=samples),
            },
            outputs={"run.json": _RUN_BYTES},
            origin=context.origin,
            limits=_LIMITS,
            heard=_listener(context, board, len(samples)),
        )
    )
    found = _read(board, result)
    builds = _builds(board, found)
    if found.report is None:
        return [builds], None
    report, limits = found.report, limits_for(board, context.goal)
    return [
        builds,
        *check_answers(board, report, expected, limits),
        *check_footprint(board, report, limits),
        *check_cost(board, report, expected.macs, limits),
    ], report


def _listener(context: Context, board: Board, total: int) -> Callable[[str], None]:
    """Return what passes a board's progress on to people."""

    def heard(line: str) -> None:
        if found := re.fullmatch(rf"{PROGRESS} (\d{{1,9}}) of \d{{1,9}}", line):
            context.progress.advanced(f"{board.name}: samples", int(found[1]), total)

    return heard


def _read(board: Board, result: Result) -> BoardRun:
    """Return what came of a board; authored code may have written it, so its form is checked."""
    if result.reason is Reason.TIMEOUT:  # each answer and each compilation has its own deadline
        return BoardRun(missing=result.explanation())
    if not result.completed:
        return BoardRun(trouble=result.explanation())
    try:
        found = BoardRun.model_validate_json(result.outputs["run.json"])
    except ValidationError:
        return BoardRun(trouble="The firmware overwrote the report of its own run.")
    if found.report is not None and found.report.board != board.name:
        return BoardRun(trouble=f"The report is about {found.report.board[:40]!r}.")
    return found


def limits_for(board: Board, goal: Goal) -> Limits | None:
    """Return what the goal demands of a board; None where it did not ask for it.

    A process on the host has no flash, RAM or cost of its own. Beside another board that was asked
    for, it is held to the accuracy alone; on its own, what it cannot show counts as not proven.
    """
    asked = [find_board(name) for name in goal.boards]
    if board.name not in {other.name for other in asked}:
        return None
    if board.is_process and not all(other.is_process for other in asked):
        accuracy = ("accuracy_min", "accuracy_drop_max")
        return Limits.model_validate(goal.limits.model_dump(include=set(accuracy)))
    return goal.limits


def _builds(board: Board, found: BoardRun) -> Evidence:
    check = f"firmware.{board.name}.builds"
    claim = f"The firmware for {board.name} builds without a warning and fits {board.part}"
    method = "C compiler and linker with the real part's memory; warnings count"
    if found.missing:
        return unmeasured(check, _STAGE, claim, Outcome.INFRASTRUCTURE, method, found.missing)
    trouble = found.trouble or "\n".join(found.warnings)
    return verdict(check, _STAGE, claim, not trouble, method, trouble)


def _exported(board: Board) -> Evidence:
    """Say that there is no compiler here for a board, and which project has one."""
    why = (
        f"There is no compiler for {board.core} here: `boardwright export --as {board.exports[0]}` "
        f"makes a project for it. Everything on {board.name} is unproven until a bench measured it."
    )
    claim = f"The firmware for {board.name} builds without a warning and fits {board.part}"
    return unmeasured(f"firmware.{board.name}.builds", _STAGE, claim, Outcome.SKIPPED, "", why)
