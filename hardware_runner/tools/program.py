"""Programs of others: run one for a bounded time, end all it started, keep what it said.

Each runs in an empty folder, so that no file of a project is read as its settings, and without
this process's secrets in its environment.
"""

from __future__ import annotations

import contextlib
import os
import re
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from hardware_runner.errors import ToolFailed, ToolLate, ToolMissing
from hardware_runner.process import ended, with_parent

FLASH_TIMEOUT_S = 180.0
RESET_TIMEOUT_S = 30.0

GRACE_S = 1.0
"""What a program is given to end by itself once its time is over: a probe likes a farewell."""

_KEPT_BYTES = 256 * 1024
_SLICE_S = 0.02
_LINE = 200
_TELLING = r"error|fail|fatal|cannot|denied|unable|could not|\bno (?!warranty)"
_ENVIRONMENT = re.compile(
    r"PATH|HOME|USER|LOGNAME|TMPDIR|PYTHONPATH|VIRTUAL_ENV|XDG_\w+|ARDUINO_(DATA|USER|CONFIG)\w*"
    r"|ARDUINO_DIRECTORIES_\w+|OPENOCD_SCRIPTS|CMSIS_PACK_ROOT"
)


@dataclass(frozen=True, slots=True)
class Program:
    """A program: what people call it, how it is called, and what installs it."""

    title: str
    install: str
    executable: str = ""
    module: str = ""  # of Python, run by this interpreter

    def command(self) -> list[str]:
        """Return how it is called.

        Raises:
            ToolMissing: it is not installed.
        """
        if self.module:
            # -P: no module of the working folder stands in for it.
            found = find_spec(self.module) is not None
            command = [sys.executable, "-P", "-m", self.module]
        else:
            path = shutil.which(self.executable)
            found = path is not None
            command = [path or self.executable]
        if not found:
            raise ToolMissing(f"{self.title} is not installed: {self.install}")
        return command


@dataclass(frozen=True, slots=True)
class Cause:
    """What a known complaint of a program means, and its cure."""

    pattern: str  # searched without regard to case
    meaning: str


def run(
    program: Program,
    arguments: Sequence[str],
    *,
    timeout_s: float,
    causes: Sequence[Cause] = (),
    grace_s: float = GRACE_S,
    success: str = "",
    environment: Mapping[str, str] | None = None,
) -> str:
    """Run a program to its end and return what it said, errors too.

    Args:
        program: What to run.
        arguments: Its arguments; paths must be absolute.
        timeout_s: Longest time; after it the program and all of its process group are ended.
        causes: Known complaints, the most telling first.
        grace_s: Time between the polite and the other way of ending it.
        success: What its output holds where it did its work, for one whose code does not tell.
        environment: What it is told by variables.

    Raises:
        ToolMissing: it is not installed.
        ToolFailed: it said no, or did not end (ToolLate); holds the cause, where known, and its
            last lines.
    """
    command = [*program.command(), *arguments]
    with tempfile.TemporaryDirectory(prefix="boardwright-") as folder:
        code, output = _call(command, Path(folder), program, timeout_s, grace_s, environment or {})
    did_it = re.search(success, output) is not None if success else code == 0
    if did_it and code is not None:
        return output
    if code is None:
        what = f"{program.title} did not end within {timeout_s:g} s and was ended"
    else:
        what = ended(program.title, code).removesuffix(".")
    told = f"{what}{_last_words(output)}"
    failed = ToolLate if code is None else ToolFailed
    raise failed(" ".join(filter(None, [meaning(output, causes), told])))


def meaning(output: str, causes: Sequence[Cause]) -> str:
    """Return what an output means and its cure, or "" where it is not known."""
    return next((c.meaning for c in causes if re.search(c.pattern, output, re.IGNORECASE)), "")


def _call(
    command: list[str],
    folder: Path,
    program: Program,
    timeout_s: float,
    grace_s: float,
    environment: Mapping[str, str],
) -> tuple[int | None, str]:
    try:
        process = subprocess.Popen(
            with_parent(command),
            cwd=folder,
            env=_environment() | dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    except OSError as error:
        raise ToolFailed(f"{program.title} did not start: {error}.") from error
    output = bytearray()
    with process:
        try:
            in_time = _follow(process, output, time.monotonic() + timeout_s)
            if not in_time:
                _signal_group(process, signal.SIGTERM)
                _follow(process, output, time.monotonic() + grace_s)
        finally:
            _signal_group(process, signal.SIGKILL)
            process.wait()
    return (process.returncode if in_time else None), output.decode("utf-8", "replace")


def _follow(process: subprocess.Popen[bytes], output: bytearray, deadline: float) -> bool:
    """Keep the end of what the process says until it ends; False where the deadline came first.

    It is not reaped here, so that its group cannot become another's before it is ended.
    """
    assert process.stdout is not None  # noqa: S101, started so
    pipe = process.stdout.fileno()
    os.set_blocking(pipe, False)
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        is_open = True
        while True:
            over = os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            left = deadline - time.monotonic()
            if left <= 0 and over is None:
                return False
            if is_open:
                ready = bool(selector.select(0 if over is not None else min(_SLICE_S, left)))
                data = _take(pipe) if ready else b""
                output += data
                del output[:-_KEPT_BYTES]
                if ready and not data:
                    selector.unregister(pipe)
                    is_open = False
            elif over is None:
                time.sleep(min(_SLICE_S, left))
            # A child that went on in the background may hold the pipe open, and even fill it.
            if over is not None and (not is_open or not ready or left <= 0):
                return True


def _take(pipe: int) -> bytes:
    try:
        return os.read(pipe, 65536)
    except BlockingIOError:
        return b""


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if _ENVIRONMENT.fullmatch(name)}
    return kept | {"LC_ALL": "C", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUNBUFFERED": "1"}


def _last_words(output: str) -> str:
    """Return the last lines that tell something: without colours, bars and repetitions."""
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", output)
    lines: dict[str, None] = {}  # in order, each once
    for raw in re.split(r"[\r\n]+", plain):
        line = "".join(c for c in raw if c.isprintable()).strip()
        if line and not re.fullmatch(r"[\W_]*", line):
            lines[line[:_LINE]] = None
    telling = [line for line in lines if re.search(_TELLING, line, re.IGNORECASE)]
    chosen = (telling or list(lines))[-4:]
    return ": " + " / ".join(chosen) if chosen else ", and said nothing."
