"""AttachedBoard: a real board with probe and console, as a Machine."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hardware_runner import flashed
from hardware_runner.bench import Place
from hardware_runner.board import Board, Verified
from hardware_runner.build import Firmware
from hardware_runner.console import Console
from hardware_runner.consoles import line_at
from hardware_runner.consoles.line import Line
from hardware_runner.energy import make_meter
from hardware_runner.errors import BenchError, BoardDied, RunnerError
from hardware_runner.machine import Death, Machine
from hardware_runner.measure import start
from hardware_runner.session import Session
from hardware_runner.tools import make_flasher
from hardware_runner.tools.flasher import Flasher, Image

ASK_TIMEOUT_S = 2.5
"""What a firmware is given to say who it is, before it is written again."""

PULSE_S = 0.1


@dataclass(frozen=True, slots=True)
class Wiring:
    """What belongs to one board.

    `has_lines` says whether the console has modem lines; `memory` is the folder in which is noted
    what was written, None for this user's.
    """

    place: str
    flasher: Flasher
    line: Line
    has_lines: bool
    memory: Path | None = None
    sleep: Callable[[float], None] = time.sleep


class AttachedBoard:
    """A board on the bench with a firmware in its flash and an open console.

    The steps of a recovery are its methods, from the mildest on: `reopen`, `pulse_reset`,
    `reset`, `reflash`; what follows, power, is the switch's. After any of them the firmware runs
    from its reset, or, after `reopen`, where it was; the conversation begins anew with HELLO.
    All raise BoardTrouble or ToolMissing, and leave the console open where they can.
    """

    console: Console
    tools: Mapping[str, str]
    proves: Verified = "hardware"

    def __init__(self, wiring: Wiring, image: Image, firmware: Firmware) -> None:
        self.console = self._line = wiring.line
        self.tools = {wiring.flasher.name: wiring.flasher.version()}
        self.was_flashed = False
        self._wiring = wiring
        self._flasher = wiring.flasher
        self._image = image
        self._firmware = firmware
        self._is_fresh = False  # it was just reset by the flashing

    def prepare(self) -> None:
        """Bring the firmware into the flash, unless it is there, and open the console."""
        if not self._is_there():
            self.reflash()

    def resume(self) -> None:
        """Reset the board with its console open, unless the flashing has just done so."""
        fresh, self._is_fresh = self._is_fresh, False
        if self.pulse_reset():
            return
        if not (fresh and self._flasher.uses_console):
            self.reset()

    def reopen(self) -> None:
        """Close the console and open it again."""
        self._line.close()
        self._open()

    def pulse_reset(self) -> bool:
        """Reset by a modem line of the console; False where the board has none.

        Source: Espressif, "Boot Mode Selection", automatic boot loader (RTS to EN, DTR to IO0);
        Arduino Uno schematic (DTR over a capacitor to RESET).
        """
        line = self._flasher.reset_line
        if line == "none" or not self._wiring.has_lines:
            return False
        self._open_if_closed()
        with self._told("does not reset by its line"):
            self._line.dtr = False
            self._line.rts = line == "rts"
            self._wiring.sleep(PULSE_S)
            self._line.rts = False
            if line == "dtr":
                self._line.dtr = True
        return True

    def reset(self) -> None:
        """Reset by the tool, such as a debug probe; what the board says then is not lost."""
        if not self._flasher.uses_console:
            self._open_if_closed()
            self._flasher.reset()
            return
        self._line.close()
        try:
            self._flasher.reset()
        finally:
            self._open()

    def reflash(self) -> None:
        """Write the image, whatever is in the flash, and open the console."""
        self._line.close()
        flashed.forget(self._wiring.place, self._wiring.memory)
        self._flasher.flash(self._image)
        flashed.remember(self._wiring.place, self._image, self._wiring.memory)
        self.was_flashed = self._is_fresh = True
        self._open()

    def erase(self) -> None:
        """Erase the firmware, so that nobody finds it; the console is closed."""
        self._line.close()
        flashed.forget(self._wiring.place, self._wiring.memory)
        self._flasher.erase()

    def died(self, patience_s: float = 0.0) -> Death | None:
        """Say that the line is gone and did not come back, or None while it is there."""
        return Death(self._line.lost, by_firmware=False) if self._line.lost else None

    def busy_at(self) -> int | None:
        """Return None: a real core is not asked while it runs."""
        return None

    def close(self) -> None:
        """Close the console; the firmware stays."""
        self._line.close()

    def _is_there(self) -> bool:
        """Say whether this image was written last, and answers now, over the open console."""
        can_reset = not self._flasher.uses_console or (
            self._flasher.reset_line != "none" and self._wiring.has_lines
        )
        if not can_reset or not flashed.is_remembered(
            self._wiring.place, self._image, self._wiring.memory
        ):
            return False
        with suppress(RunnerError, OSError, ValueError):
            self._open_if_closed()
            session = Session(self.console, response_timeout_s=ASK_TIMEOUT_S, died=self.died)
            identity = session.identify()
            wanted = (self._firmware.board.name, self._firmware.build_id)
            return (identity.board, identity.build_id) == wanted
        return False

    def _open_if_closed(self) -> None:
        if not self._line.is_open or self._line.lost:
            self._open()

    def _open(self) -> None:
        with self._told("does not open"):
            self._line.open_soon()

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """Turn the system's error into one of the bench, with its cure."""
        try:
            yield
        except OSError as error:
            raise BoardDied(
                f"The console of {self._wiring.place} {what}: {error}. Close other programs that "
                "use it; `boardwright bench doctor` tells about rights and cables."
            ) from error


def start_attached(
    place: Place,
    board: Board,
    image: Image,
    firmware: Firmware,
    response_timeout_s: float = 10.0,
    *,
    flasher: Flasher | None = None,
    memory: Path | None = None,
) -> Machine:
    """Start the board of a place with a firmware in it; `resume` lets it run from its reset.

    Args:
        place: Where it is; an emulated one is started by its emulator.
        board: What it is.
        image: The firmware as the board's tool takes it.
        firmware: The same as it was built, which tells who will answer.
        response_timeout_s: Longest time for one write.
        flasher: What writes into it; None: the place's.
        memory: Where is noted what was written; None: this user's folder.

    Raises:
        BoardTrouble, ToolMissing.
    """
    if place.flasher == "qemu" and flasher is None:
        return start(board, firmware, response_timeout_s)
    if place.console is None:
        raise BenchError(
            f"The place {place.name!r} has no console: add `console` to it in bench.toml."
        )
    flasher = flasher or make_flasher(place, board)
    if (meter := make_meter(place)) is not None:
        meter.supply()
    line = line_at(place.console, write_timeout_s=response_timeout_s)
    has_lines = place.console.kind in ("serial", "rfc2217")
    wiring = Wiring(place.name, flasher, line, has_lines, memory)
    machine = AttachedBoard(wiring, _suited(image, flasher, firmware, place), firmware)
    try:
        machine.prepare()
    except BaseException:
        machine.close()
        raise
    return machine


def _suited(image: Image, flasher: Flasher, firmware: Firmware, place: Place) -> Image:
    """Return the image, or the ELF file where the place's tool takes that.

    Raises:
        BenchError: the tool takes neither.
    """
    if image.kind == flasher.image:
        return image
    if flasher.image == "elf":
        return replace(image, path=firmware.elf, kind="elf")
    raise BenchError(
        f"{flasher.name} takes .{flasher.image} files, and the firmware for {place.board} is "
        f".{image.kind}: change `flasher` of {place.name!r} in bench.toml."
    )
