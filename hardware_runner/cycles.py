"""Clocks of cycles and of time: a part's counter, or that of an emulator that counts cycles.

No exact count is known of a real core, with its pipeline, caches and flash. What is known: a loop
takes longer in proportion to its turns, a turn takes a few cycles, and half a second of them takes
half a second of everybody's time. A counter that stands still, wraps, or runs at another rate than
the board's description says, is refused by one of these.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from hardware_runner.board import Board
from hardware_runner.clock import LONG_TURNS, SHORT_TURNS, Read, refuse_no_work
from hardware_runner.errors import ClockRefused
from hardware_runner.messages import TIMER_OVERFLOW, ClockReading
from hardware_runner.report import Unit

GROWTH_TOLERANCE = 0.05
"""How far the longer loop may be from its multiple of the shorter one."""

LEAST_CYCLES_PER_TURN = 1.0
MOST_CYCLES_PER_TURN = 40.0
"""Four instructions: one cycle where a core issues several at once, ten each from slow flash."""

SPAN_S = 0.5
"""How long the loop runs that is held against this machine's clock."""

_TRIES = 3
_LINE_S = 0.25  # a request and its answer on a slow line, and a busy machine
_FASTER, _SLOWER = 1.05, 1.25
_JITTER_TICKS = 2


@dataclass(frozen=True, slots=True)
class CounterClock:
    """A counter of known rate; `per_tick` is how many units one of its ticks is."""

    unit: Unit
    method: str
    per_tick: float
    empty_ticks: int

    def value(self, ticks: int) -> float:
        """Return what a measurement stands for; see `Clock.value`."""
        if ticks == TIMER_OVERFLOW:
            raise ClockRefused(
                "One sample took longer than the timer can count "
                f"({TIMER_OVERFLOW * self.per_tick:,.0f} {self.unit}): make the model or the "
                "features smaller."
            )
        refuse_no_work(ticks, self.empty_ticks)
        return round((ticks - self.empty_ticks) * self.per_tick, 3)


def prove_cycles(board: Board, timer_hz: int, read: Read, emulator: str) -> CounterClock:
    """Prove the counter of an emulator that counts cycles: they are cycles, and never time.

    Args:
        board: What is emulated.
        timer_hz: The rate that the firmware named.
        read: Times the known loop.
        emulator: Its name and version.

    Raises:
        ClockRefused: says what was expected and what was counted.
    """
    empty, turn = _prove_loop(board, timer_hz, read)
    method = (
        f"cycles of a {board.core} as {emulator} counts them, without waits for flash or cache; "
        f"known loop: {turn:.2f} cycles a turn"
    )
    return CounterClock("cycles", method, board.clock_hz / timer_hz, empty)


def prove_time(
    board: Board, timer_hz: int, read: Read, now: Callable[[], float] = time.monotonic
) -> CounterClock:
    """Prove the counter of a part, also against this machine's clock; it then gives microseconds.

    Args:
        board: Its description.
        timer_hz: The rate that the firmware named.
        read: Times the known loop.
        now: A clock in seconds that never goes back.

    Raises:
        ClockRefused: says what was expected and what was counted.
    """
    empty, turn = _prove_loop(board, timer_hz, read)
    _prove_rate(board, timer_hz, round(SPAN_S * board.clock_hz / turn), read, now)
    method = (
        f"{board.counter}, at {timer_hz / 1e6:g} MHz; a known loop grows as its turns do and lasts "
        "as long by the host's clock"
    )
    return CounterClock("us", method, 1e6 / timer_hz, empty)


def _prove_loop(board: Board, timer_hz: int, read: Read) -> tuple[int, float]:
    """Return the ticks of an empty measurement, and the cycles of one turn of the known loop."""
    if timer_hz == 0:
        raise ClockRefused(
            f"The counter of {board.name} stands still, or its clock did not start "
            f"({board.counter}): switch the board off and on; where it stays so, nothing can be "
            "timed on it."
        )
    if timer_hz != board.timer_hz:
        raise ClockRefused(
            f"{board.name} runs at {timer_hz:,} Hz and not at {board.timer_hz:,}: its clock did "
            "not start as it should. Switch the board off and on, and check its supply."
        )
    _sane(read(SHORT_TURNS), SHORT_TURNS)  # fills the caches
    short, long = _sane(read(SHORT_TURNS), SHORT_TURNS), _sane(read(LONG_TURNS), LONG_TURNS)
    one, many = short.loop_ticks - short.empty_ticks, long.loop_ticks - long.empty_ticks
    expected = one * LONG_TURNS / SHORT_TURNS
    slack = GROWTH_TOLERANCE * expected + _JITTER_TICKS * LONG_TURNS / SHORT_TURNS
    if abs(many - expected) > slack:
        raise ClockRefused(
            f"The count does not grow with the work: {one:,} ticks for {SHORT_TURNS:,} turns of "
            f"the known loop, {many:,} for {LONG_TURNS:,}. Something else runs on the core, or "
            "the counter wraps."
        )
    turn = many * board.clock_hz / timer_hz / LONG_TURNS
    if not LEAST_CYCLES_PER_TURN <= turn <= MOST_CYCLES_PER_TURN:
        raise ClockRefused(
            f"One turn of the known loop would take {turn:.2f} cycles of {board.clock_hz:,} Hz; "
            f"{LEAST_CYCLES_PER_TURN:g} to {MOST_CYCLES_PER_TURN:g} are possible. The counter "
            "runs at another rate than the board's description says."
        )
    return short.empty_ticks, turn


def _sane(reading: ClockReading, turns: int) -> ClockReading:
    if TIMER_OVERFLOW in (reading.loop_ticks, reading.empty_ticks):
        raise ClockRefused(f"The counter wraps within {turns:,} turns of the known loop.")
    if reading.loop_ticks <= reading.empty_ticks:
        raise ClockRefused(
            f"The counter says {reading.loop_ticks} for {turns:,} turns of the known loop and "
            f"{reading.empty_ticks} for nothing at all: it stands still."
        )
    return reading


def _prove_rate(
    board: Board, timer_hz: int, turns: int, read: Read, now: Callable[[], float]
) -> None:
    """Hold the counter against this machine's clock, which can only be late, and that not often."""
    claimed, passed = 0.0, float("inf")
    for _ in range(_TRIES):
        begin = now()
        reading = _sane(read(turns), turns)
        passed = min(passed, now() - begin)
        claimed = (reading.loop_ticks - reading.empty_ticks) / timer_hz
        if claimed > passed * _FASTER:
            break
        if passed <= claimed * _SLOWER + _LINE_S:
            return
    raise ClockRefused(
        f"The counter of {board.name} says that {claimed:.3f} s passed, and {passed:.3f} s did: "
        f"it does not run at {timer_hz:,} Hz, or this machine is overloaded."
    )
