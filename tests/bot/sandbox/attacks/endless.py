"""Never end by itself (60 s at most): deaf to signals, a child that goes on, or a stopped init."""

import ctypes
import os
import signal
import sys
import time

from guard import CASE, contained, escaped, say


def deaf() -> None:
    """Ignore what can be ignored."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    say("deaf")
    end = time.time() + 60
    while time.time() < end:
        pass


def daemon() -> None:
    """Leave a grandchild in a session of its own, and end."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.execl(sys.executable, "python3", "-c", "import time; time.sleep(60)", TAG)  # noqa: S606
        os._exit(0)
    time.sleep(0.5)
    contained("the parent ended")


def init() -> None:
    """Attach to the sandbox's own first process and leave it stopped."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.ptrace(16, 1, 0, 0) == 0:
        escaped("ptrace of process 1")
        time.sleep(60)
    contained("ptrace of process 1", os.strerror(ctypes.get_errno()))


def killed() -> None:
    """End by the signal KILL."""
    os.kill(os.getpid(), signal.SIGKILL)


TAG = sys.argv[2] if len(sys.argv) > 2 else ""
say("start")
{"deaf": deaf, "daemon": daemon, "init": init, "killed": killed}[CASE]()
