"""What switches the power of a board."""

from __future__ import annotations

from hardware_runner.bench import Place
from hardware_runner.power import uhubctl
from hardware_runner.power.none import NoSwitch
from hardware_runner.power.switch import Switch


def make_switch(place: Place) -> Switch:
    """Return what switches the power of a place; where nothing does, one that refuses."""
    if place.power is None:
        return NoSwitch(place.name)
    return uhubctl.make(place.power)
