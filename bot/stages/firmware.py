"""The firmware stage: build for each board, run all held-out samples, judge answers and cost."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Stage
from bot.goal import Goal, Limits
from bot.sandbox.job import require_template
from bot.scratch import scratch
from bot.stages import app_checks, arrays
from bot.stages.c_object import forbidden_words
from bot.stages.firmware_answers import Expected, check_answers
from bot.stages.firmware_cost import check_cost, check_footprint
from bot.stages.stage_result import Context, StageResult, unmeasured, verdict
from hardware_runner.board import Board
from hardware_runner.boards import find_board
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.errors import BuildError, RunnerError, ToolMissing
from hardware_runner.measure import measure
from hardware_runner.profile import profile
from hardware_runner.report import RunOutcome, RunReport
from model_compiler import CompiledModel, compile_model, load_model

HOST = "host"

_STAGE = Stage.FIRMWARE


def run(context: Context) -> StageResult:
    """Measure on the host first, whose decisions the boards must repeat, then on each board.

    Raises:
        NeedsSandboxError: the project's C did not come with Boardwright.
    """
    require_template(context.origin, "app.c")
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
    names = [HOST, *(n for n in map(_canonical, context.goal.boards) if n != HOST)]
    for name in names:
        found, report = _measure(context, find_board(name), compiled, test["x"], expected)
        evidence += found
        if report is not None:
            reports.append(report)
            if name == HOST and report.outcome is RunOutcome.PASS:
                expected = expected.with_decisions(report.decisions)
    made = json.dumps([report.model_dump(mode="json") for report in reports])
    return StageResult(_STAGE, tuple(evidence), {"reports.json": made.encode()})


def _canonical(name: str) -> str:
    return find_board(name).name


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
    context: Context,
    board: Board,
    compiled: CompiledModel,
    samples: npt.NDArray[np.generic],
    expected: Expected,
) -> tuple[list[Evidence], RunReport | None]:
    with scratch() as folder:
        project, out = folder / "project", folder / "build"
        context.workspace.write_to(project)
        firmware, builds = _build(board, project, compiled, out)
        if firmware is None:
            return [builds], None

        def advanced(done: int, total: int) -> None:
            context.progress.advanced(f"{board.name}: samples", done, total)

        report = measure(board, firmware, samples, on_progress=advanced)
        report = _with_profile(report, firmware, project, compiled, samples[0], out / "profile")
    limits = limits_for(board, context.goal)
    return [
        builds,
        *check_answers(board, report, expected, limits),
        *check_footprint(board, report, limits),
        *check_cost(board, report, expected.macs, limits),
    ], report


def _with_profile(
    report: RunReport,
    firmware: Firmware,
    project: Path,
    compiled: CompiledModel,
    sample: npt.NDArray[np.generic],
    out: Path,
) -> RunReport:
    """Add what each operator costs; no claim rests on it, so without it the report stands too."""
    if report.cost is None or report.outcome is not RunOutcome.PASS:
        return report
    try:
        found = profile(firmware, project, compiled, sample, out)
    except RunnerError:
        return report
    return report.model_copy(update={"profile": found})


def limits_for(board: Board, goal: Goal) -> Limits | None:
    """Return what the goal demands of a board; None where it did not ask for it.

    A process on the host has no flash, RAM or cost of its own. Beside another board that was asked
    for, it is held to the accuracy alone; on its own, what it cannot show counts as not proven.
    """
    asked = [find_board(name) for name in goal.boards]
    if board.name not in {other.name for other in asked}:
        return None
    if board.machine is None and any(other.machine for other in asked):
        accuracy = ("accuracy_min", "accuracy_drop_max")
        return Limits.model_validate(goal.limits.model_dump(include=set(accuracy)))
    return goal.limits


def _build(
    board: Board, project: Path, compiled: CompiledModel, out: Path
) -> tuple[Firmware | None, Evidence]:
    check = f"firmware.{board.name}.builds"
    claim = f"The firmware for {board.name} builds without a warning and fits {board.part}"
    method = "C compiler and linker with the real part's memory; warnings count"
    try:
        firmware = build_firmware(board, project, compiled, out)
    except BuildError as error:
        return None, verdict(check, _STAGE, claim, False, method, str(error))
    except ToolMissing as error:
        return None, unmeasured(check, _STAGE, claim, Outcome.INFRASTRUCTURE, method, str(error))
    warnings = "\n".join(firmware.warnings)
    return firmware, verdict(check, _STAGE, claim, not warnings, method, warnings)
