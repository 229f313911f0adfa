"""avrdude: AVR boards over their boot loader, or over a programmer on USB.

A board's target is `PROGRAMMER:PART`, such as "arduino:m328p".

Source: avrdude(1) of 7.1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hardware_runner.bench import Place, SerialConsole
from hardware_runner.board import Board, ImageKind
from hardware_runner.consoles.ports import ListPorts, find_port, list_serial_ports
from hardware_runner.errors import BenchError
from hardware_runner.tools.causes import NO_LOADER, PORT, USB, VERIFY_FAILED, WRONG_CHIP
from hardware_runner.tools.choice import own_port, target_of
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import FLASH_TIMEOUT_S, RESET_TIMEOUT_S, Cause, Program, run

PROGRAM = Program(
    "avrdude", "apt-get install --no-install-recommends avrdude", executable="avrdude"
)
CAUSES = (
    *PORT,
    *USB,
    Cause(r"expected signature|double check chip|invalid device signature", WRONG_CHIP),
    Cause(r"verification (mismatch|error)|content mismatch", VERIFY_FAILED),
    Cause(
        r"not in sync|not responding|did not respond|timeout|unable to open programmer"
        r"|initialization failed",
        NO_LOADER,
    ),
)


@dataclass(frozen=True, slots=True)
class AvrDude:
    """avrdude with the port of one board."""

    port: SerialConsole
    programmer: str
    part: str
    ports: ListPorts = list_serial_ports
    name: str = "avrdude"
    image: ImageKind = "hex"
    uses_console: bool = True
    reset_line: ResetLine = "dtr"
    flash_timeout_s: float = FLASH_TIMEOUT_S
    reset_timeout_s: float = RESET_TIMEOUT_S

    def version(self) -> str:
        """Return avrdude's version."""
        said = run(PROGRAM, ["-?"], timeout_s=self.reset_timeout_s, success="avrdude version")
        found = re.search(r"avrdude version ([^\s,]+)", said)
        return found[1] if found else "unknown"

    def flash(self, image: Image) -> None:
        """Write and verify; the boot loader then starts the firmware."""
        kind = {"hex": "i", "elf": "e", "bin": "r"}[image.kind]
        self._run(["-D", "-U", f"flash:w:{image.path.resolve()}:{kind}"], self.flash_timeout_s)

    def reset(self) -> None:
        """Reset the board by way of its boot loader."""
        self._run([], self.reset_timeout_s)

    def erase(self) -> None:
        """Erase the chip where its programmer can; a boot loader keeps the flash as it is."""
        if self.programmer != "arduino":
            self._run(["-e"], self.flash_timeout_s)

    def _run(self, arguments: list[str], timeout_s: float) -> None:
        port = find_port(self.port, self.port.interface, ports=self.ports)
        at = ["-p", self.part, "-c", self.programmer, "-P", port.path, "-b", str(self.port.baud)]
        run(PROGRAM, [*at, *arguments], timeout_s=timeout_s, causes=CAUSES)


def make(place: Place, board: Board) -> AvrDude:
    """Return avrdude bound to a place. Raises BenchError."""
    programmer, colon, part = target_of(board, "avrdude").partition(":")
    if not colon:
        raise BenchError(f"The target of {board.name} must read PROGRAMMER:PART for avrdude.")
    return AvrDude(own_port(place, "avrdude"), programmer, part)
