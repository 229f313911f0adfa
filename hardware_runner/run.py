"""Run: the conversation with a firmware from its name to its last answer, and the report of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from hardware_runner.board import Board, Verified
from hardware_runner.build import Firmware
from hardware_runner.clock import Clock, InstructionClock, cost, prove
from hardware_runner.cycles import prove_cycles, prove_time
from hardware_runner.errors import (
    BoardSilent,
    BoardTrouble,
    FirmwareFault,
    WrongFirmware,
)
from hardware_runner.footprint import read_image
from hardware_runner.machine import Machine
from hardware_runner.messages import PROTOCOL_VERSION, Answer, Identity, StackReading
from hardware_runner.qemu import ICOUNT_SHIFT, ticks_per_instruction
from hardware_runner.report import Cost, Profile, RunOutcome, RunReport
from hardware_runner.session import Session

METHOD = f"QEMU -icount shift={ICOUNT_SHIFT}, timer of the board, known loop counted exactly"

Progress = Callable[[int, int], None]

# Where a firmware that waits for the host may be found; anywhere else it computes.
_WAITING = frozenset({"bw_board_read", "read_bytes", "read_sync", "bw_frame_receive", "main"})


@dataclass(slots=True)
class _Run:
    """What is known of a run so far; kept also where the run ends early."""

    answers: list[Answer] = field(default_factory=list)
    seconds: float = 0.0
    stack: StackReading = field(default_factory=lambda: StackReading(0, 0))


def converse(
    machine: Machine,
    firmware: Firmware,
    samples: npt.NDArray[np.generic],
    *,
    on_progress: Progress | None = None,
    response_timeout_s: float = 10.0,
) -> RunReport:
    """Measure on a machine that runs already: `measure`, but lease and power are the caller's."""
    session = Session(machine.console, response_timeout_s=response_timeout_s, died=machine.died)
    tools = dict(machine.tools)
    run = _Run()
    board = firmware.board
    outcome, reason = RunOutcome.PASS, ""
    measured: Cost | None = None
    profile: Profile | None = None
    seen: Verified = board.verified
    try:
        identity = _identify(session, firmware)
        payloads = _payloads(samples, identity)
        seen = machine.proves
        clock = _prove_clock(board, machine, session, identity.timer_hz)
        _stream(session, payloads, identity, run, on_progress)
        run.stack = session.read_stack()
        _refuse_overflow(run.stack)
        if clock is not None and run.answers:
            measured = cost(clock, run.answers)
            if firmware.points and isinstance(clock, InstructionClock):
                readings = [session.read_point(point) for point in range(firmware.points)]
                profile = clock.profile(run.answers[-1], readings)
    except FirmwareFault as fault:
        outcome, reason = RunOutcome.FAIL, _located(fault, firmware, len(run.answers))
    except BoardSilent as silence:
        outcome, reason = _explain(silence, machine, firmware)
    except BoardTrouble as trouble:
        outcome, reason = RunOutcome.INFRASTRUCTURE, str(trouble)
    except ValueError as error:
        outcome, reason = RunOutcome.INFRASTRUCTURE, f"The board's answer makes no sense: {error}."
    report = blank_report(firmware, outcome, reason)
    speed = len(run.answers) / run.seconds if run.seconds > 0 else None
    return report.model_copy(
        update={
            "samples": len(run.answers),
            "samples_per_second": speed,
            "resends": session.resends,
            "scores": tuple(a.scores for a in run.answers),
            "decisions": tuple(a.decision for a in run.answers),
            "verified": seen,
            "cost": measured,
            "profile": profile,
            "footprint": _with_stack(report, run.stack),
            "tools": report.tools | tools,
        }
    )


def _identify(session: Session, firmware: Firmware) -> Identity:
    identity = session.identify()
    if identity.version != PROTOCOL_VERSION:
        raise WrongFirmware(
            f"The firmware speaks version {identity.version} of the protocol, this runner "
            f"{PROTOCOL_VERSION}: build it again."
        )
    if (identity.board, identity.build_id) != (firmware.board.name, firmware.build_id):
        raise WrongFirmware(
            f"{identity.board[:40]!r} with build {identity.build_id[:40]!r} answered, but "
            f"{firmware.board.name!r} with build {firmware.build_id!r} was started: "
            "flash it again, and check which board is behind the line."
        )
    return identity


