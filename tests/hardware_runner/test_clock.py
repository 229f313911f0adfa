"""A clock that does not count instructions exactly is refused."""

from __future__ import annotations

import pytest

from hardware_runner.clock import InstructionClock, cost, nearest_rank, prove
from hardware_runner.errors import ClockRefused
from hardware_runner.messages import TIMER_OVERFLOW, Answer, ClockReading

RATE = 25.6
EMPTY = 77


def reading(turns: int, instructions_per_turn: float = 4.0) -> ClockReading:
    return ClockReading(EMPTY, EMPTY + int(turns * instructions_per_turn * RATE))


def test_an_exact_clock_is_accepted_and_takes_the_empty_measurement_off() -> None:
    clock = prove(reading, RATE)
    assert clock.instructions(EMPTY + int(12326 * RATE)) == 12326


def test_one_tick_of_jitter_is_no_instruction() -> None:
    clock = prove(reading, RATE)
    assert {clock.instructions(EMPTY + int(500 * RATE) + d) for d in (-2, -1, 0, 1, 2)} == {500}


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda turns: ClockReading(0, 0), "stands still"),
        (lambda turns: ClockReading(EMPTY, TIMER_OVERFLOW), "stands still or wraps"),
        (lambda turns: ClockReading(EMPTY, EMPTY), "no longer than an empty one"),
        (lambda turns: ClockReading(EMPTY, EMPTY + 40_000), "does not grow"),
        (lambda turns: reading(turns, 4.001), "counts"),
        (lambda turns: reading(turns, 8.0), "run at another rate"),
        (lambda turns: ClockReading(EMPTY, EMPTY + int((4 * turns + 1) * RATE)), "counts"),
    ],
)
def test_a_clock_that_lies_is_refused(read, words: str) -> None:
    with pytest.raises(ClockRefused, match=words):
        prove(read, RATE)


@pytest.mark.parametrize("ticks", [0, EMPTY, TIMER_OVERFLOW])
def test_a_sample_that_cost_nothing_or_too_much_is_refused(ticks: int) -> None:
    with pytest.raises(ClockRefused):
        InstructionClock(RATE, EMPTY).instructions(ticks)


def test_the_cost_is_median_and_greatest_of_all_samples() -> None:
    answers = [
        Answer(EMPTY + int(f * RATE), EMPTY + int(m * RATE), 0, 0, (1,))
        for f, m in ((10, 100), (20, 300), (90, 200))
    ]
    found = cost(InstructionClock(RATE, EMPTY, "test"), answers)
    assert (found.features_median, found.features_p99, found.features_max) == (20, 90, 90)
    assert (found.model_median, found.model_p99, found.model_max) == (200, 300, 300)
    assert (found.unit, found.method) == ("instructions", "test")


@pytest.mark.parametrize(
    ("count", "percent", "rank"),
    [(1, 99, 1), (99, 99, 99), (100, 99, 99), (101, 99, 100), (200, 99, 198), (4, 50, 2)],
)
def test_a_percentile_is_a_value_that_was_measured(count: int, percent: int, rank: int) -> None:
    assert nearest_rank(range(1, count + 1), percent) == rank
