"""Instruments that measure what a board takes."""

from __future__ import annotations

from hardware_runner.bench import Place
from hardware_runner.energy.ppk2 import Ppk2


def make_meter(place: Place) -> Ppk2 | None:
    """Return the instrument in a place's supply, or None where there is none."""
    return None if place.meter is None else Ppk2(place.meter)
