"""Which probe, port and part a tool is told; never whichever comes first."""

from __future__ import annotations

from hardware_runner.bench import Place, SerialConsole, Usb
from hardware_runner.board import Board
from hardware_runner.errors import BenchError


def probe_serial(place: Place, tool: str) -> str:
    """Return the serial number of the place's probe.

    Raises:
        BenchError: there is none, so that another board's probe could be meant.
    """
    if place.probe is not None and place.probe.serial:
        return place.probe.serial
    raise BenchError(
        f"The place {place.name!r} names no serial number of its probe, so {tool} could write "
        "into another board: add `serial` to its `probe` in bench.toml, or enrol it again with "
        "`boardwright bench enroll`."
    )


def probe(place: Place, tool: str) -> Usb:
    """Return the place's probe, with a serial number or, for want of one, a location.

    Raises:
        BenchError: it has neither.
    """
    if place.probe is not None and place.probe.location and not place.probe.serial:
        return place.probe
    probe_serial(place, tool)
    assert place.probe is not None  # noqa: S101, or else refused
    return place.probe


def own_port(place: Place, tool: str) -> SerialConsole:
    """Return the serial port over which a boot loader is spoken to: the probe's, or the console's.

    Raises:
        BenchError: the place has no serial port on USB.
    """
    console = place.console if isinstance(place.console, SerialConsole) else None
    if place.probe is not None and (console is None or not _is_same(place.probe, console)):
        return SerialConsole(**place.probe.model_dump())
    if console is not None:
        return console
    raise BenchError(
        f"The place {place.name!r} has no serial port, over which {tool} writes: add "
        '`console = {kind = "serial", ...}` to it in bench.toml.'
    )


def _is_same(one: Usb, other: Usb) -> bool:
    return (one.vendor, one.product, one.serial) == (other.vendor, other.product, other.serial)


def target_of(board: Board, tool: str, guess: str = "") -> str:
    """Return what a tool calls the board's part.

    Raises:
        BenchError: it is the tool of another kind of board.
    """
    target = board.target if board.flasher == tool else guess
    if target:
        return target
    usual = f"; {board.flasher} does" if board.flasher else ""
    raise BenchError(
        f"{tool} does not know the part of {board.name} ({board.part}){usual}: change `flasher` "
        "in bench.toml."
    )
