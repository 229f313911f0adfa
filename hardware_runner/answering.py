"""Ask a place who is there: by its console, and by its tool. Nothing is written into flash."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path

from hardware_runner.bench import ConsoleAt, Place
from hardware_runner.boards import find_board
from hardware_runner.consoles import open_at
from hardware_runner.consoles.ports import ListPorts, list_serial_ports
from hardware_runner.errors import NoReset, RunnerError, WrongFirmware
from hardware_runner.gear import EMULATED
from hardware_runner.messages import Identity
from hardware_runner.session import Session
from hardware_runner.tools import make_flasher
from hardware_runner.tools.flasher import Flasher
from hardware_runner.usb import SYS, UsbDevice, list_devices

ANSWER_S = 3.0


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether a board is well, and by what that was seen."""

    is_proven: bool
    how: str


def ask(
    console: ConsoleAt, *, timeout_s: float = ANSWER_S, ports: ListPorts = list_serial_ports
) -> Identity:
    """Return what firmware of ours answers behind a console.

    Raises:
        RunnerError, OSError, ValueError: none does, or the line does not open.
    """
    line = open_at(console, write_timeout_s=timeout_s, reopen_for_s=0.0, ports=ports)
    with contextlib.closing(line):
        return Session(line, response_timeout_s=timeout_s).identify()


def prove_well(
    place: Place,
    *,
    flasher: Flasher | None = None,
    timeout_s: float = ANSWER_S,
    ports: ListPorts = list_serial_ports,
    sys: Path = SYS,
) -> Proof:
    """Reset a board and see whether it answers; whoever calls it holds its lease.

    Where no firmware of ours is there any more, the tool must be able to erase and reset it; where
    it has no reset, the device must be plugged in, and the next run writes it anew.
    """
    if place.flasher == EMULATED:
        return Proof(True, "it is emulated, and made anew for each run")
    try:
        tool = flasher or make_flasher(place, find_board(place.board))
        with contextlib.suppress(NoReset):
            tool.reset()
    except RunnerError as trouble:
        return Proof(False, f"{place.flasher} cannot reset it: {trouble}")
    silence = ""
    if place.console is not None:
        try:
            identity = ask(place.console, timeout_s=timeout_s, ports=ports)
            _refuse_another(place, identity)
            return Proof(True, f"{identity.board} with build {identity.build_id} answered")
        except WrongFirmware as trouble:
            return Proof(False, str(trouble))
        except (RunnerError, OSError, ValueError) as trouble:
            silence = f"{trouble} "
    return _ruled(place, tool, silence, sys)


def _ruled(place: Place, tool: Flasher, silence: str, sys: Path) -> Proof:
    """Say whether the tool rules a board that does not answer."""
    try:
        tool.erase()
        tool.reset()
    except NoReset as trouble:
        there = _device_of(place, sys)
        if there is None:
            return Proof(False, f"{silence}{trouble} It is not plugged in.")
        return Proof(True, f"{there} is plugged in, and the next run writes it anew")
    except RunnerError as trouble:
        return Proof(False, f"{silence}{place.flasher} cannot erase it: {trouble}")
    return Proof(True, f"{place.flasher} found it, reset it and erased its firmware")


def _device_of(place: Place, sys: Path) -> UsbDevice | None:
    """Return what is in the board's socket: the board, or its boot loader under other ids."""
    at = place.probe
    if at is None:
        return None
    same = (d for d in list_devices(sys) if (at.serial and d.serial == at.serial)
            or (at.location and d.location == at.location))  # fmt: skip
    return next(same, None)


def _refuse_another(place: Place, identity: Identity) -> None:
    if identity.board != find_board(place.board).name:
        raise WrongFirmware(
            f"{identity.board[:40]!r} answers at the place {place.name}, and not {place.board}: "
            "correct `console` in bench.toml, or the cable."
        )
