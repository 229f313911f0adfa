"""What goes on at a bench, seen without taking a lock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from hardware_runner.bench import Bench, Place
from hardware_runner.condition import History, Wedged, history, wedged
from hardware_runner.lease import Holder, holder, is_held


class State(Enum):
    """Whether a place can be used."""

    FREE = "free"
    HELD = "held"
    WEDGED = "wedged"


@dataclass(frozen=True, slots=True)
class PlaceStatus:
    """One place now; `holder` and `wedged` may both be there."""

    place: Place
    state: State
    holder: Holder | None
    wedged: Wedged | None
    history: History


def statuses(bench: Bench, folder: Path) -> list[PlaceStatus]:
    """Return what is known of each place."""
    return [_status(place, folder) for place in bench.places]


def _status(place: Place, folder: Path) -> PlaceStatus:
    held, mark = is_held(place.name, folder), wedged(place.name, folder)
    state = State.HELD if held else State.WEDGED if mark else State.FREE
    who = holder(place.name, folder) if held else None
    return PlaceStatus(place, state, who, mark, history(place.name, folder))
