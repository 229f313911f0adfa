"""pyOCD: boards behind CMSIS-DAP probes, ST-Links and J-Links.

Source: pyOCD 0.46, `pyocd load --help`, `pyocd reset --help`, `pyocd erase --help`.
"""

from __future__ import annotations

from dataclasses import dataclass

from hardware_runner.bench import Place
from hardware_runner.board import Board, ImageKind
from hardware_runner.tools.causes import (
    NO_TARGET,
    PROBE_BUSY,
    PROBE_DENIED,
    PROBE_MISSING,
    USB,
    VERIFY_FAILED,
    WRONG_CHIP,
)
from hardware_runner.tools.choice import probe_serial, target_of
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import FLASH_TIMEOUT_S, RESET_TIMEOUT_S, Cause, Program, run
from hardware_runner.tools.under_reset import or_under_reset

PROGRAM = Program("pyOCD", "pip install 'boardwright[bench]'", module="pyocd")
CAUSES = (
    Cause(r"remedied with a udev rule", PROBE_DENIED),
    *USB,
    Cause(r"probe already (connected|open)|exclusive access", PROBE_BUSY),
    Cause(r"no (connected|available) debug probe", PROBE_MISSING),
    Cause(
        r"target type \S+ not recogni[sz]ed|unknown target",
        "pyOCD does not know this part: choose another flasher in bench.toml, or install its "
        "pack with `pyocd pack install`.",
    ),
    Cause(r"unexpected (idcode|part|device id)|does not match .*target", WRONG_CHIP),
    Cause(r"verif\w* fail|contents? (mismatch|differ)|flash program.*fail", VERIFY_FAILED),
    Cause(
        r"no ack|wait ack|fault ack|unexpected ack|no target|unable to (halt|connect)"
        r"|target (is )?not|get_idcode_error|held in reset|no cores",
        NO_TARGET,
    ),
)


@dataclass(frozen=True, slots=True)
class PyOcd:
    """pyOCD with one probe and one kind of chip."""

    serial: str
    target: str
    name: str = "pyocd"
    image: ImageKind = "elf"
    uses_console: bool = False
    reset_line: ResetLine = "none"
    flash_timeout_s: float = FLASH_TIMEOUT_S
    reset_timeout_s: float = RESET_TIMEOUT_S

    def version(self) -> str:
        """Return pyOCD's version."""
        return run(PROGRAM, ["--version"], timeout_s=self.reset_timeout_s).strip()

    def flash(self, image: Image) -> None:
        """Write the sectors that the image needs, and reset."""
        where = ["--base-address", f"{image.origin:#x}"] if image.kind == "bin" else []
        arguments = ["--format", image.kind, *where, str(image.path.resolve())]
        self._run("load", arguments, self.flash_timeout_s)

    def reset(self) -> None:
        """Reset the board."""
        self._run("reset", [], self.reset_timeout_s)

    def erase(self) -> None:
        """Erase the whole flash."""
        self._run("erase", ["--chip"], self.flash_timeout_s)

    def _run(self, command: str, arguments: list[str], timeout_s: float) -> None:
        at = ["--no-config", "--no-wait", "--uid", self.serial, "--target", self.target]

        def call(held: bool) -> None:
            reset = ["--connect", "under-reset"] if held else []
            run(PROGRAM, [command, *at, *reset, *arguments], timeout_s=timeout_s, causes=CAUSES)

        or_under_reset(call)


def make(place: Place, board: Board) -> PyOcd:
    """Return pyOCD bound to a place. Raises BenchError."""
    return PyOcd(probe_serial(place, "pyOCD"), target_of(board, "pyocd", _guess(board)))


def _guess(board: Board) -> str:
    """Return pyOCD's name of a part: one it knows, or as its packs name those of STM32."""
    part = board.part.lower().split()[0]
    if part in ("nrf52840", "rp2040"):
        return part
    if part.startswith("stm32h743"):
        return "stm32h743xx"
    return f"{part}tx" if part.startswith("stm32") else ""