def _prove_clock(board: Board, machine: Machine, session: Session, timer_hz: int) -> Clock | None:
    """Return the clock that suits board and machine, proven; None where nothing can be timed."""
    if board.timing == "none":
        return None
    if board.timing == "instructions":
        if machine.proves != "emulator":
            return None  # its timer stands for QEMU's virtual time
        return prove(session.read_clock, ticks_per_instruction(board.timer_hz), METHOD)
    if machine.proves == "hardware":
        return prove_time(board, timer_hz, session.read_clock)
    emulator = ", ".join(f"{name} {version}" for name, version in machine.tools.items())
    return prove_cycles(board, timer_hz, session.read_clock, emulator)


def _payloads(samples: npt.NDArray[np.generic], identity: Identity) -> list[bytes]:
    """Return each sample as the board takes it. A sample that cannot be one is WrongFirmware."""
    wanted = np.dtype(identity.raw_dtype)
    count = int(np.prod(samples.shape[1:], dtype=np.int64))
    if samples.dtype.newbyteorder("<") != wanted or count != identity.raw_count:
        raise WrongFirmware(
            f"The samples are {samples.dtype} with {count} elements each, but this firmware takes "
            f"{wanted.name} with {identity.raw_count}: goal.h and the samples must agree."
        )
    return [np.ascontiguousarray(sample, dtype=wanted).tobytes() for sample in samples]


def _stream(
    session: Session,
    payloads: Sequence[bytes],
    identity: Identity,
    run: _Run,
    on_progress: Progress | None,
) -> None:
    session.reset_app()
    begin = time.monotonic()
    for answer in session.infer(payloads, identity.window):
        run.seconds = time.monotonic() - begin
        _refuse_nonsense(answer, identity.class_count)
        run.answers.append(answer)
        if on_progress is not None:
            on_progress(len(run.answers), len(payloads))


def _refuse_nonsense(answer: Answer, classes: int) -> None:
    if answer.status != 0:
        raise FirmwareFault(f"bw_model_invoke() returned {answer.status}.")
    if len(answer.scores) != classes:
        raise ValueError(f"{len(answer.scores)} scores instead of {classes}")
    if not -1 <= answer.decision < classes:
        raise FirmwareFault(
            f"bw_app_on_result() returned {answer.decision}: it must be -1 or a class, "
            f"0 to {classes - 1}."
        )


def _refuse_overflow(stack: StackReading) -> None:
    if stack.size_bytes and stack.used_bytes >= stack.size_bytes:
        raise FirmwareFault(
            f"The stack ran over its {stack.size_bytes:,} bytes into the data: use smaller local "
            "arrays in features.c and app.c."
        )


def _located(fault: FirmwareFault, firmware: Firmware, answered: int) -> str:
    name = read_image(firmware.elf).at(fault.pc) if fault.pc and firmware.elf.is_file() else None
    where = f" The instruction is in {name}()." if name else ""
    return f"{fault}{where} {answered} samples were answered before."


def _explain(silence: BoardSilent, machine: Machine, firmware: Firmware) -> tuple[RunOutcome, str]:
    """Tell a firmware that computes without end from a board that does not run."""
    pc = machine.busy_at()
    if pc == 0:
        return RunOutcome.FAIL, f"{silence} The firmware is still computing: does it end?"
    name = read_image(firmware.elf).at(pc) if pc is not None else None
    if name is not None and name not in _WAITING:
        return RunOutcome.FAIL, f"{silence} The firmware is still computing, in {name}()."
    if name is not None:
        return RunOutcome.INFRASTRUCTURE, (
            f"{silence} The firmware waits for the rest of a request: bytes were lost on the line. "
            "Try again, or use a slower line."
        )
    return RunOutcome.INFRASTRUCTURE, (
        f"{silence} The board itself does not react: it is stopped or wedged, or the machine is "
        "overloaded. Try again, or allow a longer response time."
    )


def _with_stack(report: RunReport, stack: StackReading) -> object:
    if report.footprint is None or not stack.size_bytes:
        return report.footprint
    return report.footprint.model_copy(update={"stack_bytes": stack.used_bytes})


def blank_report(firmware: Firmware, outcome: RunOutcome, reason: str) -> RunReport:
    """Return a report without a single answer."""
    board = firmware.board
    return RunReport(
        board=board.name,
        core=board.core,
        verified=board.verified,
        outcome=outcome,
        reason=reason,
        firmware_sha256=firmware.sha256,
        footprint=firmware.footprint if board.flash_bytes else None,
        tools=dict(firmware.tools),
    )
