"""Labgrid: places of a farm, given by labgrid's coordinator.

A place is reserved (so that who waits longest is next), acquired, watched while it is in use, and
given back. labgrid never takes a place from who acquired it: what a killed run held stays held
until a person releases it, and whoever waits is told how. The reservation is kept and renewed
meanwhile: where a person takes the place away, nobody else gets it before this run saw that, or
before labgrid's minute without renewal is over.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from hardware_runner.bench import NetworkConsole
from hardware_runner.errors import BoardBusy, RunnerError, ToolFailed, ToolLate
from hardware_runner.labgrid_client import (
    ACQUIRED,
    ALLOCATED,
    CALL_TIMEOUT_S,
    Client,
    console_of,
    holder_of,
)
from hardware_runner.lease import Lease, take_any

SCHEME = "labgrid://"

LOOK_EVERY_S = 20.0
"""How often a reservation is renewed, which labgrid ends after 60 s without."""

SILENCE_S = 60.0
"""How long the coordinator may be away before a run is ended: what it forgot, others may take."""

_SLICE_S = 8.0
_CALLS = 5  # that may come between the end of a wait and its message


@dataclass(frozen=True, slots=True)
class Labgrid:
    """The coordinator at `address`; `folder` holds this host's own locks, which are taken too."""

    address: str
    folder: Path
    look_every_s: float = LOOK_EVERY_S
    slack_s: float = _CALLS * CALL_TIMEOUT_S

    def take_any(
        self, places: Sequence[str], *, timeout_s: float, called_off: Callable[[], bool]
    ) -> LabgridPlace:
        """Hold the first of these places that is free, or comes free.

        Raises:
            BoardBusy: none did in time, or it was called off; says who holds them.
            ToolFailed, ToolMissing: the coordinator does not answer, or its program is missing.
            BenchError: labgrid has no place of this name.
        """
        deadline = time.monotonic() + timeout_s
        client = Client(self.address, f"boardwright-{os.getpid()}-{secrets.token_hex(3)}")
        with contextlib.ExitStack() as undo:
            tokens: dict[str, str] = {}
            place = ""
            for name in places:
                tokens[name], state = client.reserve(name)
                undo.callback(_quietly, client.cancel, tokens[name])
                if state == ALLOCATED:
                    place = name
                    break
                client.show(name)  # or it would be waited for in vain
            place = place or self._await(client, tokens, deadline, called_off)
            if not place:
                raise BoardBusy(self._busy(client, places, timeout_s))
            client.acquire(tokens[place])
            shown = client.show(place)
            undo.callback(_quietly, client.release, place, holder_of(shown))
            left_s = max(0.0, deadline - time.monotonic())
            lease = take_any([place], timeout_s=left_s, lock_dir=self.folder, called_off=called_off)
            undo.callback(lease.release)
            console = console_of(shown, place)
            undo.pop_all()
        for name, token in tokens.items():
            if name != place:
                _quietly(client.cancel, token)
        return LabgridPlace(
            client, tokens[place], holder_of(shown), lease, console, self.look_every_s
        )

    def _await(
        self,
        client: Client,
        tokens: dict[str, str],
        deadline: float,
        called_off: Callable[[], bool],
    ) -> str:
        """Return the first place that a reservation is given, or "" where none is in time."""
        for place, token in itertools.cycle(tokens.items()):
            left_s = deadline - time.monotonic()
            if left_s <= 0 or called_off():
                return ""
            with contextlib.suppress(ToolLate):
                if client.wait(token, min(_SLICE_S, left_s)) == ALLOCATED:
                    return place
        return ""

    def _busy(self, client: Client, places: Sequence[str], timeout_s: float) -> str:
        told = []
        for place in places:
            who = holder_of(client.show(place)) or "somebody who reserved it"
            told.append(
                f"The place {place} is held by {who} in labgrid, and did not come free within "
                f"{timeout_s:g} s. Wait, or allow more time; where that run is gone for good, "
                "labgrid keeps the place until a person gives it back: labgrid-client "
                f"--coordinator {self.address} --place {place} release --kick "
                "(it is free a minute later)"
            )
        return ". ".join(told) + "."


class LabgridPlace:
    """A place that was acquired; a thread renews its reservation and sees where it is lost."""

    def __init__(
        self,
        client: Client,
        token: str,
        holder: str,
        lease: Lease,
        console: NetworkConsole | None,
        look_every_s: float,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.place = lease.board
        self.console = console
        self.lost = ""
        self._client = client
        self._token = token
        self._holder = holder
        self._lease = lease
        self._look_every_s = look_every_s
        self._now = now
        self._answered = now()
        self._ended = threading.Event()
        self._asking = threading.Lock()
        self._thread = threading.Thread(target=self._renew, daemon=True, name=f"renew {self.place}")
        self._thread.start()

    def look(self) -> str:
        """Renew the reservation, see whether the place is still held, and return `lost`."""
        with self._asking:
            if self.lost or self._ended.is_set():
                return self.lost
            try:
                state = self._client.wait(self._token)
            except (ToolFailed, OSError) as failed:  # OSError: this machine's disk is full, say
                gone = "does not exist" in str(failed)  # the coordinator began anew
                if gone or self._now() - self._answered > SILENCE_S:
                    self.lost = f"The place {self.place} is no longer known to be held: {failed}"
            except RunnerError as error:
                self.lost = f"The place {self.place} is no longer known to be held: {error}"
            else:
                self._answered = self._now()
                if state != ACQUIRED:
                    self.lost = (
                        f"Somebody took the place {self.place} away in labgrid while it was in "
                        f"use ({self._holder} had it): ask at the bench, then run it again."
                    )
            return self.lost

    def release(self) -> None:
        """Give the place back."""
        if self._ended.is_set():
            return
        self._ended.set()
        _quietly(self._client.release, self.place, self._holder)
        _quietly(self._client.cancel, self._token)
        self._lease.release()

    def _renew(self) -> None:
        while not self._ended.wait(self._look_every_s) and not self.look():
            pass


def _quietly(act: Callable[..., None], *arguments: str) -> None:
    """Give back what can be given back; what cannot, labgrid's own status shows."""
    with contextlib.suppress(RunnerError, OSError):
        act(*arguments)
