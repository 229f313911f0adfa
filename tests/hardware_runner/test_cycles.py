"""A counter of cycles is believed while it agrees with a loop, a rate and the host's clock."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import pytest

from hardware_runner.boards import find_board
from hardware_runner.cycles import CounterClock, prove_cycles, prove_time
from hardware_runner.errors import ClockRefused
from hardware_runner.messages import TIMER_OVERFLOW, ClockReading

F446 = find_board("nucleo-f446re")
IN_US = dataclasses.replace(F446, timing="microseconds", timer_hz=1_000_000, counter="TIM2")


@dataclass
class Part:
    """A board with a counter; whatever it does takes its time on the host's clock too."""

    hz: int = F446.timer_hz
    true_hz: int = F446.timer_hz
    cycles_per_turn: float = 5.0
    counter_divider: int = 1
    empty: int = 12
    line_s: float = 0.004
    seconds: float = 0.0

    def read(self, turns: int) -> ClockReading:
        cycles = self.cycles_per_turn * turns
        self.seconds += self.line_s + cycles / self.true_hz
        return ClockReading(self.empty, self.empty + int(cycles) // self.counter_divider)

    def now(self) -> float:
        return self.seconds

    def prove(self, board=F446) -> CounterClock:
        return prove_time(board, self.hz, self.read, self.now)


def test_cycles_of_a_part_become_microseconds() -> None:
    clock = Part().prove()
    assert clock.unit == "us"
    assert clock.value(12 + 168_000) == 1000.0
    assert "DWT cycle counter" in clock.method
    assert "168 MHz" in clock.method
    again = Part(cycles_per_turn=5.1).prove()
    assert again.method == clock.method  # or else two runs could not be compared


def test_a_timer_in_microseconds_is_as_good() -> None:
    clock = Part(hz=1_000_000, counter_divider=168, empty=0).prove(IN_US)
    assert clock.unit == "us"
    assert clock.value(250) == 250.0


def test_cycles_of_an_emulator_stay_cycles() -> None:
    pico = find_board("pico")
    part = Part(hz=pico.timer_hz)
    clock = prove_cycles(pico, part.hz, part.read, "rp2040js 1.4.1")
    assert (clock.unit, clock.value(12 + 5007)) == ("cycles", 5007)
    assert "rp2040js 1.4.1" in clock.method
    assert "without waits for flash" in clock.method


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (Part(hz=0), "stands still, or its clock did not start"),
        (Part(hz=16_000_000, true_hz=16_000_000), "runs at 16,000,000 Hz and not at 168,000,000"),
        (Part(cycles_per_turn=0.0), "stands still"),
        (Part(cycles_per_turn=0.3), "0.30 cycles"),
        (Part(cycles_per_turn=168.0), "168.00 cycles"),
        (Part(true_hz=84_000_000), r"0\.500 s passed, and 1\.004 s did"),
        (Part(true_hz=336_000_000), r"0\.500 s passed, and 0\.254 s did"),
    ],
)
def test_a_counter_that_cannot_be_right_is_refused(part: Part, words: str) -> None:
    with pytest.raises(ClockRefused, match=words):
        part.prove()


@pytest.mark.parametrize(
    ("ticks", "words"),
    [
        (lambda turns: 1_000_000, "does not grow"),
        (lambda turns: 5 * turns + 40_000, "does not grow"),
        (lambda turns: (5 * turns) % 65_536, "does not grow"),
        (lambda turns: TIMER_OVERFLOW, "wraps within"),
        (lambda turns: 0, "stands still"),
    ],
)
def test_a_counter_that_does_not_follow_the_work_is_refused(ticks, words: str) -> None:
    with pytest.raises(ClockRefused, match=words):
        prove_time(F446, F446.timer_hz, lambda turns: ClockReading(0, ticks(turns)))


def test_a_host_that_was_late_once_asks_again() -> None:
    part = Part()
    late = iter((0.0, 0.0, 0.0, 1.0, 0.0))

    def read(turns: int) -> ClockReading:
        part.seconds += next(late)
        return part.read(turns)

    assert prove_time(F446, part.hz, read, part.now).unit == "us"


@pytest.mark.parametrize("ticks", [0, 12, TIMER_OVERFLOW])
def test_a_sample_that_cost_nothing_or_too_much_is_refused(ticks: int) -> None:
    with pytest.raises(ClockRefused):
        CounterClock("us", "", 1 / 168, 12).value(ticks)
