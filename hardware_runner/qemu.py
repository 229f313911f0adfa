"""QEMU boards: start, resume, ask, end. The only module that knows QEMU's command line and QMP.

Source: QEMU documentation, "Invocation" and "QEMU Machine Protocol Specification".
"""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hardware_runner.board import Board, Verified
from hardware_runner.console import Console, open_console
from hardware_runner.errors import BoardDied, ToolMissing
from hardware_runner.machine import Death
from hardware_runner.process import END_TIMEOUT_S, ended, wait, with_parent

PROGRAM = "qemu-system-arm"
ICOUNT_SHIFT = 10
"""One instruction lasts 2^shift ns of virtual time; see docs/decisions/0001."""

START_TIMEOUT_S = 30.0
ASK_TIMEOUT_S = 5.0


class Qmp:
    """QEMU's control channel; every call is bounded by the time-out of its socket."""

    def __init__(self, channel: socket.socket) -> None:
        self._socket = channel
        self._lines = channel.makefile("rb")
        greeting = self._line()["QMP"]["version"]["qemu"]
        self.version = "{major}.{minor}.{micro}".format(**greeting)
        self("qmp_capabilities")

    def __call__(self, command: str, **arguments: Any) -> Any:
        """Run a command and return its result. Raises OSError where QEMU does not answer."""
        request = {"execute": command, "arguments": arguments}
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        while True:
            reply = self._line()
            if "return" in reply:
                return reply["return"]
            if "error" in reply:
                raise OSError(f"QEMU refused {command}: {reply['error'].get('desc')}")

    def _line(self) -> Any:
        line = self._lines.readline()
        if not line:
            raise OSError("QEMU closed its control channel")
        try:
            return json.loads(line)
        except ValueError as error:
            raise OSError("QEMU's control channel sent no JSON") from error

    def close(self) -> None:
        """Close the channel."""
        self._lines.close()
        self._socket.close()


def ticks_per_instruction(timer_hz: int) -> float:
    """Return how far a timer of this rate moves in one instruction."""
    return float(timer_hz * 2**ICOUNT_SHIFT / 1e9)


def command_line(board: Board, elf: Path, qmp_fd: int) -> list[str]:
    """Return the command for a board that stands still, without network, disk or semihosting."""
    return [
        PROGRAM,
        *("-machine", str(board.machine), "-nodefaults", "-no-user-config", "-display", "none"),
        *("-monitor", "none", "-serial", "pty", "-S", "-kernel", str(elf)),
        *("-icount", f"shift={ICOUNT_SHIFT}"),
        *("-chardev", f"socket,id=qmp,fd={qmp_fd}", "-mon", "chardev=qmp,mode=control"),
    ]


class QemuBoard:
    """An emulated board with a firmware in its flash, standing still until `resume()`.

    Raises:
        ToolMissing: QEMU is not installed.
        BoardDied: it did not start; the text holds what it said.
    """

    console: Console
    tools: Mapping[str, str]
    proves: Verified = "emulator"

    def __init__(self, board: Board, elf: Path, *, write_timeout_s: float = 20.0) -> None:
        if shutil.which(PROGRAM) is None:
            raise ToolMissing(
                f"{PROGRAM} is not installed: "
                "apt-get install --no-install-recommends qemu-system-arm"
            )
        self._output = tempfile.TemporaryFile()  # noqa: SIM115, closed in close()
        self._qmp: Qmp | None = None
        self._port: Any = None
        ours, theirs = socket.socketpair()
        ours.settimeout(START_TIMEOUT_S)
        try:
            with theirs:
                self._process = subprocess.Popen(
                    with_parent(command_line(board, elf.resolve(), theirs.fileno())),
                    stdin=subprocess.DEVNULL,
                    stdout=self._output,
                    stderr=subprocess.STDOUT,
                    pass_fds=(theirs.fileno(),),
                    start_new_session=True,
                )
        except OSError as error:
            ours.close()
            self._output.close()
            raise BoardDied(f"QEMU did not start: {error}.") from error
        try:
            self._qmp = Qmp(ours)
            self._port = open_console(self._terminal(), write_timeout_s)
        except (OSError, KeyError, TypeError) as error:
            ours.close()
            death = self.died(1.0)
            self.close()
            reason = f"QEMU did not start within {START_TIMEOUT_S:.0f} s: {error}."
            raise BoardDied(death.reason if death else reason) from error
        ours.settimeout(ASK_TIMEOUT_S)
        self.console = self._port
        self.tools = {PROGRAM: self._qmp.version}

    def _terminal(self) -> str:
        assert self._qmp is not None  # noqa: S101, called by __init__ only
        for device in self._qmp("query-chardev"):
            if device["filename"].startswith("pty:"):
                return str(device["filename"].removeprefix("pty:"))
        raise OSError("QEMU offers no terminal")

    def resume(self) -> None:
        """Let the firmware run."""
        try:
            if self._qmp is not None:
                self._qmp("cont")
        except OSError as error:
            death = self.died(1.0)
            reason = death.reason if death else f"QEMU does not answer: {error}."
            raise BoardDied(reason) from error

    def died(self, patience_s: float = 0.0) -> Death | None:
        """Say how QEMU ended and what it said last, or None while it runs."""
        code = wait(self._process, patience_s)
        if code is None:
            return None
        self._output.seek(0)
        words = self._output.read()[-2000:].decode("utf-8", "replace").split("\n")
        told = [w for w in words if w.strip() and not w.startswith("char device redirected")]
        said = " / ".join(told[:4])
        # QEMU gives up where a real core would stand still: a fault within a fault.
        return Death(ended("QEMU", code, said), "Lockup" in said)

    def busy_at(self) -> int | None:
        """Return the program counter; None where QEMU itself does not answer, or stands still."""
        try:
            if self._qmp is None or not self._qmp("query-status")["running"]:
                return None
            text = self._qmp("human-monitor-command", **{"command-line": "info registers"})
        except OSError:
            return None
        found = re.search(r"R15=([0-9a-f]{8})", str(text))
        return int(found[1], 16) if found else None

    def close(self) -> None:
        """End QEMU, also one that is stopped or hangs."""
        if self._port is not None:
            self._port.close()
        if self._process.poll() is None:
            self._process.kill()
        wait(self._process, END_TIMEOUT_S)
        if self._qmp is not None:
            self._qmp.close()
        self._output.close()
