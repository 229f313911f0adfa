"""Reservations: the right to use a place of a bench, asked of whoever gives it.

A host that has its boards alone asks its kernel (`hardware_runner.lease`); a farm of several hosts
asks labgrid's coordinator (`hardware_runner.labgrid`), and its own kernel as well, so that whoever
holds a board here is seen here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hardware_runner.bench import Bench, NetworkConsole
from hardware_runner.labgrid import SCHEME, Labgrid
from hardware_runner.lease import Lease, take_any


class Held(Protocol):
    """A place that is held. It may be given back by any thread, and twice; that never raises."""

    @property
    def place(self) -> str:
        """Return its name."""

    @property
    def console(self) -> NetworkConsole | None:
        """Return where its line is, if whoever gave the place knows that."""

    @property
    def lost(self) -> str:
        """Say why it is no longer held, as far as is known now; "" while it is."""

    def look(self) -> str:
        """Ask whether it is still held, and return `lost`. Takes seconds at most."""

    def release(self) -> None:
        """Give it back."""


class Reservations(Protocol):
    """Who gives places."""

    @property
    def slack_s(self) -> float:
        """Return how much longer than its time-out a wait for a place may take."""

    def take_any(
        self, places: Sequence[str], *, timeout_s: float, called_off: Callable[[], bool]
    ) -> Held:
        """Hold the first of these places that is free, or comes free.

        Raises:
            BoardBusy: none did in time, or it was called off; says who holds them.
            BoardTrouble, ToolMissing: nobody could be asked.
        """


@dataclass(frozen=True, slots=True)
class Flock:
    """The kernel's locks of this host."""

    folder: Path
    slack_s: float = 0.0

    def take_any(
        self, places: Sequence[str], *, timeout_s: float, called_off: Callable[[], bool]
    ) -> Held:
        """Hold the first of these places that is free, or comes free."""
        return _Locked(
            take_any(places, timeout_s=timeout_s, lock_dir=self.folder, called_off=called_off)
        )


@dataclass(frozen=True, slots=True)
class _Locked:
    """A lock of the kernel, which nobody can take away."""

    lease: Lease
    console: NetworkConsole | None = None
    lost: str = ""

    @property
    def place(self) -> str:
        return self.lease.board

    def look(self) -> str:
        return ""

    def release(self) -> None:
        self.lease.release()


def reservations_of(bench: Bench, folder: Path) -> Reservations:
    """Return who gives the places of a bench; `folder` holds this host's locks."""
    if bench.reservation.startswith(SCHEME):
        return Labgrid(bench.reservation.removeprefix(SCHEME), folder)
    return Flock(folder)


@contextlib.contextmanager
def reserved(bench: Bench, place: str, folder: Path, timeout_s: float) -> Iterator[Held]:
    """Hold one place while the context lasts.

    Raises:
        BoardBusy: it did not come free in time.
        BoardTrouble, ToolMissing: nobody could be asked.
    """
    held = reservations_of(bench, folder).take_any(
        [place], timeout_s=timeout_s, called_off=lambda: False
    )
    try:
        yield held
    finally:
        held.release()
