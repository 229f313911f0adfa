"""Enrolment: find the boards of this machine, learn who they are, and prove that they obey.

Nothing is written into a board unless a person brings a firmware for it. What cannot be known is
asked of a person by whoever calls this.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from hardware_runner.answering import ANSWER_S, ask
from hardware_runner.attached import start_attached
from hardware_runner.bench import Bench, HubPower, Place, SerialConsole, Usb
from hardware_runner.board import Board
from hardware_runner.boards import BOARDS
from hardware_runner.build import Firmware
from hardware_runner.bundle import Bundle
from hardware_runner.consoles.ports import ListPorts, find_port, list_serial_ports
from hardware_runner.errors import BenchError, NoReset, RunnerError
from hardware_runner.gear import EMULATED
from hardware_runner.machine import Machine
from hardware_runner.power.uhubctl import HubPort, Proof, prove
from hardware_runner.recovery import prove_answers
from hardware_runner.tools import make_flasher
from hardware_runner.tools.flasher import Flasher, Image
from hardware_runner.usb import SYS, UsbDevice, list_devices

INFO = "INFO_UF2.TXT"
DEBUG_PROBE = ("2e8a", "000c")
"""The Raspberry Pi Debug Probe. Source: github.com/raspberrypi/usb-pid."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What enrolment looks at and uses; tests bring their own."""

    sys: Path = SYS
    mounts: Path = Path("/proc/mounts")
    ports: ListPorts = list_serial_ports
    answer_s: float = ANSWER_S
    flasher: Callable[[Place, Board], Flasher] = make_flasher
    start: Callable[[Place, Board, Image, Firmware], Machine] = start_attached
    prove_power: Callable[[HubPort], Proof] = prove


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device that may be a board: which ones it could be, and what it said of itself."""

    device: UsbDevice
    boards: tuple[Board, ...]
    console: SerialConsole | None = None
    answer: str = ""  # for people: who answered, or why nobody did

    @property
    def board(self) -> Board | None:
        """Return which board it is, where there is no doubt."""
        return self.boards[0] if len(self.boards) == 1 else None


@dataclass(frozen=True, slots=True)
class Uf2Drive:
    """A board that shows itself as a drive and waits for a firmware. Source: UF2, INFO_UF2.TXT."""

    folder: Path
    model: str


@dataclass(frozen=True, slots=True)
class Found:
    """All that is there and not on the bench yet; `others` are devices that nobody knows."""

    sightings: tuple[Sighting, ...]
    drives: tuple[Uf2Drive, ...]
    others: tuple[UsbDevice, ...]
    known: tuple[UsbDevice, ...] = field(default=())


def look(bench: Bench | None, around: Surroundings | None = None) -> Found:
    """Find boards and probes that are plugged in; ask each console for our firmware."""
    around = around or Surroundings()
    sightings, others, known = [], [], []
    places = () if bench is None else bench.places
    for device in list_devices(around.sys):
        if any(_is_at(place, device) for place in places):
            known.append(device)
        elif boards := _boards_of(device):
            sightings.append(_ask(device, boards, around))
        else:
            others.append(device)
    drives = tuple(_drives(around.mounts))
    return Found(tuple(sightings), drives, tuple(others), tuple(known))


def draft(
    sighting: Sighting, board: Board, taken: Collection[str], *, tags: Sequence[str] = ()
) -> Place:
    """Return the place of a device, under a name that is not taken."""
    device = sighting.device
    return Place(
        name=free_name(board.name, taken),
        board=board.name,
        flasher=_tool(device, board),
        probe=_usb(device),
        console=sighting.console,
        tags=tuple(tags),
    )


def emulated(board: Board, taken: Collection[str]) -> Place:
    """Return a place for an emulated board.

    Raises:
        BenchError: nothing emulates it.
    """
    if board.machine is None:
        raise BenchError(
            f"Nothing emulates {board.name}: plug one in, or name a board whose `verified by` is "
            "emulator in `boardwright boards`."
        )
    return Place(name=free_name(board.name, taken), board=board.name, flasher=EMULATED)


def free_name(wanted: str, taken: Collection[str]) -> str:
    """Return the name, or the first of it with a number that is not taken."""
    number, name = 1, wanted
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def prove_reset(place: Place, board: Board, around: Surroundings | None = None) -> str:
    """Reset a board by its tool; return what that showed.

    Raises:
        RunnerError: the tool does not reset it; says why.
    """
    around = around or Surroundings()
    flasher = around.flasher(place, board)
    try:
        flasher.reset()
    except NoReset:
        return f"{flasher.name} {flasher.version()} has no reset; its first run will prove it"
    return f"{flasher.name} {flasher.version()} reset it"


def prove_firmware(
    place: Place, board: Board, bundle: Bundle, around: Surroundings | None = None
) -> str:
    """Write a bundle's firmware into a board and hear it answer; return what that showed.

    Raises:
        RunnerError: there is none for this board, or it does not come to an answer.
    """
    around = around or Surroundings()
    firmware = bundle.firmware(board.name)
    machine = around.start(place, board, bundle.image(board.name), firmware)
    try:
        machine.resume()
        prove_answers(machine, firmware, around.answer_s)
    finally:
        machine.close()
    return f"took a firmware and answered with build {firmware.build_id}"


def with_power(
    place: Place, location: str, port: int, today: date, around: Surroundings | None = None
) -> tuple[Place, str]:
    """Return the place with its switch, proven or not, and what the proof showed."""
    around = around or Surroundings()
    power = HubPower(kind="uhubctl", location=location, port=port)
    try:
        proof = around.prove_power(HubPort(location, port))
    except RunnerError as trouble:
        proof = Proof(False, str(trouble))
    power = power.model_copy(update={"proven": today if proof.is_proven else None})
    return place.model_copy(update={"power": power}), proof.reason


def _tool(device: UsbDevice, board: Board) -> str:
    """Return what writes the board: its own tool, unless a debug probe stands before it."""
    is_probe = (device.vendor, device.product) == DEBUG_PROBE
    return "openocd" if is_probe and board.flasher not in ("openocd", "pyocd") else board.flasher


def _boards_of(device: UsbDevice) -> tuple[Board, ...]:
    ids = (int(device.vendor, 16), int(device.product, 16))
    return tuple(b for b in BOARDS.values() if ids in {(u.vendor, u.product) for u in b.usb})


def _ask(device: UsbDevice, boards: tuple[Board, ...], around: Surroundings) -> Sighting:
    at = _usb(device)
    try:
        find_port(at, ports=around.ports)
    except RunnerError as trouble:
        return Sighting(device, boards, None, f"it has no console: {_first_sentence(trouble)}")
    console = SerialConsole(**at.model_dump())
    try:
        identity = ask(console, timeout_s=around.answer_s, ports=around.ports)
    except (RunnerError, OSError, ValueError) as trouble:
        why = f"no firmware of ours answered: {_first_sentence(trouble)}"
        return Sighting(device, boards, console, why)
    named = tuple(board for board in boards if board.name == identity.board)
    if not named:
        return Sighting(
            device, boards, console, f"{identity.board[:40]!r} answered, which it cannot be"
        )
    return Sighting(device, named, console, f"{identity.board} answered")


def _is_at(place: Place, device: UsbDevice) -> bool:
    parts = [place.probe, place.console if isinstance(place.console, SerialConsole) else None]
    return any(
        (usb.vendor, usb.product) == (device.vendor, device.product)
        and (usb.serial or device.serial).casefold() == device.serial.casefold()
        and (not usb.location or usb.location == device.location)
        for usb in parts
        if usb is not None
    )


def _usb(device: UsbDevice) -> Usb:
    location = "" if device.serial else device.location
    return Usb(
        vendor=device.vendor, product=device.product, serial=device.serial, location=location
    )


def _drives(mounts: Path) -> Iterator[Uf2Drive]:
    try:
        lines = mounts.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        device, mounted, kind, *_ = [*line.split(), "", "", ""]
        if not device.startswith("/dev/") or kind not in ("vfat", "msdos", "exfat"):
            continue
        folder = Path(mounted.replace("\\040", " "))  # proc(5): a space in octal
        try:
            with (folder / INFO).open(encoding="utf-8", errors="replace") as file:
                said = file.read(4096)
        except OSError:
            continue
        model = next((x for x in said.splitlines() if x.lower().startswith("model:")), "")
        yield Uf2Drive(folder, model.partition(":")[2].strip()[:80])


def _first_sentence(trouble: BaseException) -> str:
    return str(trouble).split(". ")[0].rstrip(".")
