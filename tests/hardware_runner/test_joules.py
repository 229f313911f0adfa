"""The energy of each inference out of marked stretches, however a recording is cut."""

from __future__ import annotations

import contextlib
import threading

import numpy as np
import pytest

from hardware_runner.energy.meter import Recording
from hardware_runner.joules import Stretches, metering

MARKED = np.array([1, 1, 0, 0, 1, 1, 1, 0, 1, 0, 1, 1], bool)  # cut at both ends
AMPERES = np.arange(12) / 1000
HERTZ, VOLTS = 1000.0, 3.0
WANTED = [(4 + 5 + 6) * 3e-6, 8 * 3e-6]


def piece(start: int, end: int) -> Recording:
    return Recording(AMPERES[start:end], MARKED[start:end], HERTZ, VOLTS)


@pytest.mark.parametrize("cuts", [[], [5], [4], [7], list(range(1, 12)), [6, 6]])
def test_only_whole_stretches_count_wherever_it_is_cut(cuts: list[int]) -> None:
    stretches = Stretches()
    for start, end in zip([0, *cuts], [*cuts, 12], strict=True):
        stretches.add(piece(start, end))
    assert stretches.joules == pytest.approx(WANTED)
    energy = stretches.energy("m")
    assert energy is not None
    assert (energy.joules_max, energy.volts) == (pytest.approx(WANTED[0]), VOLTS)


def test_a_pin_that_never_moves_gives_no_figure() -> None:
    stretches = Stretches()
    stretches.add(Recording(AMPERES, np.ones(12, bool), HERTZ, VOLTS))
    assert stretches.energy("m") is None


class PlayedMeter:
    name = "played"

    def __init__(self) -> None:
        self.ended = threading.Event()

    def supply(self) -> None: ...

    @contextlib.contextmanager
    def record(self):
        def pieces():
            yield piece(0, 6)
            yield piece(6, 12)
            self.ended.wait(10)

        try:
            yield pieces()
        finally:
            self.ended.set()


def test_a_recording_runs_while_the_board_does() -> None:
    meter = PlayedMeter()
    with metering(meter) as energy:
        pass
    found = energy()
    assert found is not None
    assert found.joules_max == pytest.approx(WANTED[0])
    assert found.method == "played, the pin of the inference sampled with the current"
    with metering(None) as energy:
        pass
    assert energy() is None
