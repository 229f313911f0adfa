"""Run trusted template code in a process of its own: bounded, but NOT isolated.

This keeps accidents in bounds (a deadline, memory, a flood of output, a stray environment), nothing
more. The code sees the machine's files and its network. So it refuses whatever did not come with
Boardwright's templates.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

from bot.sandbox.job import Job, Reason, Result, require_template
from bot.sandbox.supervise import Probe, conclude, supervise
from bot.sandbox.surroundings import PACKAGE_ROOT, environment, lay_out
from bot.sandbox.tree import kill_session, resident_bytes
from bot.sandbox.trouble import disk_was_full, raise_for_machine
from bot.scratch import scratch
from hardware_runner.process import with_parent

_FILE_BYTES = 1 << 30  # the largest file that a job may write


class ProcessSandbox:
    """Runs jobs as child processes; for code that came with Boardwright only.

    Args:
        accept_any: run code of every origin, as whoever runs Boardwright accepted in words.
    """

    def __init__(self, *, accept_any: bool = False) -> None:
        self._accept_any = accept_any

    @property
    def name(self) -> str:
        """Return what people are told."""
        return "no sandbox" if self._accept_any else "plain processes"

    def run(self, job: Job) -> Result:
        """Run a job in a temporary folder and collect its results.

        Raises:
            NeedsSandboxError: the job runs code that did not come with Boardwright.
            Infrastructure: the machine let it down.
            OSError: there is no room for its files.
        """
        if not self._accept_any:
            require_template(job.origin, "code")
        with scratch() as folder:
            lay_out(folder, job.inputs)
            result = _run_in(folder, job)
            if disk_was_full(result):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        raise_for_machine(result)
        return result


def _run_in(folder: Path, job: Job) -> Result:
    argv = [sys.executable if part == "python" else part for part in job.argv[:1]]
    with subprocess.Popen(
        with_parent(_bounded([*argv, *job.argv[1:]])),
        cwd=folder,
        env=environment(str(folder), os.environ.get("PATH", os.defpath), str(PACKAGE_ROOT)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        stream = process.stdout
        assert stream is not None  # noqa: S101  (PIPE was asked for)
        try:
            watched = supervise(
                stream.fileno(),
                lambda: process.poll() is not None,
                job,
                [_memory(process.pid, job.limits.memory_bytes)],
            )
        finally:
            kill_session(process.pid)
        code = process.wait()
    return conclude(job, watched, code, folder / "out")


def _bounded(command: list[str]) -> list[str]:
    """Return the command so that Linux bounds the files that it writes, and keeps no core dump."""
    if shutil.which("prlimit"):
        return ["prlimit", f"--fsize={_FILE_BYTES}", "--core=0", "--", *command]
    return command


def _memory(session: int, most: int) -> Probe:
    return lambda: Reason.MEMORY if resident_bytes(session) > most else None
