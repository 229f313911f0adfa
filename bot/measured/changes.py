"""Changes: a board's figures against those of the base branch, with the noise between two runs.

Only the same board, measured by the same method, is compared. What an emulator counts, flash and
RAM are exact. Time and energy of hardware scatter: how far one run's samples lie apart says how far
two runs may. Accuracy is compared where the test set is the same, where it is exact too: both
commits answered the same samples; whether a change is more than luck its interval tells.
"""

from __future__ import annotations

from collections.abc import Iterator

from bot.measured.judgement import COSTS, BoardJudgement, Change, Kind
from hardware_runner.report import Cost, Energy


def changes(ours: BoardJudgement, base: BoardJudgement) -> tuple[Change, ...]:
    """Return what changed; empty where nothing can be compared."""
    return tuple(_changes(ours, base))


def _changes(ours: BoardJudgement, base: BoardJudgement) -> Iterator[Change]:
    same_samples = [r.held_out for r in ours.recalls] == [r.held_out for r in base.recalls]
    if ours.samples and base.samples == ours.samples and same_samples:
        points = 100 * (ours.right - base.right) / ours.samples
        yield Change(kind=Kind.ACCURACY, percent=round(points, 4), noise_percent=0)
    if ours.cost and base.cost and _way(ours.cost) == _way(base.cost):
        kind = COSTS[ours.cost.unit]
        noise = max(_spread(ours.cost), _spread(base.cost)) if kind is Kind.TIME else 0.0
        yield from _relative(kind, median(ours.cost), median(base.cost), noise)
    if ours.energy and base.energy and ours.energy.method == base.energy.method:
        noise = max(_energy_spread(ours.energy), _energy_spread(base.energy))
        now, then = ours.energy.joules_median, base.energy.joules_median
        yield from _relative(Kind.ENERGY, now, then, noise)
    yield from _relative(Kind.FLASH, ours.flash_bytes, base.flash_bytes, 0)
    yield from _relative(Kind.RAM, ram(ours), ram(base), 0)


def median(cost: Cost) -> float:
    """Return the median cost of one inference, features and model together."""
    return cost.features_median + cost.model_median


def ram(board: BoardJudgement) -> int | None:
    """Return the bytes of RAM with the stack, as far as that was measured."""
    return None if board.ram_bytes is None else board.ram_bytes + (board.stack_bytes or 0)


def _way(cost: Cost) -> tuple[str, str]:
    return cost.unit, cost.method


def _spread(cost: Cost) -> float:
    """Return by how many percent the 99th percentile, or else the worst, exceeds the median."""
    most = _or(cost.features_p99, cost.features_max) + _or(cost.model_p99, cost.model_max)
    middle = median(cost)
    return 100 * (most - middle) / middle if middle else 0.0


def _energy_spread(energy: Energy) -> float:
    middle = energy.joules_median
    return 100 * max(0.0, energy.joules_max - middle) / middle if middle else 0.0


def _or(value: float | None, other: float) -> float:
    return other if value is None else value


def _relative(
    kind: Kind, now: float | None, then: float | None, noise_percent: float
) -> Iterator[Change]:
    if now is None or not then:
        return
    percent = round(100 * (now - then) / then, 4)
    yield Change(kind=kind, percent=percent, noise_percent=round(noise_percent, 4))
