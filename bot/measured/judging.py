"""Judging: results against what must come out, the goal's limits, and the base branch."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from bot.evidence import Relation
from bot.measured.changes import changes
from bot.measured.judgement import (
    BOARDS_MAX,
    BoardJudgement,
    Figure,
    Judgement,
    Kind,
    Recall,
    State,
    Verdict,
)
from bot.measured.truth import Truth
from bot.rendering.measures import confusion
from hardware_runner.report import RunOutcome, RunReport
from hardware_runner.results import Measured, Results

_MATRIX_MAX, _BUILT_MAX = 16, 64
_TEXT_MAX = 1_000
_NOT_TIME = "what an emulator counts is no time; a real board with a known clock tells"
_NOT_COUNTED = "this board does not count instructions"
_NO_STACK = "the report does not say how much stack was used"
_NO_MEMORY = "the report does not say what the firmware takes"


def judge(results: Results, truth: Truth, base: Judgement | None = None, run: int = 0) -> Judgement:
    """Judge each board, and name those of the goal that nobody measured.

    Args:
        results: what a bench says, as `reading` let it through.
        truth: of the same commit and project.
        base: of the base branch, where there is one.
        run: the workflow run that measured, where it was one.
    """
    theirs = {board.board: board for board in base.boards} if base else {}
    boards = [
        _compared(
            judge_board(measured, truth, results.bench, run), theirs.get(measured.report.board)
        )
        for measured in results.boards
    ]
    named = {board.board for board in boards}
    boards += [
        BoardJudgement(
            board=name[:80],
            verdict=Verdict.MISSING,
            reason="The goal asks for it, and no bench has reported it yet.",
            run=run,
        )
        for name in truth.goal.boards
        if name not in named and name not in truth.built
    ]
    return Judgement(
        commit=results.commit,
        project=results.project,
        labels=truth.goal.labels,
        boards=tuple(boards[:BOARDS_MAX]),
        base_commit=base.commit if base else "",
        built=tuple(name for name in truth.built if name not in named)[:_BUILT_MAX],
    )


def judge_board(measured: Measured, truth: Truth, bench: str = "", run: int = 0) -> BoardJudgement:
    """Judge one board against what must come out and the goal's limits."""
    report = measured.report
    said = BoardJudgement(
        board=report.board,
        verdict=Verdict.INFRASTRUCTURE,
        reason=report.reason[:_TEXT_MAX],
        bench=bench,
        place=measured.place,
        core=report.core[:_TEXT_MAX],
        verified=report.verified,
        run=run,
        recoveries=tuple(text[:_TEXT_MAX] for text in measured.recoveries),
        tools={name: version[:200] for name, version in report.tools.items()},
        firmware_sha256=report.firmware_sha256,
    ).model_copy(update=_sizes(report))
    match report.outcome:
        case RunOutcome.INFRASTRUCTURE:
            return said
        case RunOutcome.SKIPPED:
            return said.model_copy(update={"verdict": Verdict.MISSING})
        case RunOutcome.FAIL:
            return said.model_copy(update={"verdict": Verdict.FAILED})
    return _answered(said, report, truth)


def _answered(said: BoardJudgement, report: RunReport, truth: Truth) -> BoardJudgement:
    """Judge a board that answered every sample it was asked."""
    classes, n = len(truth.goal.labels), len(truth.labels)
    if len(report.scores) != n or len(report.scores[0]) != classes:
        asked = f"{n:,} samples of {classes} classes"
        reason = f"It answered {len(report.scores):,} samples where the test set has {asked}."
        return said.model_copy(update={"reason": reason})
    scores = np.asarray(report.scores, dtype=np.int8)
    answers = scores.argmax(axis=1).astype(np.int64)
    labels = np.asarray(truth.labels, dtype=np.int64)
    same = int(np.sum(answers == np.asarray(truth.predictions)))
    matrix = confusion(labels, answers, classes)
    right = int(np.trace(matrix))
    figures = tuple(_figures(report, truth, right))
    verdict = Verdict.PASS
    if any(figure.state is State.MISSED for figure in figures):
        verdict = Verdict.MISSED
    if same != n:
        verdict = Verdict.DISAGREES
    return said.model_copy(
        update={
            "verdict": verdict,
            "samples": n,
            "right": right,
            "same": same,
            "same_bytes": hashlib.sha256(scores.tobytes()).hexdigest() == truth.scores_sha256,
            "figures": figures,
            "cost": report.cost,
            "energy": report.energy,
            "samples_per_second": report.samples_per_second,
            "recalls": tuple(
                Recall(held_out=int(matrix[i].sum()), recognised=int(matrix[i, i]))
                for i in range(classes)
            ),
            "confusion": _rows(matrix.tolist()) if classes <= _MATRIX_MAX else (),
        }
    )


