"""Erase what a measurement that was ended from outside may have left in the boards of a bench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hardware_runner.bench import Bench, Place
from hardware_runner.bench_place import ERASE
from hardware_runner.boards import find_board
from hardware_runner.errors import BoardBusy, RunnerError
from hardware_runner.lease import default_lock_dir
from hardware_runner.reservation import reserved
from hardware_runner.tools import make_flasher
from hardware_runner.tools.flasher import Flasher

LEASE_S = 2.0
"""A place that is busy is somebody else's by now, and erased by them."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What came of one place; `trouble` is empty where its firmware is gone."""

    place: str
    trouble: str = ""


def erase_left(
    bench: Bench,
    *,
    lock_dir: Path | None = None,
    flasher_of: Callable[[Place], Flasher] = lambda place: make_flasher(
        place, find_board(place.board)
    ),
    lease_s: float = LEASE_S,
) -> tuple[Erased, ...]:
    """Erase every place that is marked to be erased after use and that nobody holds.

    Args:
        bench: Its places with the tag `erase`.
        lock_dir: Where the locks are; None: the default.
        flasher_of: Returns the tool of a place.
        lease_s: How long a place that somebody holds is waited for.
    """
    folder = lock_dir or default_lock_dir()
    return tuple(
        _erase(bench, place, flasher_of, folder, lease_s)
        for place in bench.places
        if ERASE in place.tags
    )


def _erase(
    bench: Bench,
    place: Place,
    flasher_of: Callable[[Place], Flasher],
    folder: Path,
    lease_s: float,
) -> Erased:
    try:
        with reserved(bench, place.name, folder, lease_s):
            flasher_of(place).erase()
    except BoardBusy:
        return Erased(place.name, "somebody else holds it, and erases it after use")
    except RunnerError as error:
        return Erased(place.name, str(error))
    return Erased(place.name)
