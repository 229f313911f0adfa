"""A lock on a folder that the kernel lets go of when its holders die."""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from bot.errors import Infrastructure

WAIT_S = 60.0
_POLL_S = 0.05


@contextlib.contextmanager
def locked(path: Path, wait_s: float = WAIT_S) -> Iterator[int]:
    """Hold an exclusive lock on a file; yields its descriptor, which children may inherit.

    A child that inherits it keeps the lock until it ends: who gets it knows that none is left.

    Raises:
        Infrastructure: somebody else held it for `wait_s` seconds.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        _acquire(descriptor, path, wait_s)
        yield descriptor
    finally:
        os.close(descriptor)


def _acquire(descriptor: int, path: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise Infrastructure(
                    f"Another Boardwright has been publishing to {path.parent.parent} for "
                    f"{wait_s:.0f} s. Wait until it has ended and publish again."
                ) from None
            time.sleep(_POLL_S)
