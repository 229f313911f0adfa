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
import time

GRACE_S = 8.0


def main(command: list[str]) -> int:
    """Run a program and return its exit code."""
    program = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    released = threading.Event()
    threading.Thread(target=_watch, args=(program, released), daemon=True).start()
    code = program.wait()
    if released.is_set():
        _end_group()
    return code if code >= 0 else 128 - code


def _watch(program: subprocess.Popen[bytes], released: threading.Event) -> None:
    while os.read(0, 4096):
        pass
    released.set()
    program.terminate()
    time.sleep(GRACE_S)
    _end_group()


def _end_group() -> None:
    """Kill what the program left behind, and this process with it."""
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
