"""Ask a place who is there: by its console, and by its tool. Nothing is written into flash."""

from __future__ import annotations

from dataclasses import dataclass

from hardware_runner.bench import ConsoleAt, Place
from hardware_runner.boards import find_board
from hardware_runner.consoles import line_at
from hardware_runner.consoles.ports import ListPorts, list_serial_ports
from hardware_runner.errors import RunnerError, WrongFirmware
from hardware_runner.gear import EMULATED
from hardware_runner.messages import Identity
from hardware_runner.session import Session
from hardware_runner.tools import make_flasher
from hardware_runner.tools.flasher import Flasher

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
    line = line_at(console, write_timeout_s=timeout_s, reopen_for_s=0.0, ports=ports)
    line.open()
    try:
        return Session(line, response_timeout_s=timeout_s).identify()
    finally:
        line.close()


def prove_well(
    place: Place,
    *,
    flasher: Flasher | None = None,
    timeout_s: float = ANSWER_S,
    ports: ListPorts = list_serial_ports,
) -> Proof:
    """Reset a board and see whether it answers; whoever calls it holds its lease.

    Where no firmware of ours is there any more, the tool must be able to erase and reset it.
    """
    if place.flasher == EMULATED:
        return Proof(True, "it is emulated, and made anew for each run")
    tried = []
    try:
        flasher = flasher or make_flasher(place, find_board(place.board))
        flasher.reset()
    except RunnerError as trouble:
        return Proof(False, f"{place.flasher} cannot reset it: {trouble}")
    if place.console is not None:
        try:
            identity = ask(place.console, timeout_s=timeout_s, ports=ports)
            _refuse_another(place, identity)
            return Proof(True, f"{identity.board} with build {identity.build_id} answered")
        except WrongFirmware as trouble:
            return Proof(False, str(trouble))
        except (RunnerError, OSError, ValueError) as trouble:
            tried.append(str(trouble))
    try:
        flasher.erase()
        flasher.reset()
    except RunnerError as trouble:
        return Proof(False, " ".join([*tried, f"{place.flasher} cannot erase it: {trouble}"]))
    return Proof(True, f"{place.flasher} found it, reset it and erased its firmware")


def _refuse_another(place: Place, identity: Identity) -> None:
    if identity.board != find_board(place.board).name:
        raise WrongFirmware(
            f"{identity.board[:40]!r} answers at the place {place.name}, and not {place.board}: "
            "correct `console` in bench.toml, or the cable."
        )
