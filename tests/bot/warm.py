"""A sandbox for tests: TensorFlow is imported once, then each stage runs in a fork of that process.

The code that runs is the stages' own. What it does without is supervision: deadlines, bounds on
memory and output, and a clean import; tests of those, and one test of each stage, use the real one.
Run as a program, this module is the process that is forked.
"""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
import time
import traceback
from pathlib import Path

from bot.sandbox.job import Job, Result
from bot.sandbox.process import ProcessSandbox
from bot.sandbox.supervise import Watched, conclude
from bot.sandbox.surroundings import PACKAGE_ROOT, environment, lay_out
from bot.scratch import scratch

STAGES = ("run_train", "run_predict", "run_convert")


class WarmSandbox:
    """Runs what needs TensorFlow in forks, and all else as the real sandbox does."""

    def __init__(self) -> None:
        self.real = ProcessSandbox()
        self._forked: subprocess.Popen[str] | None = None

    def run(self, job: Job) -> Result:
        """Run a job."""
        module = job.argv[-1]
        if job.argv != ("python", "-m", module) or not module.endswith(STAGES):
            return self.real.run(job)
        began = time.monotonic()
        with scratch() as folder:
            lay_out(folder, job.inputs)
            code = self._ask(module, folder)
            log = (folder / "log").read_text(errors="replace")
            return conclude(job, Watched(None, log, False, began), code, folder / "out")

    def close(self) -> None:
        """End the process that is forked."""
        if self._forked is not None:
            self._forked.communicate()

    def _ask(self, module: str, folder: Path) -> int:
        if self._forked is None:
            self._forked = subprocess.Popen(
                [sys.executable, "-m", "tests.bot.warm"],
                cwd=PACKAGE_ROOT,
                env=environment("/tmp", os.environ["PATH"], str(PACKAGE_ROOT)),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        assert self._forked.stdin is not None and self._forked.stdout is not None
        self._forked.stdin.write(json.dumps([module, str(folder)]) + "\n")
        self._forked.stdin.flush()
        return int(self._forked.stdout.readline())


def fork_for_each_line() -> None:
    """Import what takes long, then run a module in a folder, and tell its code, for each line."""
    from bot.stages.needed import need

    need("keras")
    need("tensorflow")
    while line := sys.stdin.readline():
        module, folder = json.loads(line)
        child = os.fork()
        if child == 0:
            become(module, folder)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


def become(module: str, folder: str) -> None:
    """Go on as `python -m module` would in a folder; never returns."""
    os.chdir(folder)
    log = os.open("log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    code = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:  # this process ends with it
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    fork_for_each_line()
