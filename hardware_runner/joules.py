"""Joules: the energy of each inference, out of what a meter records while a board runs.

The firmware holds a pin high during an inference, and the meter samples that pin with the current:
both are on one time axis. An inference is a stretch of marked samples; its energy is the sum of
volts times amperes over it, idle power included.
"""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np

from hardware_runner.energy.meter import EnergyMeter, Recording
from hardware_runner.report import Energy

_END_S = 5.0


class Stretches:
    """Adds the energy of marked stretches up, however a recording is cut into pieces."""

    def __init__(self) -> None:
        self.joules: list[float] = []
        self._open = 0.0
        self._is_open = False
        self._began = False
        self._volts = 0.0

    def add(self, recording: Recording) -> None:
        """Take the next piece. A stretch that began before the first piece does not count."""
        self._volts = recording.volts
        of_sample = recording.amperes * (recording.volts / recording.hertz)
        edges = np.flatnonzero(np.diff(recording.marked)) + 1
        bounds = [0, *edges.tolist(), len(of_sample)]
        for start, end in itertools.pairwise(bounds):
            if start == end:
                continue
            if recording.marked[start]:
                self._is_open = True
                self._open += float(of_sample[start:end].sum())
            else:
                self._close()
                self._began = True

    def _close(self) -> None:
        if self._is_open and self._began:
            self.joules.append(self._open)
        self._open, self._is_open = 0.0, False

    def energy(self, method: str) -> Energy | None:
        """Return median and greatest; None where no stretch both began and ended."""
        if not self.joules:
            return None
        return Energy(
            joules_median=median(self.joules),
            joules_max=max(self.joules),
            volts=self._volts,
            method=method,
        )


@contextlib.contextmanager
def metering(meter: EnergyMeter | None) -> Iterator[Callable[[], Energy | None]]:
    """Record while the context lasts; call what it gives afterwards for the energy.

    Raises:
        BoardTrouble, ToolMissing: the meter does not begin to record.
    """
    if meter is None:
        yield lambda: None
        return
    stretches = Stretches()
    method = f"{meter.name}, the pin of the inference sampled with the current"

    def drain(pieces: Iterator[Recording]) -> None:
        for piece in pieces:
            stretches.add(piece)

    with meter.record() as pieces:
        thread = threading.Thread(target=drain, args=(pieces,), daemon=True, name="meter")
        thread.start()
        yield lambda: stretches.energy(method)
    thread.join(_END_S)  # it ends with the recording
