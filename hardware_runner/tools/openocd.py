"""OpenOCD: boards behind ST-Links, J-Links, CMSIS-DAP probes and the USB-JTAG of Espressif's chips.

Its servers for GDB, telnet and Tcl are off, so that several can run at once.

Source: OpenOCD User's Guide 0.12, "Server Configuration", "Debug Adapter Configuration",
"Flash Commands" (`program`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from hardware_runner.bench import Place, Usb
from hardware_runner.board import Board, ImageKind
from hardware_runner.errors import BenchError
from hardware_runner.tools.causes import (
    NO_TARGET,
    PROBE_MISSING,
    USB,
    VERIFY_FAILED,
    WRONG_CHIP,
)
from hardware_runner.tools.choice import probe, target_of
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import FLASH_TIMEOUT_S, RESET_TIMEOUT_S, Cause, Program, run
from hardware_runner.tools.under_reset import or_under_reset

PROGRAM = Program(
    "OpenOCD", "apt-get install --no-install-recommends openocd", executable="openocd"
)
CAUSES = (
    *USB,
    Cause(r"verify failed|checksum mismatch|contents differ", VERIFY_FAILED),
    Cause(r"unexpected idcode|expected \d of \d|wrong device|cannot identify target", WRONG_CHIP),
    Cause(
        r"unable to connect to the target|cannot read idr|not halted|examination failed"
        r"|dpidr|mem-ap|init mode failed|target voltage|no response|jtag scan chain",
        NO_TARGET,
    ),
    Cause(
        r"open failed|no j-link device|invalid serial number|matching cmsis-dap|no device found",
        PROBE_MISSING,
    ),
)
UNDER_RESET = "reset_config srst_only srst_nogate connect_assert_srst"
SILENT = "gdb_port disabled; telnet_port disabled; tcl_port disabled"

_STLINK = ("interface/stlink.cfg", "")
_JLINK = ("interface/jlink.cfg", "transport select swd")
_CMSIS_DAP = ("interface/cmsis-dap.cfg", "transport select swd; adapter speed 2000")
_ESP = ("interface/esp_usb_jtag.cfg", "")
_PROBES = {
    "0483": _STLINK,
    "1366": _JLINK,
    "2e8a": _CMSIS_DAP,
    "0d28": _CMSIS_DAP,
    "03eb": _CMSIS_DAP,
    "c251": _CMSIS_DAP,
    "303a": _ESP,
}
_TARGETS = (
    *((f"stm32{family}", f"target/stm32{family}x.cfg") for family in ("f0", "f1", "f3", "f4")),
    *((f"stm32{family}", f"target/stm32{family}x.cfg") for family in ("f7", "g0", "g4", "h7")),
    ("stm32l0", "target/stm32l0.cfg"),
    ("stm32l4", "target/stm32l4x.cfg"),
    ("nrf52", "target/nrf52.cfg"),
    ("rp2040", "target/rp2040.cfg"),
    ("esp32s3", "target/esp32s3.cfg"),
)


@dataclass(frozen=True, slots=True)
class OpenOcd:
    """OpenOCD with one probe and one kind of chip."""

    probe: Usb
    interface: str
    setup: str
    target: str
    name: str = "openocd"
    image: ImageKind = "elf"
    uses_console: bool = False
    reset_line: ResetLine = "none"
    flash_timeout_s: float = FLASH_TIMEOUT_S
    reset_timeout_s: float = RESET_TIMEOUT_S

    def version(self) -> str:
        """Return OpenOCD's version."""
        said = run(PROGRAM, ["--version"], timeout_s=self.reset_timeout_s)
        found = re.search(r"On-Chip Debugger (\S+)", said)
        return found[1] if found else "unknown"

    def flash(self, image: Image) -> None:
        """Write, verify and reset."""
        path = str(image.path.resolve())
        if re.search(r"[{}\\\n]", path):
            raise BenchError(f"OpenOCD takes no path with braces or backslashes: {path}")
        where = f" {image.origin:#x}" if image.kind == "bin" else ""
        self._run(f"program {{{path}}} verify reset exit{where}", self.flash_timeout_s)

    def reset(self) -> None:
        """Reset the board."""
        self._run("init; reset run; shutdown", self.reset_timeout_s)

    def erase(self) -> None:
        """Erase the first bank of flash, from which the chip starts."""
        self._run("init; reset halt; flash erase_sector 0 0 last; shutdown", self.flash_timeout_s)

    def _run(self, commands: str, timeout_s: float) -> None:
        or_under_reset(lambda held: self._call(commands, timeout_s, UNDER_RESET if held else ""))

    def _call(self, commands: str, timeout_s: float, reset: str) -> None:
        if self.probe.serial:
            which = f"adapter serial {{{self.probe.serial}}}"
        else:
            which = f"adapter usb location {self.probe.location}"
        arguments = ["-f", self.interface, "-c", which]
        if self.setup:
            arguments += ["-c", self.setup]
        arguments += ["-c", SILENT, "-f", self.target]
        if reset:
            arguments += ["-c", reset]
        run(PROGRAM, [*arguments, "-c", commands], timeout_s=timeout_s, causes=CAUSES)


def make(place: Place, board: Board) -> OpenOcd:
    """Return OpenOCD bound to a place. Raises BenchError."""
    at = probe(place, "OpenOCD")
    if re.search(r"[{}\\]", at.serial):
        raise BenchError(f"The serial number {at.serial!r} in bench.toml is no probe's.")
    if at.vendor not in _PROBES:
        raise BenchError(
            f"OpenOCD is not set up for the probe {at.vendor}:{at.product} of {place.name!r}; "
            f"known are the vendors {', '.join(sorted(_PROBES))}: choose another flasher."
        )
    guess = next((cfg for known, cfg in _TARGETS if known in board.part.lower()), "")
    target = target_of(board, "openocd", guess)
    if not target.endswith(".cfg"):
        target = f"target/{target}.cfg"
    interface, setup = _PROBES[at.vendor]
    return OpenOcd(at, interface, setup, target)
