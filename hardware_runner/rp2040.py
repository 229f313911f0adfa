"""The Raspberry Pi Pico in rp2040js, which counts the cycles of its core. Needs Node.js.

What is counted are the cycles of a Cortex-M0+ that fetches each instruction at once: no wait for
flash or its cache, no second core, no DMA. It is no time of a real board.

Source: github.com/wokwi/rp2040js, README.md; how it is driven: `rp2040.mjs`.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import tempfile
import tty
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from hardware_runner.board import Board, Verified
from hardware_runner.console import Console, open_console
from hardware_runner.errors import BoardDied, ToolMissing
from hardware_runner.images import read_segments, to_uf2
from hardware_runner.machine import Death
from hardware_runner.process import END_TIMEOUT_S, ended, wait, with_parent

NAME = "rp2040js"
INSTALL = "sh scripts/rp2040-emulator.sh"
FOLDER_VARIABLE = "BOARDWRIGHT_RP2040JS"
"""Names the folder of the npm package, where it is not in build/rp2040."""

START_TIMEOUT_S = 30.0
ASK_TIMEOUT_S = 5.0
_MEMORY_MB = 512


def find_emulator() -> Path:
    """Return the folder of the npm package.

    Raises:
        ToolMissing: names the command that installs it.
    """
    if shutil.which("node") is None:
        raise ToolMissing(
            "node is not installed: apt-get install --no-install-recommends nodejs npm "
            f"(Node.js 20 or later), then {INSTALL}"
        )
    named = os.environ.get(FOLDER_VARIABLE)
    built = Path(__file__).resolve().parents[1] / "build" / "rp2040" / "node_modules" / NAME
    folder = Path(named) if named else built
    if not (folder / "package.json").is_file():
        raise ToolMissing(
            f"{NAME} is not installed in {folder}: {INSTALL}, or name its folder in "
            f"{FOLDER_VARIABLE}"
        )
    return folder


def emulator_version() -> str:
    """Return the version that is installed. Raises ToolMissing."""
    return _version(find_emulator())


def is_installed() -> bool:
    """Say whether the emulator can be started."""
    with contextlib.suppress(ToolMissing):
        return find_emulator().is_dir()
    return False


class Rp2040Board:
    """An emulated Pico with a firmware in its flash, standing still until `resume()`.

    Raises:
        ToolMissing: Node.js or the emulator is not installed.
        BoardDied: it did not start; the text holds what it said.
    """

    console: Console
    tools: Mapping[str, str]
    proves: Verified = "emulator"

    def __init__(self, board: Board, elf: Path, *, write_timeout_s: float = 20.0) -> None:
        folder = find_emulator()
        self.tools = {NAME: _version(folder)}
        self._folder = tempfile.TemporaryDirectory(prefix="bw-rp2040-")
        self._output = tempfile.TemporaryFile()  # noqa: SIM115, closed in close()
        self._port: Any = None
        self._process: subprocess.Popen[bytes] | None = None
        self._control, theirs = socket.socketpair()
        self._control.settimeout(START_TIMEOUT_S)
        self._lines = self._control.makefile("rb")
        try:
            with theirs:
                firmware = Path(self._folder.name) / "firmware.uf2"
                firmware.write_bytes(to_uf2(read_segments(elf), board.uf2_family))
                self.console = self._start(folder, firmware, theirs, write_timeout_s)
            self._line()  # ready
        except OSError as error:
            death = self.died(1.0)
            self.close()
            reason = f"{NAME} did not start within {START_TIMEOUT_S:.0f} s: {error}."
            raise BoardDied(death.reason if death else reason) from error
        self._control.settimeout(ASK_TIMEOUT_S)

    def _start(
        self, folder: Path, firmware: Path, theirs: socket.socket, write_timeout_s: float
    ) -> Console:
        driver = resources.files("hardware_runner") / "rp2040.mjs"
        script = Path(self._folder.name) / "rp2040.mjs"
        script.write_bytes(driver.read_bytes())
        board_end, our_end = os.openpty()
        try:
            tty.setraw(our_end)
            self._port = port = open_console(os.ttyname(our_end), write_timeout_s)
            node = ["node", f"--max-old-space-size={_MEMORY_MB}", str(script)]
            command = [*node, str(folder), str(firmware), str(theirs.fileno())]
            self._process = subprocess.Popen(
                with_parent(command),
                stdin=board_end,
                stdout=board_end,
                stderr=self._output,
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
        finally:
            os.close(board_end)
            os.close(our_end)
        return port

    def _line(self) -> str:
        line = self._lines.readline()
        if not line:
            raise OSError("it closed its control channel")
        return line.decode("ascii", "replace").strip()

    def _ask(self, request: str) -> str:
        self._control.sendall(f"{request}\n".encode())
        return self._line()

    def resume(self) -> None:
        """Let the firmware run from its second boot stage."""
        try:
            self._ask("run")
        except OSError as error:
            death = self.died(1.0)
            reason = death.reason if death else f"{NAME} does not answer: {error}."
            raise BoardDied(reason) from error

    def died(self, patience_s: float = 0.0) -> Death | None:
        """Say how the emulator ended and what it said last, or None while it runs."""
        if self._process is None:
            return Death(f"{NAME} was not started.", by_firmware=False)
        code = wait(self._process, patience_s)
        if code is None:
            return None
        self._output.seek(0)
        words = self._output.read()[-2000:].decode("utf-8", "replace").split("\n")
        said = " / ".join([word for word in words if word.strip()][-4:])
        return Death(ended(NAME, code, said), by_firmware=False)

    def busy_at(self) -> int | None:
        """Return the program counter; None where the emulator does not answer, or stands still."""
        try:
            pc = int(self._ask("pc"))
        except (OSError, ValueError):
            return None
        return pc if pc >= 0 else None

    def close(self) -> None:
        """End the emulator."""
        if self._port is not None:
            self._port.close()
        if self._process is not None:
            if self._process.poll() is None:
                self._process.kill()
            wait(self._process, END_TIMEOUT_S)
        self._lines.close()
        self._control.close()
        self._output.close()
        self._folder.cleanup()


def _version(folder: Path) -> str:
    try:
        return str(json.loads((folder / "package.json").read_text())["version"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ToolMissing(f"{NAME} in {folder} is damaged: {INSTALL}") from error
