"""Meter: an instrument that records the current of a board's supply."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class Recording:
    """Currents in ampere `[n]` at `hertz`, and the level of the marking pin then, `[n]`."""

    amperes: npt.NDArray[np.float64]
    marked: npt.NDArray[np.bool_]
    hertz: float
    volts: float


class EnergyMeter(Protocol):
    """One instrument; calls raise BoardTrouble or ToolMissing."""

    @property
    def name(self) -> str:
        """Return what the report calls it."""

    def supply(self) -> None:
        """Feed the board, or close its supply; it stays so."""

    def record(self) -> AbstractContextManager[Iterator[Recording]]:
        """Record while the context lasts; the iterator yields what came since, oldest first."""
