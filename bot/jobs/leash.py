"""Leash: runs a program that ends when whoever started it ends, however that happens.

    python -m bot.jobs.leash PROGRAM ARGUMENT...

Standard input is the leash: when its other end is closed, by death too, the program is asked to
end, and after a while its whole process group is killed. It must lead a group of its own.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

GRACE_S = 8.0


def main(command: list[str]) -> int:
    """Run a program and return its exit code."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_watch, args=(program,), daemon=True).start()
    code = program.wait()
    return code if code >= 0 else 128 - code


def _watch(program: subprocess.Popen[bytes]) -> None:
    while os.read(0, 4096):
        pass
    program.terminate()
    try:
        program.wait(GRACE_S)
    finally:
        os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
