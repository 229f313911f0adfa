"""picotool: the RP2040 in its boot ROM.

Every RP2040's boot ROM tells the same serial number, so a board is chosen by bus and address, read
from the kernel just before, at the location where the board is plugged in.

Source: picotool, README.md, "Usage" (target selection, load, erase, reboot).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hardware_runner.bench import Place
from hardware_runner.board import Board, ImageKind
from hardware_runner.tools.boot_loader import Socket, socket_of
from hardware_runner.tools.causes import NO_LOADER, USB, VERIFY_FAILED, WRONG_CHIP
from hardware_runner.tools.choice import probe
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import FLASH_TIMEOUT_S, RESET_TIMEOUT_S, Cause, Program, run

PROGRAM = Program(
    "picotool",
    "apt-get install picotool (Debian 13 and later), or build github.com/raspberrypi/picotool",
    executable="picotool",
)
CAUSES = (
    *USB,
    Cause(r"unable to connect|sudo", USB[0].meaning),
    Cause(r"the loaded .*not verify|verif\w* fail|differs? from|mismatch", VERIFY_FAILED),
    Cause(r"family id .*cannot|not a valid .*rp2040|wrong family", WRONG_CHIP),
    Cause(r"no accessible|no rp.*found|not.* in bootsel", NO_LOADER),
)


@dataclass(frozen=True, slots=True)
class PicoTool:
    """picotool with one board."""

    socket: Socket
    name: str = "picotool"
    image: ImageKind = "uf2"
    uses_console: bool = True
    reset_line: ResetLine = "none"
    flash_timeout_s: float = FLASH_TIMEOUT_S
    reset_timeout_s: float = RESET_TIMEOUT_S

    def version(self) -> str:
        """Return picotool's version."""
        said = run(PROGRAM, ["version"], timeout_s=self.reset_timeout_s)
        found = re.search(r"v?(\d+\.\d+\S*)", said)
        return found[1] if found else "unknown"

    def flash(self, image: Image) -> None:
        """Write, verify and start."""
        path = str(image.path.resolve())
        self._run(["load", "--verify", "--execute", path], self.flash_timeout_s)

    def reset(self) -> None:
        """Start the program anew, by way of the boot ROM."""
        self._run(["reboot", "--application"], self.reset_timeout_s)

    def erase(self) -> None:
        """Erase the whole flash; the board stays in its boot ROM."""
        self._run(["erase", "--all"], self.flash_timeout_s)

    def _run(self, arguments: list[str], timeout_s: float) -> None:
        PROGRAM.command()  # missing: said before the board is disturbed
        loader = self.socket.enter()
        at = ["--bus", str(loader.bus), "--address", str(loader.address)]
        run(PROGRAM, [*arguments, *at], timeout_s=timeout_s, causes=CAUSES)


def make(place: Place, board: Board) -> PicoTool:
    """Return picotool bound to a place. Raises BenchError."""
    return PicoTool(socket_of(probe(place, "picotool"), board))
