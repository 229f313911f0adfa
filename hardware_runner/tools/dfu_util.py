"""dfu-util: boards whose boot loader speaks USB's DFU, with ST's extension.

Source: dfu-util(1) of 0.11.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hardware_runner.bench import Place
from hardware_runner.board import Board, ImageKind
from hardware_runner.errors import NoReset
from hardware_runner.tools.boot_loader import Socket, socket_of
from hardware_runner.tools.causes import NO_LOADER, USB, VERIFY_FAILED, WRONG_CHIP
from hardware_runner.tools.choice import probe, target_of
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import FLASH_TIMEOUT_S, RESET_TIMEOUT_S, Cause, Program, run

PROGRAM = Program(
    "dfu-util", "apt-get install --no-install-recommends dfu-util", executable="dfu-util"
)
CAUSES = (
    *USB,
    Cause(r"does not match device|vendor-specific test", WRONG_CHIP),
    Cause(r"failed verification|erase check failed|write.*protected", VERIFY_FAILED),
    Cause(r"no dfu capable|more than one dfu|lost device", NO_LOADER),
)


@dataclass(frozen=True, slots=True)
class DfuUtil:
    """dfu-util with one board; `address` is where its firmware begins."""

    socket: Socket
    address: str
    name: str = "dfu-util"
    image: ImageKind = "bin"
    uses_console: bool = True
    reset_line: ResetLine = "none"
    flash_timeout_s: float = FLASH_TIMEOUT_S
    reset_timeout_s: float = RESET_TIMEOUT_S

    def version(self) -> str:
        """Return dfu-util's version."""
        said = run(PROGRAM, ["--version"], timeout_s=self.reset_timeout_s)
        found = re.search(r"dfu-util (\S+)", said)
        return found[1] if found else "unknown"

    def flash(self, image: Image) -> None:
        """Write and start; what the boot loader reports is the only verification."""
        PROGRAM.command()  # missing: said before the board is disturbed
        loader = self.socket.enter()
        at = ["--device", f",{loader.vendor}:{loader.product}", "--path", loader.location]
        if loader.serial:
            at += ["--serial", f",{loader.serial}"]
        what = ["--alt", "0", "--dfuse-address", f"{self.address}:leave"]
        path = str(image.path.resolve())
        # A board that leaves for its firmware often cannot say farewell, and then the code is 74.
        run(
            PROGRAM,
            [*at, *what, "--download", path],
            timeout_s=self.flash_timeout_s,
            causes=CAUSES,
            success=r"File downloaded successfully",
        )

    def reset(self) -> None:
        """Refuse: DFU knows no reset of a firmware that runs."""
        raise NoReset("dfu-util cannot reset a board whose firmware runs: flash it again.")

    def erase(self) -> None:
        """Do nothing: DFU erases only what it writes."""


def make(place: Place, board: Board) -> DfuUtil:
    """Return dfu-util bound to a place. Raises BenchError."""
    socket = socket_of(probe(place, "dfu-util"), board)
    address = target_of(board, "dfu-util", f"{board.flash_origin:#010x}")
    return DfuUtil(socket, address)
