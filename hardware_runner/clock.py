"""The clock of a run: prove that it counts instructions, then turn ticks into instructions.

Source: docs/decisions/0001.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from hardware_runner.errors import ClockRefused
from hardware_runner.messages import TIMER_OVERFLOW, Answer, ClockReading, PointReading
from hardware_runner.report import Cost, Profile

SHORT_TURNS = 1_000
LONG_TURNS = 20_000
INSTRUCTIONS_PER_TURN = 4
"""nop, nop, subs, bne. The bx at the end goes with the empty measurement, which is one as well."""


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that passed its test."""

    ticks_per_instruction: float
    empty_ticks: int

    def instructions(self, ticks: int) -> int:
        """Return the instructions that a measurement stands for.

        Raises:
            ClockRefused: the timer wrapped, or saw less than an empty measurement.
        """
        if ticks == TIMER_OVERFLOW:
            limit = int(TIMER_OVERFLOW / self.ticks_per_instruction)
            raise ClockRefused(
                f"One sample took more than the timer can count ({limit:,} instructions): "
                "make the model or the features smaller."
            )
        if ticks <= self.empty_ticks:
            raise ClockRefused(
                f"A measurement of {ticks} ticks is no longer than an empty one "
                f"({self.empty_ticks}): the compiler moved the work, or the timer stands still."
            )
        return round((ticks - self.empty_ticks) / self.ticks_per_instruction)

    def cost(self, answers: Sequence[Answer], method: str) -> Cost:
        """Return median and greatest cost of features and model over all answers."""
        features = [self.instructions(a.features_ticks) for a in answers]
        model = [self.instructions(a.model_ticks) for a in answers]
        return Cost(
            unit="instructions",
            method=method,
            features_median=median(features),
            features_max=max(features),
            model_median=median(model),
            model_max=max(model),
        )

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


def prove(read: Callable[[int], ClockReading], ticks_per_instruction: float) -> Clock:
    """Time the known loop at two lengths and return the clock where both counts are exact.

    Raises:
        ClockRefused: says what was expected and what was counted.
    """
    counts: dict[int, int] = {}
    clock = Clock(ticks_per_instruction, 0)
    for turns in (SHORT_TURNS, LONG_TURNS):
        reading = read(turns)
        if reading.loop_ticks == 0 or TIMER_OVERFLOW in (reading.loop_ticks, reading.empty_ticks):
            raise ClockRefused(
                f"The timer says {reading.loop_ticks} for {turns} turns of the known loop: "
                "it stands still or wraps. Is QEMU run with -icount?"
            )
        clock = Clock(ticks_per_instruction, reading.empty_ticks)
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
