"""esptool: Espressif's chips over their own port. It is run as a program: docs/decisions/0010.

Source: esptool 5.6, `esptool --help`, `esptool write-flash --help`, `cmds.py`, `loader.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hardware_runner.bench import Place, SerialConsole
from hardware_runner.board import Board, ImageKind
from hardware_runner.consoles.ports import ListPorts, find_port, list_serial_ports
from hardware_runner.tools.causes import NO_LOADER, PORT, VERIFY_FAILED, WRONG_CHIP
from hardware_runner.tools.choice import own_port, target_of
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import FLASH_TIMEOUT_S, RESET_TIMEOUT_S, Cause, Program, run

PROGRAM = Program("esptool", "pip install 'boardwright[esp]'", module="esptool")
CAUSES = (
    *PORT,
    Cause(r"this chip is .*not |wrong (--)?chip", WRONG_CHIP),
    Cause(r"md5 of file does not match|verif\w+ fail", VERIFY_FAILED),
    Cause(r"failed to connect|no serial data|wrong boot mode|timed out waiting", NO_LOADER),
    Cause(
        r"larger than detected flash size|goes past",
        "The module has less flash than the board's description says: check which one is attached.",
    ),
)
BAUD = 460_800
MAPPED = 0x3C00_0000
"""Below this lie offsets in the flash. Source: ESP32-S3 TRM, "System and Memory", address map."""


@dataclass(frozen=True, slots=True)
class EspTool:
    """esptool with the port of one board."""

    port: SerialConsole
    chip: str
    ports: ListPorts = list_serial_ports
    name: str = "esptool"
    image: ImageKind = "bin"
    uses_console: bool = True
    reset_line: ResetLine = "rts"
    flash_timeout_s: float = FLASH_TIMEOUT_S
    reset_timeout_s: float = RESET_TIMEOUT_S

    def version(self) -> str:
        """Return esptool's version."""
        said = run(PROGRAM, ["version"], timeout_s=self.reset_timeout_s)
        found = re.search(r"esptool v(\S+)", said)
        return found[1] if found else "unknown"

    def flash(self, image: Image) -> None:
        """Write, compare MD5 sums, and reset.

        An image whose origin is an address that the cache maps begins at the flash's begin.
        """
        path = str(image.path.resolve())
        offset = 0 if image.origin >= MAPPED else image.origin
        self._run(["write-flash", f"{offset:#x}", path], self.flash_timeout_s)

    def reset(self) -> None:
        """Reset the board through its boot loader."""
        self._run(["read-mac"], self.reset_timeout_s)

    def erase(self) -> None:
        """Erase the whole flash."""
        self._run(["erase-flash"], self.flash_timeout_s)

    def _run(self, command: list[str], timeout_s: float) -> None:
        port = find_port(self.port, self.port.interface, ports=self.ports)
        at = ["--chip", self.chip, "--port", port.path, "--baud", str(BAUD)]
        reset = ["--before", "default-reset", "--after", "hard-reset"]
        run(PROGRAM, [*at, *reset, *command], timeout_s=timeout_s, causes=CAUSES)


def make(place: Place, board: Board) -> EspTool:
    """Return esptool bound to a place. Raises BenchError."""
    return EspTool(own_port(place, "esptool"), target_of(board, "esptool"))
