"""Clocks: what the ticks of a measurement stand for, proven before a single one is believed.

A clock is proven with a loop of known length. This module holds the exact one, of emulators that
count instructions; `hardware_runner.cycles` holds those of cycles and of time.

Source: docs/decisions/0001.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Protocol

from hardware_runner.errors import ClockRefused
from hardware_runner.messages import TIMER_OVERFLOW, Answer, ClockReading, PointReading
from hardware_runner.report import Cost, Profile, Unit

SHORT_TURNS = 1_000
LONG_TURNS = 20_000
INSTRUCTIONS_PER_TURN = 4
"""nop, nop, subs, bne. The bx at the end goes with the empty measurement, which is one as well."""


Read = Callable[[int], ClockReading]
"""Times the known loop for so many turns, and a call that does nothing."""


class Clock(Protocol):
    """A clock that passed its test."""

    @property
    def unit(self) -> Unit:
        """Return what it counts."""

    @property
    def method(self) -> str:
        """Say for people what counts, at which rate, and how it was proven."""

    def value(self, ticks: int) -> float:
        """Return what a measurement of so many ticks stands for, in `unit`.

        Raises:
            ClockRefused: the timer wrapped, or saw less than an empty measurement.
        """


def cost(clock: Clock, answers: Sequence[Answer]) -> Cost:
    """Return median, 99th percentile and greatest cost of features and model over all answers.

    Raises:
        ClockRefused: a measurement makes no sense.
    """
    features = sorted(clock.value(a.features_ticks) for a in answers)
    model = sorted(clock.value(a.model_ticks) for a in answers)
    return Cost(
        unit=clock.unit,
        method=clock.method,
        features_median=median(features),
        features_p99=nearest_rank(features, 99),
        features_max=features[-1],
        model_median=median(model),
        model_p99=nearest_rank(model, 99),
        model_max=model[-1],
    )


def nearest_rank(ordered: Sequence[float], percent: int) -> float:
    """Return the smallest of the values that at least so many percent of them do not exceed."""
    return ordered[max(1, math.ceil(len(ordered) * percent / 100)) - 1]


def refuse_no_work(ticks: int, empty_ticks: int) -> None:
    """Return if a measurement saw more than an empty one.

    Raises:
        ClockRefused: it did not.
    """
    if ticks <= empty_ticks:
        raise ClockRefused(
            f"A measurement of {ticks} ticks is no longer than an empty one "
            f"({empty_ticks}): the compiler moved the work, or the timer stands still."
        )


@dataclass(frozen=True, slots=True)
class InstructionClock:
    """The timer of an emulator whose virtual time is its instructions."""

    ticks_per_instruction: float
    empty_ticks: int
    method: str = ""

    @property
    def unit(self) -> Unit:
        """Return what it counts."""
        return "instructions"

    def value(self, ticks: int) -> float:
        """Return the instructions that a measurement stands for; see `Clock.value`."""
        return self.instructions(ticks)

    def instructions(self, ticks: int) -> int:
        """Return the instructions that a measurement stands for; see `Clock.value`."""
        if ticks == TIMER_OVERFLOW:
            limit = int(TIMER_OVERFLOW / self.ticks_per_instruction)
            raise ClockRefused(
                f"One sample took more than the timer can count ({limit:,} instructions): "
                "make the model or the features smaller."
            )
        refuse_no_work(ticks, self.empty_ticks)
        return round((ticks - self.empty_ticks) / self.ticks_per_instruction)

    def profile(self, answer: Answer, points: Sequence[PointReading]) -> Profile:
        """Return the cost of each operator of an inference, the cost of the points taken off.

        Args:
            answer: The inference.
            points: One reading for each operator, and one for the point behind the last.
        """
        of_point = round(points[0].empty_ticks / self.ticks_per_instruction)
        return Profile(
            operators=tuple(
                round(point.ticks / self.ticks_per_instruction) - point.visits * of_point
                for point in points[:-1]
            ),
            total=self.instructions(answer.model_ticks)
            - of_point * sum(point.visits for point in points),
        )


def prove(read: Read, ticks_per_instruction: float, method: str = "") -> InstructionClock:
    """Time the known loop at two lengths and return the clock where both counts are exact.

    Raises:
        ClockRefused: says what was expected and what was counted.
    """
    counts: dict[int, int] = {}
    clock = InstructionClock(ticks_per_instruction, 0, method)
    for turns in (SHORT_TURNS, LONG_TURNS):
        reading = read(turns)
        if reading.loop_ticks == 0 or TIMER_OVERFLOW in (reading.loop_ticks, reading.empty_ticks):
            raise ClockRefused(
                f"The timer says {reading.loop_ticks} for {turns} turns of the known loop: "
                "it stands still or wraps. Is QEMU run with -icount?"
            )
        clock = InstructionClock(ticks_per_instruction, reading.empty_ticks, method)
        counts[turns] = clock.instructions(reading.loop_ticks)
    if counts[SHORT_TURNS] >= counts[LONG_TURNS]:
        raise ClockRefused(f"The count does not grow with the work: {_listed(counts)}.")
    if any(count != turns * INSTRUCTIONS_PER_TURN for turns, count in counts.items()):
        raise ClockRefused(
            f"The known loop has {INSTRUCTIONS_PER_TURN} instructions a turn, but the clock counts "
            f"{_listed(counts)}. This QEMU's timers run at another rate: use QEMU 7.2 or later "
            "with -icount, and see docs/decisions/0001."
        )
    return clock


def _listed(counts: dict[int, int]) -> str:
    return " and ".join(f"{count:,} for {turns:,} turns" for turns, count in counts.items())
