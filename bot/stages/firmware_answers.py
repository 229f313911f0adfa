"""What must hold for the answers of a board, each as a function of its report."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.goal import Limits
from bot.stages.stage_result import unmeasured, verdict
from bot.statistics import macro_recall, wilson_interval
from hardware_runner.board import Board
from hardware_runner.report import RunOutcome, RunReport

_STAGE = Stage.FIRMWARE


@dataclass(frozen=True, slots=True)
class Expected:
    """What a board's answers are held against.

    Attributes:
        truth: `[N]` labels of the held-out samples.
        scores: `[N, classes]` answers of the compiled model on the host.
        decisions: `[N]` what app.c decided on the host; None while that is not known.
        macs: multiply-accumulates of one inference.
    """

    truth: npt.NDArray[np.int64]
    scores: npt.NDArray[np.int8]
    decisions: tuple[int, ...] | None
    macs: int

    def with_decisions(self, decisions: tuple[int, ...]) -> Expected:
        """Return the same with the host's decisions."""
        return dataclasses.replace(self, decisions=decisions)


def check_answers(
    board: Board, report: RunReport, expected: Expected, limits: Limits | None
) -> tuple[Evidence, ...]:
    """Judge that every sample was answered, as on the host, and how often rightly."""
    n = len(expected.truth)
    runs = _ran(board, report, n)
    if runs.outcome is Outcome.SKIPPED and limits and limits.accuracy_min is not None:
        return (runs, _unknown_accuracy(board, report, limits.accuracy_min))
    if runs.outcome is not Outcome.PASS:
        return (runs,)
    scores = np.array(report.scores, dtype=np.int8)
    same = scores.shape == expected.scores.shape
    differing = int(np.sum(np.any(scores != expected.scores, axis=1))) if same else n
    return (
        runs,
        judge(
            f"firmware.{board.name}.scores_equal",
            _STAGE,
            f"{board.name} answers every held-out sample as the compiled model on the host does",
            differing,
            "samples",
            Relation.EQUAL,
            0,
            f"int8 scores of {n} samples, compared byte for byte; the board was fed raw samples",
            detail="Features or model compute differently on the board.",
        ),
        *_decisions(board, report, expected),
        _accuracy(board, scores, expected, limits),
        judge(
            f"firmware.{board.name}.recall",
            _STAGE,
            f"Mean recall of the classes on {board.name}",
            round(100 * macro_recall(expected.truth, scores.argmax(axis=1), scores.shape[1]), 2),
            "%",
            Relation.NONE,
            None,
            f"macro average over {scores.shape[1]} classes, {n} held-out samples",
        ),
    )


def _ran(board: Board, report: RunReport, n: int) -> Evidence:
    check, claim = f"firmware.{board.name}.runs", f"{board.name} answers every held-out sample"
    method = f"{n} raw samples over the console, in frames that are checked and sent again if lost"
    if report.outcome in (RunOutcome.INFRASTRUCTURE, RunOutcome.SKIPPED):
        outcome = (
            Outcome.SKIPPED if report.outcome is RunOutcome.SKIPPED else Outcome.INFRASTRUCTURE
        )
        return unmeasured(check, _STAGE, claim, outcome, method, report.reason)
    if report.outcome is RunOutcome.FAIL:
        return verdict(check, _STAGE, claim, False, method, report.reason)
    return judge(
        check,
        _STAGE,
        claim,
        len(report.scores),
        "samples",
        Relation.EQUAL,
        n,
        method,
        detail="The board stopped answering; see the report.",
    )


def _decisions(board: Board, report: RunReport, expected: Expected) -> tuple[Evidence, ...]:
    if expected.decisions is None:
        return ()
    pairs = zip(report.decisions, expected.decisions, strict=False)
    differing = sum(a != b for a, b in pairs) + abs(len(report.decisions) - len(expected.decisions))
    acted = sum(decision >= 0 for decision in expected.decisions)
    return (
        judge(
            f"firmware.{board.name}.decisions_equal",
            _STAGE,
            f"app.c decides on {board.name} as on the host",
            differing,
            "samples",
            Relation.EQUAL,
            0,
            f"decisions after each of {len(expected.decisions)} samples; on the host it acted "
            f"{acted} times",
            detail="app.c depends on something other than the scores.",
        ),
    )


def _unknown_accuracy(board: Board, report: RunReport, wanted: float) -> Evidence:
    claim = f"Accuracy on {board.name} is at least {100 * wanted:g} %"
    check = f"firmware.{board.name}.accuracy"
    return unmeasured(check, _STAGE, claim, Outcome.SKIPPED, "", report.reason)


def _accuracy(
    board: Board, scores: npt.NDArray[np.int8], expected: Expected, limits: Limits | None
) -> Evidence:
    n = len(expected.truth)
    right = int(np.sum(scores.argmax(axis=1) == expected.truth))
    low, high = wilson_interval(right, n)
    wanted = limits.accuracy_min if limits else None
    return judge(
        f"firmware.{board.name}.accuracy",
        _STAGE,
        f"Accuracy on {board.name}",
        round(100 * right / n, 2),
        "%",
        Relation.NONE if wanted is None else Relation.AT_LEAST,
        None if wanted is None else round(100 * wanted, 4),
        f"{right} of {n} held-out samples right, 95 % Wilson interval {100 * low:.1f} to "
        f"{100 * high:.1f} %; computed by the harness from the board's answers to raw samples",
        detail="Record more samples, or allow a larger network.",
        source="harness" if wanted is None else "goal",
    )
