"""UF2: the firmware is copied onto the drive that a board's boot loader shows.

The drive is the one in the board's own USB socket, and must hold INFO_UF2.TXT; the board restarts
by itself once it has the last block, and the drive is gone then.

Source: Microsoft, "USB Flashing Format (UF2)", sections "Files exposed" and "File format".
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from hardware_runner.bench import Place
from hardware_runner.board import Board, ImageKind
from hardware_runner.errors import BoardTrouble, NoReset, ToolFailed, ToolMissing
from hardware_runner.tools.boot_loader import Socket, socket_of
from hardware_runner.tools.causes import WRONG_CHIP
from hardware_runner.tools.choice import probe
from hardware_runner.tools.flasher import Image, ResetLine
from hardware_runner.tools.program import RESET_TIMEOUT_S, Cause, Program, run

INFO = "INFO_UF2.TXT"
_POLL_S = 0.1
_T = TypeVar("_T")
_UDISKS = Program(
    "udisksctl", "apt-get install --no-install-recommends udisks2", executable="udisksctl"
)
_DENIED = (
    Cause(r"not authorized|permission|denied", "This user may not mount drives: add a polkit rule "
          "for org.freedesktop.udisks2.filesystem-mount, or mount the drive by fstab."),
)  # fmt: skip


def mount(device: str) -> None:
    """Mount a drive as this user. Raises ToolMissing, ToolFailed."""
    arguments = ["mount", "--no-user-interaction", "--block-device", device]
    run(_UDISKS, arguments, timeout_s=RESET_TIMEOUT_S, causes=_DENIED)


@dataclass(frozen=True, slots=True)
class Uf2:
    """The drive of one board."""

    socket: Socket
    mounts: Path = Path("/proc/self/mounts")
    mount: Callable[[str], None] = mount
    name: str = "uf2"
    image: ImageKind = "uf2"
    uses_console: bool = True
    reset_line: ResetLine = "none"
    drive_timeout_s: float = 30.0

    def version(self) -> str:
        """Return the format's version: there is one."""
        return "1"

    def flash(self, image: Image) -> None:
        """Copy the firmware, and wait until the board took it and is gone."""
        data = image.path.read_bytes()
        if not data.startswith(b"UF2\n"):
            raise ToolFailed(f"{image.path.name} is no UF2 file: build the firmware again.")
        loader = self.socket.enter()
        folder = self._mounted(self._await(lambda: self._drive(loader.location), "show a drive"))
        if not (folder / INFO).is_file():
            raise ToolFailed(
                f"The drive at {folder} holds no {INFO}, so it is no boot loader. {WRONG_CHIP}"
            )
        try:
            _copy(data, folder / "firmware.uf2")
        except OSError as error:
            if self._drive(loader.location):  # or else it restarted before the last farewell
                raise ToolFailed(f"The drive at {folder} took no firmware: {error}.") from error
        self._await(lambda: not self._drive(loader.location), "restart from the new firmware")

    def reset(self) -> None:
        """Refuse: a drive has no reset."""
        raise NoReset("A UF2 boot loader cannot reset a firmware that runs: flash it again.")

    def erase(self) -> None:
        """Do nothing: a drive erases only what is written."""

    def _drive(self, location: str) -> str:
        """Return the drive behind a USB location, its partition where it has one, or ""."""
        blocks = self.socket.around.sys / "class/block"
        pattern = re.compile(rf"/{re.escape(location)}/{re.escape(location)}:\d+\.\d+/")
        found = [p.name for p in blocks.iterdir() if pattern.search(str(p.resolve()))]
        return f"/dev/{max(found, key=lambda name: (len(name), name))}" if found else ""

    def _mounted(self, device: str) -> Path:
        """Return where the drive is mounted, mounted if need be."""
        if folder := self._mount_point(device):
            return folder
        try:
            self.mount(device)
        except ToolMissing as error:
            raise ToolMissing(f"The drive {device} is not mounted, and {error}") from error
        return Path(self._await(lambda: str(self._mount_point(device) or ""), "be mounted"))

    def _mount_point(self, device: str) -> Path | None:
        for line in self.mounts.read_text().splitlines():
            what, where, *_ = line.split()
            if what == device:  # proc(5): blanks are written in octal
                return Path(re.sub(r"\\(\d{3})", lambda m: chr(int(m[1], 8)), where))
        return None

    def _await(self, look: Callable[[], _T], what: str) -> _T:
        around = self.socket.around
        deadline = around.now() + self.drive_timeout_s
        while not (found := look()):
            if around.now() >= deadline:
                raise BoardTrouble(
                    f"The boot loader did not {what} within {self.drive_timeout_s:g} s: unplug "
                    "the board and plug it in again."
                )
            around.sleep(_POLL_S)
        return found


def _copy(data: bytes, target: Path) -> None:
    """Write at once and to the end; no rename, which such a drive does not know."""
    with target.open("wb", buffering=0) as file:
        file.write(data)
        os.fsync(file.fileno())


def make(place: Place, board: Board) -> Uf2:
    """Return the drive of a place. Raises BenchError."""
    return Uf2(socket_of(probe(place, "UF2"), board))