def is_hardware_time(report: RunReport) -> bool:
    """Return whether the cost in a report is time that passed on a real board."""
    emulated = report.verified in ("emulator", "host")
    return report.cost is not None and report.cost.unit == "us" and not emulated


def _figures(report: RunReport, truth: Truth, right: int) -> Iterator[Figure]:
    limits, cost, n = truth.goal.limits, report.cost, len(truth.labels)
    least = None if limits.accuracy_min is None else round(100 * limits.accuracy_min, 4)
    yield _at_least(Kind.ACCURACY, 100 * right / n, "%", least)
    worst = cost.features_max + cost.model_max if cost else None
    time = worst if is_hardware_time(report) else None
    counted = worst if cost is not None and cost.unit == "instructions" else None
    on_host = report.board == "host"  # a process has neither time nor memory of its own
    most_us = None if limits.latency_max_ms is None else round(1_000 * limits.latency_max_ms, 3)
    yield from _at_most(Kind.TIME, time, "µs", most_us, _NOT_TIME, on_host)
    most = limits.instructions_max
    yield from _at_most(Kind.INSTRUCTIONS, counted, "instructions", most, _NOT_COUNTED, on_host)
    size = report.footprint
    flash = size.flash_bytes if size else None
    yield from _at_most(Kind.FLASH, flash, "bytes", limits.flash_max_bytes, _NO_MEMORY, on_host)
    ram, most, why = None, limits.ram_max_bytes, _NO_MEMORY
    if size is not None:
        ram, why = size.ram_bytes + (size.stack_bytes or 0), _NO_STACK
        if size.stack_bytes is None and most is not None and ram <= most:
            ram = None  # whether it fits with the stack, nobody knows
    yield from _at_most(Kind.RAM, ram, "bytes", most, why, on_host)


def _at_least(kind: Kind, value: float, unit: str, limit: float | None) -> Figure:
    state = State.REPORTED
    if limit is not None:
        state = State.MET if value >= limit else State.MISSED
    relation = Relation.NONE if limit is None else Relation.AT_LEAST
    return Figure(kind=kind, value=value, unit=unit, relation=relation, limit=limit, state=state)


def _at_most(
    kind: Kind, value: float | None, unit: str, limit: float | None, why: str, on_host: bool
) -> Iterable[Figure]:
    """Return a figure with an upper limit; none where nobody asked and nothing was measured."""
    if value is None and (limit is None or on_host):
        return ()
    state = State.REPORTED
    if limit is not None:
        state = State.UNPROVEN if value is None else State.MET if value <= limit else State.MISSED
    figure = Figure(
        kind=kind,
        value=value,
        unit=unit,
        relation=Relation.NONE if limit is None else Relation.AT_MOST,
        limit=limit,
        state=state,
        why=why if state is State.UNPROVEN else "",
    )
    return (figure,)


def _sizes(report: RunReport) -> dict[str, int | None]:
    size = report.footprint
    names = ("flash_bytes", "flash_limit_bytes", "ram_bytes", "ram_limit_bytes", "stack_bytes")
    return {name: getattr(size, name) for name in names} if size else {}


def _rows(matrix: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(count) for count in row) for row in matrix)


def _compared(ours: BoardJudgement, theirs: BoardJudgement | None) -> BoardJudgement:
    return ours if theirs is None else ours.model_copy(update={"changes": changes(ours, theirs)})
