"""Scratch: temporary folders that the next start removes where a kill left them behind.

A folder holds a lock that the kernel lets go of when its process dies. So whoever can take the lock
knows that nobody works there any more.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bot.errors import Infrastructure

PREFIX = "boardwright-"
LOG = ".log"
_KEPT_S = 7 * 24 * 3600
_LOCK = ".lock"


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Give a temporary folder that is gone afterwards, or after the next `sweep`."""
    folder, lock = _make()
    try:
        yield folder
    finally:
        remove(folder)
        os.close(lock)


def sweep() -> int:
    """Remove what processes that are dead left of this user's; return how many things.

    These are scratch folders, and logs of errors that are older than a week.
    """
    removed = 0
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError):
            removed += _remove_if_old(left) if left.suffix == LOG else _remove_if_dead(left)
    return removed


@contextlib.contextmanager
def sole_user(folder: Path) -> Iterator[None]:
    """Hold a folder, so that no second process works in it; it is made if need be.

    Raises:
        Infrastructure: another process holds it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        raise Infrastructure(
            f"Another Boardwright is working on this request in {folder}. Wait until it has ended."
        ) from None
    try:
        yield
    finally:
        os.close(lock)


@contextlib.contextmanager
def in_turn(work: str) -> Iterator[None]:
    """Wait until no other process of this user does the same work, and keep it from beginning."""
    path = Path(tempfile.gettempdir()) / f"{PREFIX}{os.getuid()}-{work}{_LOCK}"
    lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def remove(folder: Path) -> None:
    """Remove a folder, also one that hostile code nested deeper than a path is long, or closed.

    `shutil.rmtree` calls itself for each level, and so ends at Python's recursion limit.
    """
    _quietly("rm", "-rf", "--", str(folder))
    if folder.is_dir():
        _quietly("chmod", "-R", "u+rwX", "--", str(folder))
        _quietly("rm", "-rf", "--", str(folder))


def _quietly(*command: str) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)


def _make() -> tuple[Path, int]:
    """Make a folder and lock it; again where a sweep came in between."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        try:
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            remove(folder)
            raise
        fcntl.flock(lock, fcntl.LOCK_EX)
        if (folder / _LOCK).exists():
            return folder, lock
        os.close(lock)


def _remove_if_old(log: Path) -> bool:
    status = log.lstat()
    ours = stat.S_ISREG(status.st_mode) and status.st_uid == os.getuid()
    if not ours or time.time() - status.st_mtime < _KEPT_S:
        return False
    log.unlink()
    return True


def _remove_if_dead(folder: Path) -> bool:
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        return False
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        remove(folder)
    finally:
        os.close(lock)
    return True
