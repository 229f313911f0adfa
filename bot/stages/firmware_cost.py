"""What must hold for what a firmware takes and costs, each as a function of its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.goal import Limits
from bot.stages.stage_result import unmeasured
from hardware_runner.board import Board
from hardware_runner.report import Cost, RunOutcome, RunReport, Unit

# No core that is built for does more multiply-accumulates in one instruction: Helium does 16.
MACS_PER_INSTRUCTION_MAX = 16
INSTRUCTIONS_PER_CYCLE_MAX = 2  # a Cortex-M7 issues two

_CHECKS: Mapping[Unit, str] = {"instructions": "instructions", "cycles": "cycles", "us": "time"}

_STAGE = Stage.FIRMWARE


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
            found.append(_against_goal(board, kind, memory, most, report))
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


def _against_goal(
    board: Board, kind: str, memory: _Memory | None, most: int, report: RunReport
) -> Evidence:
    check, claim = (
        f"firmware.{board.name}.{kind.lower()}",
        f"{kind} of the firmware on {board.name}",
    )
    if memory is None:
        why = f"{board.title} has no {kind} of its own to measure"
        return unmeasured(check, _STAGE, claim, Outcome.SKIPPED, "ELF", why)
    if kind == "RAM" and report.outcome is RunOutcome.SKIPPED and memory.used_bytes <= most:
        why = (
            f"data and bss take {memory.used_bytes:,} of {most:,} bytes, but the stack on top is "
            f"known only from a run. {report.reason}"
        )
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
    board: Board, report: RunReport, macs: int, limits: Limits | None
) -> tuple[Evidence, ...]:
    """Judge that the model was really executed, and what it costs."""
    found = _latency(board, report, limits)
    cost = report.cost
    most = limits.instructions_max if limits else None
    if cost is not None:
        found = (_executed(board, cost, macs), _cost(board, report, cost, most), *found)
    if most is None or (cost is not None and cost.unit == "instructions"):
        return found
    check, claim = f"firmware.{board.name}.instructions", f"Cost of one sample on {board.name}"
    outcome, why = Outcome.SKIPPED, f"{board.title} does not count instructions"
    if report.outcome is RunOutcome.SKIPPED:
        why = report.reason
    elif report.outcome is not RunOutcome.PASS:
        outcome = Outcome.INFRASTRUCTURE
    return (*found, unmeasured(check, _STAGE, claim, outcome, "", why))


def _executed(board: Board, cost: Cost, macs: int) -> Evidence:
    """Judge that the model took at least the instructions, or cycles, that its arithmetic needs."""
    unit: Unit = "cycles" if cost.unit == "us" else cost.unit
    per_unit = board.clock_hz / 1e6 if cost.unit == "us" else 1.0
    per_cycle = 1 if unit == "instructions" else INSTRUCTIONS_PER_CYCLE_MAX
    most = MACS_PER_INSTRUCTION_MAX * per_cycle
    return judge(
        f"firmware.{board.name}.executed",
        _STAGE,
        f"The model was really executed on {board.name}",
        round(cost.model_median * per_unit),
        unit,
        Relation.AT_LEAST,
        max(1, macs // most),
        f"{unit} of the model against its {macs:,} multiply-accumulates, of which one of them "
        f"does at most {most}; {cost.method}",
        detail="The count is too small for the model's arithmetic: it did not run.",
    )


def _cost(board: Board, report: RunReport, cost: Cost, most: int | None) -> Evidence:
    limit = most if cost.unit == "instructions" else None
    return judge(
        f"firmware.{board.name}.{_CHECKS[cost.unit]}",
        _STAGE,
        f"Cost of one sample on {board.name}, features and model",
        round(cost.features_max + cost.model_max),
        cost.unit,
        Relation.NONE if limit is None else Relation.AT_MOST,
        limit,
        f"largest over {report.samples} samples: features {cost.features_max:,.0f}, model "
        f"{cost.model_max:,.0f}, median {cost.features_median:,.0f} and "
        f"{cost.model_median:,.0f}; {cost.method}",
        detail="Take a smaller network.",
        source="harness" if limit is None else "goal",
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
    if report.outcome is RunOutcome.SKIPPED:
        outcome, why = Outcome.SKIPPED, report.reason
    elif report.outcome is not RunOutcome.PASS:
        outcome, why = Outcome.INFRASTRUCTURE, report.reason or "the board did not finish its run"
    elif report.verified == "emulator":
        outcome = Outcome.SKIPPED
        counted = cost.unit if cost else "instructions"
        why = (
            f"{most:g} ms were asked for, but emulated boards count {counted}, never time; "
            "the hardware job measures it on the real board"
        )
    else:
        outcome, why = Outcome.SKIPPED, f"{board.title} has no clock of its own"
    return (unmeasured(check, _STAGE, claim, outcome, "timer of the board", why),)
