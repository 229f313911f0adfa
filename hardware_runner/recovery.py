"""Recovery: bring a board back, from the mildest step to the hardest, each in a bounded time.

    reopen → reset by a line of the console → reset by the tool → flash again → power → wedged

Power is switched only where it was proven that the board goes off; a board that no step brings
back is marked, and refused until a person looked after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, TypeVar, runtime_checkable

from hardware_runner.build import Firmware
from hardware_runner.errors import BoardTrouble, RunnerError, WrongFirmware
from hardware_runner.machine import Machine
from hardware_runner.power.switch import Switch
from hardware_runner.session import Session
from hardware_runner.watch import Watch, WatchedMachine

_SETTLE_S = 0.2

_T = TypeVar("_T")


class Rung(Enum):
    """A step of the ladder."""

    REOPEN = "reopen"
    LINE = "reset by line"
    PROBE = "reset by tool"
    REFLASH = "flash again"
    POWER = "power cycle"


@runtime_checkable
class Recoverable(Machine, Protocol):
    """A machine with the steps of a recovery; all raise BoardTrouble or ToolMissing."""

    def reopen(self) -> None:
        """Close the console and open it again."""

    def pulse_reset(self) -> bool:
        """Reset by a line of the console; False where the board has none."""

    def reset(self) -> None:
        """Reset by the tool."""

    def reflash(self) -> None:
        """Write the image again."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The longest that each thing may take, in seconds."""

    lease_s: float = 300.0
    start_s: float = 300.0  # flash, open, reset
    run_s: float = 1_800.0  # one stream of all samples
    response_s: float = 10.0
    recovery_s: float = 300.0  # one rung
    answer_s: float = 5.0  # HELLO, after a rung
    power_s: float = 10.0  # until a board that got power is found again
    grace_s: float = 5.0  # beyond a bound, until a thread that hangs is given up


@dataclass(frozen=True, slots=True)
class Climb:
    """What was tried, in order and in words; `rung` is what brought the board back, if any did."""

    tried: tuple[str, ...]
    rung: Rung | None


def climb(
    machine: Recoverable, firmware: Firmware, switch: Switch | None, watch: Watch, bounds: Bounds
) -> Climb:
    """Try one step after the other until the firmware answers."""
    tried: list[str] = []
    for rung, act in _ladder(machine, switch, bounds):
        if watch.is_over:
            break
        try:
            with watch.step(f"recovery, {rung.value}", bounds.recovery_s):
                if not act():
                    continue
                prove_answers(WatchedMachine(machine, watch), firmware, bounds.answer_s)
        except (RunnerError, OSError, ValueError) as trouble:
            tried.append(f"{rung.value}, in vain: {first_line(trouble)}")
            continue
        tried.append(rung.value)
        return Climb(tuple(tried), rung)
    return Climb(tuple(tried), None)


def prove_answers(machine: Machine, firmware: Firmware, timeout_s: float) -> None:
    """Return if this firmware answers on this board, and does what it is asked.

    Raises:
        BoardTrouble, FirmwareFault, ValueError: it does not.
    """
    session = Session(machine.console, response_timeout_s=timeout_s, died=machine.died)
    identity = session.identify()
    if (identity.board, identity.build_id) != (firmware.board.name, firmware.build_id):
        raise WrongFirmware(
            f"{identity.board[:40]!r} with build {identity.build_id[:40]!r} answered"
        )
    session.reset_app()


def power_cycle(switch: Switch) -> None:
    """Cut the power and restore it, also where cutting it failed."""
    try:
        switch.off()
        time.sleep(_SETTLE_S)
    finally:
        switch.on()


def hangs_by_itself(runs: Sequence[tuple[int, Rung | None]]) -> bool:
    """Say whether the firmware, and not the board, falls silent.

    Args:
        runs: Of each run that failed: the samples answered, and what brought the board back.

    Two runs ended at the same sample, and each time a reset helped where a new line did not: the
    board is well, and the firmware computes without end.
    """
    if len(runs) < 2:
        return False
    (before, first), (again, second) = runs[-2:]
    resets = {Rung.LINE, Rung.PROBE, Rung.REFLASH, Rung.POWER}
    return before == again and first in resets and second in resets


def _ladder(
    machine: Recoverable, switch: Switch | None, bounds: Bounds
) -> Iterator[tuple[Rung, Callable[[], bool]]]:
    yield Rung.REOPEN, _always(machine.reopen)
    yield Rung.LINE, machine.pulse_reset
    yield Rung.PROBE, _always(machine.reset)
    yield Rung.REFLASH, _always(machine.reflash)
    if switch is not None and switch.is_trusted:

        def cycle() -> bool:
            power_cycle(switch)
            until_there(machine.reflash, bounds.power_s)
            return True

        yield Rung.POWER, cycle


def _always(act: Callable[[], None]) -> Callable[[], bool]:
    def done() -> bool:
        act()
        return True

    return done


def until_there(act: Callable[[], _T], patience_s: float) -> _T:
    """Try until a board that was just given power is found.

    Raises:
        BoardTrouble: it is not found in time.
    """
    deadline = time.monotonic() + patience_s
    while True:
        try:
            return act()
        except BoardTrouble:
            if time.monotonic() > deadline:
                raise
        time.sleep(_SETTLE_S)


def first_line(trouble: BaseException) -> str:
    """Return the beginning of what went wrong, for a list of tries."""
    lines = str(trouble).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else type(trouble).__name__
