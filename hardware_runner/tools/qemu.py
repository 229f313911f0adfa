"""QEMU: an emulated board has its firmware from its start on, so there is nothing to write."""

from __future__ import annotations

from dataclasses import dataclass

from hardware_runner.bench import Place
from hardware_runner.board import Board, ImageKind
from hardware_runner.errors import BenchError, ToolFailed
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import RESET_TIMEOUT_S, Program, run

PROGRAM = Program(
    "QEMU", "apt-get install --no-install-recommends qemu-system-arm", "qemu-system-arm"
)


@dataclass(frozen=True, slots=True)
class Emulated:
    """An emulated board."""

    name: str = "qemu"
    image: ImageKind = "elf"
    uses_console: bool = False
    reset_line: ResetLine = "none"

    def version(self) -> str:
        """Return QEMU's version."""
        said = run(PROGRAM, ["--version"], timeout_s=RESET_TIMEOUT_S)
        return said.partition("version ")[2].split(" ")[0].strip() or "unknown"

    def flash(self, image: Image) -> None:
        """Refuse: it starts with its firmware."""
        raise ToolFailed("An emulated board is not flashed: it starts with its firmware.")

    def reset(self) -> None:
        """Refuse: it is started anew."""
        raise ToolFailed("An emulated board is not reset: it is started anew.")

    def erase(self) -> None:
        """Do nothing: nothing of it stays."""


def make(place: Place, board: Board) -> Emulated:
    """Say that a place is emulated. Raises BenchError where there is no emulator for its board."""
    if not board.runs_here:
        raise BenchError(f"No emulator runs {board.name}: change `flasher` in bench.toml.")
    return Emulated()
