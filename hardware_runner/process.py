"""The host board: the firmware as a process at the other end of a pseudo-terminal."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tty
from collections.abc import Mapping
from pathlib import Path

from hardware_runner.board import Verified
from hardware_runner.console import Console, open_console
from hardware_runner.errors import BoardDied
from hardware_runner.machine import Death

END_TIMEOUT_S = 5.0

# What a program does to itself; the undefined behaviour sanitizer ends it with SIGILL.
_OWN_SIGNALS = frozenset(
    {signal.SIGILL, signal.SIGSEGV, signal.SIGFPE, signal.SIGBUS, signal.SIGABRT, signal.SIGTRAP}
)


def ended(name: str, returncode: int, output: str = "") -> str:
    """Say how a process ended: its signal or code, and its last words."""
    if returncode < 0:
        with contextlib.suppress(ValueError):
            how = f"was ended by {signal.Signals(-returncode).name}"
            return f"{name} {how}{': ' + output if output else '.'}"
    return f"{name} ended with code {returncode}{': ' + output if output else '.'}"


def wait(process: subprocess.Popen[bytes], patience_s: float) -> int | None:
    """Return a process's code, waiting so long for its end; None where it goes on."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(patience_s)
    return None


def with_parent(command: list[str]) -> list[str]:
    """Return the command so that Linux ends it with the thread that started it, even one killed."""
    if shutil.which("setpriv"):
        return ["setpriv", "--pdeathsig", "KILL", "--", *command]
    return command


class HostProcess:
    """Firmware that was built for this machine, running."""

    console: Console
    tools: Mapping[str, str]
    proves: Verified = "host"

    def __init__(self, program: Path, *, write_timeout_s: float = 20.0) -> None:
        self.tools = {}
        try:
            board_end, our_end = os.openpty()
        except OSError as error:
            raise BoardDied(f"This machine has no pseudo-terminal left: {error}.") from error
        port = None
        try:
            tty.setraw(our_end)
            port = open_console(os.ttyname(our_end), write_timeout_s)
            self._process = subprocess.Popen(
                with_parent([str(program)]),
                stdin=board_end,
                stdout=board_end,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            if port is not None:
                port.close()
            raise BoardDied(f"The firmware did not start as a process: {error}.") from error
        finally:
            os.close(board_end)
            os.close(our_end)
        self._port = port
        self.console = port

    def resume(self) -> None:
        """Do nothing: it waits for a request by itself."""

    def died(self, patience_s: float = 0.0) -> Death | None:
        """Say how the process ended, or None while it runs."""
        code = wait(self._process, patience_s)
        if code is None:
            return None
        return Death(ended("The firmware's process", code), -code in _OWN_SIGNALS)

    def busy_at(self) -> int | None:
        """Return 0 while the process computes, None while it waits or is stopped (Linux).

        Source: proc(5), /proc/pid/stat, third field.
        """
        try:
            status = Path(f"/proc/{self._process.pid}/stat").read_text()
        except OSError:
            return None
        return 0 if status.rpartition(")")[2].split()[0] == "R" else None

    def close(self) -> None:
        """End the process."""
        self._port.close()
        self._process.kill()
        wait(self._process, END_TIMEOUT_S)
