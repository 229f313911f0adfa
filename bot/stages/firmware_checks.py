"""What must hold for a run on a board, each as a function of its report."""

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

# No core that is built for does more multiply-accumulates in one instruction: Helium does 16.
MACS_PER_INSTRUCTION_MAX = 16

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


def check_footprint(board: Board, report: RunReport, limits: Limits | None) -> tuple[Evidence, ...]:
    """Judge flash and RAM against the part, and against the goal where it has limits."""
    memories = _memories(report)
    asked = {} if limits is None else {"flash": limits.flash_max_bytes, "RAM": limits.ram_max_bytes}
    found = [
        judge(
            f"firmware.{board.name}.fits_{memory.kind.lower()}",
            _STAGE,
            f"The firmware fits the {memory.kind} of {board.part}",
            memory.used_bytes,
            "bytes",
            Relation.AT_MOST,
            memory.available_bytes,
            memory.method,
            detail="Take a smaller network or a larger board.",
        )
        for memory in memories
    ]
    for kind, most in asked.items():
        if most is not None:
            memory = next((m for m in memories if m.kind == kind), None)
            found.append(_against_goal(board, kind, memory, most))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Memory:
    """What a firmware takes of one kind of memory."""

    kind: str
    used_bytes: int
    available_bytes: int
    method: str


def _memories(report: RunReport) -> tuple[_Memory, ...]:
    """Return flash and RAM; nothing for a board that has none of its own."""
    footprint = report.footprint
    if footprint is None:
        return ()
    stack = footprint.stack_bytes
    measured = "the stack was not measured" if stack is None else f"a measured stack of {stack:,}"
    return (
        _Memory(
            "flash",
            footprint.flash_bytes,
            footprint.flash_limit_bytes,
            f"code, constants and initial data in the ELF: model code "
            f"{footprint.model_code_bytes:,}, model constants {footprint.model_constant_bytes:,}, "
            "the rest is shell, features and libraries",
        ),
        _Memory(
            "RAM",
            footprint.ram_bytes + (stack or 0),
            footprint.ram_limit_bytes,
            f"data and bss in the ELF, {footprint.arena_bytes:,} of it the arena; {measured}",
        ),
    )


def _against_goal(board: Board, kind: str, memory: _Memory | None, most: int) -> Evidence:
    check, claim = (
        f"firmware.{board.name}.{kind.lower()}",
        f"{kind} of the firmware on {board.name}",
    )
    if memory is None:
        why = f"{board.title} has no {kind} of its own to measure"
        return unmeasured(check, _STAGE, claim, Outcome.SKIPPED, "ELF", why)
    return judge(
        check,
        _STAGE,
        claim[0].upper() + claim[1:],
        memory.used_bytes,
        "bytes",
        Relation.AT_MOST,
        most,
        memory.method,
        detail="Allow more, or accept a smaller network.",
        source="goal",
    )


def check_cost(
    board: Board, report: RunReport, expected: Expected, limits: Limits | None
) -> tuple[Evidence, ...]:
    """Judge that the model was really executed, and what it costs."""
    found = _latency(board, report, limits)
    cost = report.cost
    most = limits.instructions_max if limits else None
    if cost is None or cost.unit != "instructions":
        if most is None:
            return found
        why = f"{board.title} does not count instructions"
        check, claim = f"firmware.{board.name}.instructions", f"Cost of one sample on {board.name}"
        if report.outcome is not RunOutcome.PASS:
            return (*found, unmeasured(check, _STAGE, claim, Outcome.INFRASTRUCTURE, "", why))
        return (*found, unmeasured(check, _STAGE, claim, Outcome.SKIPPED, "", why))
    return (
        judge(
            f"firmware.{board.name}.executed",
            _STAGE,
            f"The model was really executed on {board.name}",
            round(cost.model_median),
            "instructions",
            Relation.AT_LEAST,
            max(1, expected.macs // MACS_PER_INSTRUCTION_MAX),
            f"instructions of the model against its {expected.macs:,} multiply-accumulates, of "
            f"which one instruction does at most {MACS_PER_INSTRUCTION_MAX}; {cost.method}",
            detail="The count is too small for the model's arithmetic: it did not run.",
        ),
        judge(
            f"firmware.{board.name}.instructions",
            _STAGE,
            f"Cost of one sample on {board.name}, features and model",
            round(cost.features_max + cost.model_max),
            "instructions",
            Relation.NONE if most is None else Relation.AT_MOST,
            most,
            f"largest over {report.samples} samples: features {cost.features_max:,.0f}, model "
            f"{cost.model_max:,.0f}, median {cost.features_median:,.0f} and "
            f"{cost.model_median:,.0f}; {cost.method}",
            detail="Take a smaller network.",
            source="harness" if most is None else "goal",
        ),
        *found,
    )


def _latency(board: Board, report: RunReport, limits: Limits | None) -> tuple[Evidence, ...]:
    most = limits.latency_max_ms if limits else None
    if most is None:
        return ()
    check, claim = f"firmware.{board.name}.latency", f"Latency of one sample on {board.name}"
    cost = report.cost
    if cost is not None and cost.unit == "us":
        return (
            judge(
                check,
                _STAGE,
                claim,
                (cost.features_max + cost.model_max) / 1000,
                "ms",
                Relation.AT_MOST,
                most,
                f"largest over {report.samples} samples; {cost.method}",
                detail="Take a smaller network or a faster board.",
                source="goal",
            ),
        )
    if report.outcome is not RunOutcome.PASS:
        outcome, why = Outcome.INFRASTRUCTURE, report.reason or "the board did not finish its run"
    elif board.verified == "emulator":
        outcome = Outcome.SKIPPED
        why = (
            f"{most:g} ms were asked for, but emulated boards count instructions, never time; "
            "the hardware job measures it on the real board"
        )
    else:
        outcome, why = Outcome.SKIPPED, f"{board.title} has no clock of its own"
    return (unmeasured(check, _STAGE, claim, outcome, "timer of the board", why),)
