"""stm32flash: STM32 parts over the boot loader in their ROM, on a UART.

How the part is brought into its boot loader is the wiring's: a board's target is the sequence of
modem lines for it, as `stm32flash -i` takes it, or "-" where BOOT0 is set by hand.

Source: stm32flash 0.7, `stm32flash -h`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hardware_runner.bench import Place, SerialConsole
from hardware_runner.board import Board, ImageKind
from hardware_runner.consoles.ports import ListPorts, find_port, list_serial_ports
from hardware_runner.tools.causes import NO_LOADER, PORT, PORT_CLOSED, VERIFY_FAILED
from hardware_runner.tools.choice import own_port, target_of
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import FLASH_TIMEOUT_S, RESET_TIMEOUT_S, Cause, Program, run

PROGRAM = Program(
    "stm32flash", "apt-get install --no-install-recommends stm32flash", executable="stm32flash"
)
CAUSES = (
    *PORT,
    Cause(r"failed to verify|write-protected|failed to write memory", VERIFY_FAILED),
    Cause(r"failed to init|unknown/unsupported device|failed to read ack", NO_LOADER),
    Cause(r"cannot handle device|failed to open port|error probing", PORT_CLOSED),
)


@dataclass(frozen=True, slots=True)
class Stm32Flash:
    """stm32flash with the port of one board; `lines` bring it into its boot loader."""

    port: SerialConsole
    lines: str
    ports: ListPorts = list_serial_ports
    name: str = "stm32flash"
    image: ImageKind = "bin"
    uses_console: bool = True
    reset_line: ResetLine = "none"
    flash_timeout_s: float = FLASH_TIMEOUT_S
    reset_timeout_s: float = RESET_TIMEOUT_S

    def version(self) -> str:
        """Return stm32flash's version."""
        # It says it only on the way to a device.
        said = run(PROGRAM, ["/dev/null"], timeout_s=self.reset_timeout_s, success="stm32flash")
        found = re.search(r"stm32flash (\d\S*)", said)
        return found[1] if found else "unknown"

    def flash(self, image: Image) -> None:
        """Write, verify and start."""
        where = f"{image.origin:#x}"
        path = str(image.path.resolve())
        self._run(["-S", where, "-w", path, "-v", "-g", where], self.flash_timeout_s)

    def reset(self) -> None:
        """Reset by the boot loader."""
        self._run(["-R"], self.reset_timeout_s)

    def erase(self) -> None:
        """Erase the whole flash."""
        self._run(["-o"], self.flash_timeout_s)

    def _run(self, arguments: list[str], timeout_s: float) -> None:
        port = find_port(self.port, self.port.interface, ports=self.ports)
        lines = [] if self.lines == "-" else ["-i", self.lines]
        at = ["-b", str(self.port.baud), *lines]
        run(PROGRAM, [*at, *arguments, port.path], timeout_s=timeout_s, causes=CAUSES)


def make(place: Place, board: Board) -> Stm32Flash:
    """Return stm32flash bound to a place. Raises BenchError."""
    guess = "-" if "stm32" in board.part.lower() else ""
    return Stm32Flash(own_port(place, "stm32flash"), target_of(board, "stm32flash", guess))
