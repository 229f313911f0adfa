"""Run trusted template code in a process of its own: bounded, but NOT isolated.

This keeps accidents in bounds (a deadline, memory, a flood of output, a stray environment), nothing
more. The code sees the machine's files and its network. So it refuses whatever did not come with
Boardwright's templates.
"""

from __future__ import annotations

import errno
import os
import selectors
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from bot.sandbox.collect import RefusedOutputError, collect
from bot.sandbox.job import Job, Limits, Reason, Result, require_template
from bot.sandbox.trouble import disk_was_full, raise_for_machine
from bot.scratch import scratch
from hardware_runner.process import with_parent

_POLL_S = 0.1
_FILE_BYTES = 1 << 30  # the largest file that a job may write
_TOLD = {
    Reason.TIMEOUT: "It was stopped: it must end within {limits.seconds:,.0f} s.",
    Reason.MEMORY: "It was stopped: it may use {limits.memory_bytes:,} bytes of memory.",
    Reason.LOG: "It was stopped: it may print {limits.log_bytes:,} bytes.",
}
_PACKAGE_ROOT = Path(__file__).resolve().parents[2]


class ProcessSandbox:
    """Runs jobs as child processes; for code that came with Boardwright only."""

    def run(self, job: Job) -> Result:
        """Run a job in a temporary folder and collect its results.

        Raises:
            NeedsSandboxError: the job runs code that did not come with Boardwright.
            Infrastructure: the machine let it down.
            OSError: there is no room for its files.
        """
        require_template(job.origin, "code")
        with scratch() as folder:
            (folder / "out").mkdir()
            for path, content in job.inputs.items():
                target = folder / "in" / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            result = _run_in(folder, job)
            if disk_was_full(result):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        raise_for_machine(result)
        return result


def _run_in(folder: Path, job: Job) -> Result:
    argv = [sys.executable if part == "python" else part for part in job.argv[:1]]
    began = time.monotonic()
    with subprocess.Popen(
        with_parent(_bounded([*argv, *job.argv[1:]])),
        cwd=folder,
        env=_environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            stopped_for, log, truncated = _watch(process, job.limits, began)
        finally:
            _kill_session(process)
        code = process.wait()
    reason = stopped_for or (Reason.COMPLETED if code == 0 else Reason.FAILED)
    outputs: dict[str, bytes] = {}
    if stopped_for is not None:
        told = f"\n{_TOLD[stopped_for].format(limits=job.limits)}"
        log = f"{log[: job.limits.log_bytes - len(told)]}{told}"
    if reason is Reason.COMPLETED:
        try:
            outputs = collect(folder / "out", job.outputs)
        except RefusedOutputError as error:
            reason, log = Reason.OUTPUT, f"{log}\n{error}"
    return Result(reason, code, log, truncated, time.monotonic() - began, outputs)


def _bounded(command: list[str]) -> list[str]:
    """Return the command so that Linux bounds the files that it writes, and keeps no core dump."""
    if shutil.which("prlimit"):
        return ["prlimit", f"--fsize={_FILE_BYTES}", "--core=0", "--", *command]
    return command


def _environment(folder: Path) -> dict[str, str]:
    """Return all that the child is told of its surroundings; nothing of ours is passed on."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "HOME": str(folder),
        "TMPDIR": str(folder),
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(_PACKAGE_ROOT),
        "PYTHONHASHSEED": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TF_ENABLE_ONEDNN_OPTS": "0",
    }


def _watch(
    process: subprocess.Popen[bytes], limits: Limits, began: float
) -> tuple[Reason | None, str, bool]:
    """Read the log until the process ends or breaks a limit."""
    log = bytearray()
    stopped_for: Reason | None = None
    stream = process.stdout
    assert stream is not None  # noqa: S101  (PIPE was asked for)
    for chunk in _chunks(stream):
        log += chunk
        if len(log) > limits.log_bytes:
            stopped_for = Reason.LOG
        elif time.monotonic() - began > limits.seconds:
            stopped_for = Reason.TIMEOUT
        elif _resident_bytes(process.pid) > limits.memory_bytes:
            stopped_for = Reason.MEMORY
        if stopped_for is not None or process.poll() is not None:
            break
    if stopped_for is None:
        log += _remaining(stream, limits.log_bytes)
    text = bytes(log[: limits.log_bytes]).decode("utf-8", "replace")
    return stopped_for, text, len(log) > limits.log_bytes


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield what arrives, and an empty chunk at every tick, until the stream ends."""
    with selectors.DefaultSelector() as selector:
        os.set_blocking(stream.fileno(), False)
        selector.register(stream, selectors.EVENT_READ)
        closed = False
        while True:
            chunk = b""
            if closed:
                time.sleep(_POLL_S)
            elif selector.select(_POLL_S):
                chunk = os.read(stream.fileno(), 65536)
                if not chunk:
                    closed = True
                    selector.unregister(stream)
            yield chunk


def _remaining(stream: IO[bytes], most: int) -> bytes:
    """Return what is still in the pipe, without waiting for a grandchild that holds it open."""
    rest = bytearray()
    while len(rest) <= most:
        try:
            chunk = os.read(stream.fileno(), 65536)
        except BlockingIOError:
            break
        if not chunk:
            break
        rest += chunk
    return bytes(rest)


def _resident_bytes(session: int) -> int:
    """Return the resident memory of all processes of a session; 0 where /proc is not there."""
    total = 0
    page = os.sysconf("SC_PAGE_SIZE")
    for stat_path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat_path.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[3]) == session:
            total += int(fields[21]) * page
    return total


def _kill_session(process: subprocess.Popen[bytes]) -> None:
    """End the process and all that it started in its own group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
