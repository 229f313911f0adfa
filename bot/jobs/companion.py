"""Companion: a worker beside the web process, started again when it dies, and gone with it."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

WORKER: tuple[str, ...] = (sys.executable, "-m", "bot", "work")
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_END_S = 30.0

_log = logging.getLogger(__name__)


@contextmanager
def accompanied(command: Sequence[str] = WORKER) -> Iterator[None]:
    """Have a worker run for as long as the context is open."""
    ended = threading.Event()
    companion = _Companion(command, ended)
    thread = threading.Thread(target=companion.run, name="companion", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        companion.release()
        thread.join(_END_S)


class _Companion:
    def __init__(self, command: Sequence[str], ended: threading.Event) -> None:
        self._command, self._ended = command, ended
        self._lock = threading.Lock()
        self._running: subprocess.Popen[bytes] | None = None

    def run(self) -> None:
        """Start the worker, and again when it ends, ever more slowly."""
        pause = _FIRST_PAUSE_S
        while (running := self._start()) is not None:
            code = running.wait()
            with suppress(ProcessLookupError):  # a worker whose leash was killed would go on
                os.killpg(running.pid, signal.SIGKILL)
            if not self._ended.is_set():
                _log.error("the worker ended with %d; it is started again in %g s", code, pause)
            if self._ended.wait(pause):
                return
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    def release(self) -> None:
        """Let the worker end."""
        with self._lock:
            if self._running is not None and self._running.stdin is not None:
                self._running.stdin.close()

    def _start(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._ended.is_set():
                return None
            self._running = subprocess.Popen(
                [sys.executable, "-m", "bot.jobs.leash", *self._command],
                stdin=subprocess.PIPE,
                start_new_session=True,
            )
            return self._running
