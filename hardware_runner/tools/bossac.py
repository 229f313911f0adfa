"""BOSSA's bossac: Arduino boards with SAM-BA's boot loader.

Its boards are the SAM families; the nRF52840 of the Nano 33 BLE needs the build that comes with
Arduino's core, whose name may be given by BOARDWRIGHT_BOSSAC.

Source: `bossac --help` of 1.9.1.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from hardware_runner.bench import Place
from hardware_runner.board import Board, ImageKind
from hardware_runner.tools.boot_loader import Socket, socket_of
from hardware_runner.tools.causes import NO_LOADER, PORT, VERIFY_FAILED, WRONG_CHIP
from hardware_runner.tools.choice import own_port, target_of
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import FLASH_TIMEOUT_S, RESET_TIMEOUT_S, Cause, Program, run

CAUSES = (
    *PORT,
    Cause(r"verify failed", VERIFY_FAILED),
    Cause(
        r"device unsupported|unsupported device",
        f"{WRONG_CHIP} For an nRF52840, set BOARDWRIGHT_BOSSAC to the bossac of Arduino's core.",
    ),
    Cause(r"no device found|sam-ba operation failed|failed to open port", NO_LOADER),
)


def program() -> Program:
    """Return Debian's bossac, or the one that the environment names."""
    return Program(
        "bossac",
        "apt-get install --no-install-recommends bossa-cli",
        executable=os.environ.get("BOARDWRIGHT_BOSSAC", "bossac"),
    )


@dataclass(frozen=True, slots=True)
class Bossac:
    """bossac with one board; `offset` is where its boot loader ends."""

    socket: Socket
    offset: str
    name: str = "bossac"
    image: ImageKind = "bin"
    uses_console: bool = True
    reset_line: ResetLine = "none"
    flash_timeout_s: float = FLASH_TIMEOUT_S
    reset_timeout_s: float = RESET_TIMEOUT_S

    def version(self) -> str:
        """Return bossac's version."""
        # It has no option for it, and ends with 1 after its help.
        said = run(program(), ["--help"], timeout_s=self.reset_timeout_s, success="BOSSA")
        found = re.search(r"\(BOSSA\) Version (\S+)", said)
        return found[1] if found else "unknown"

    def flash(self, image: Image) -> None:
        """Erase behind the boot loader, write, verify and reset."""
        path = str(image.path.resolve())
        self._run(["-e", "-w", "-v", "-R", path], self.flash_timeout_s)

    def reset(self) -> None:
        """Reset the board by way of its boot loader."""
        self._run(["-R"], self.reset_timeout_s)

    def erase(self) -> None:
        """Erase behind the boot loader; the board stays in it."""
        self._run(["-e"], self.flash_timeout_s)

    def _run(self, arguments: list[str], timeout_s: float) -> None:
        tool = program()
        tool.command()  # missing: said before the board is disturbed
        port = self.socket.port(self.socket.enter()).path.removeprefix("/dev/")
        at = [f"--port={port}", "--usb-port=1", f"--offset={self.offset}"]
        run(tool, [*at, *arguments], timeout_s=timeout_s, causes=CAUSES)


def make(place: Place, board: Board) -> Bossac:
    """Return bossac bound to a place. Raises BenchError."""
    socket = socket_of(own_port(place, "bossac"), board)
    return Bossac(socket, target_of(board, "bossac"))
