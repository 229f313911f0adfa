"""Lease: the right to use a board now.

The kernel holds the lock (`flock`), so it ends with its process, however that ends. The record
beside it says who holds the board; it informs people only: nobody is ever signalled, and no lock
broken, because of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import filelock

from hardware_runner.errors import BoardBusy

POLL_S = 0.05


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a board, since when (ISO 8601, UTC), and for what."""

    pid: int
    host: str
    since: str
    command: str

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since} ({self.command})"


def default_lock_dir() -> Path:
    """Return this user's folder for locks, made if need be.

    Raises:
        BoardBusy: somebody else owns a folder of that name, so its locks cannot be trusted.
    """
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime and os.access(runtime, os.W_OK):
        folder = Path(runtime) / "boardwright"
    else:
        folder = Path(tempfile.gettempdir()) / f"boardwright-{os.getuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.getuid():
        raise BoardBusy(f"{folder} belongs to somebody else: remove it, or set XDG_RUNTIME_DIR.")
    return folder


def holder(board: str, lock_dir: Path | None = None) -> Holder | None:
    """Return who is recorded as holding the board, or None. Takes no lock."""
    try:
        record = json.loads(_record(lock_dir or default_lock_dir(), board).read_text())
        return Holder(**record)
    except (OSError, ValueError, TypeError):
        return None


@contextlib.contextmanager
def lease(board: str, *, timeout_s: float, lock_dir: Path | None = None) -> Iterator[None]:
    """Hold the board while the context lasts.

    Raises:
        BoardBusy: it did not come free within `timeout_s`; says who holds it.
    """
    folder = lock_dir or default_lock_dir()
    folder.mkdir(parents=True, exist_ok=True)
    lock = filelock.FileLock(folder / f"{board}.lock")
    try:
        lock.acquire(timeout=timeout_s, poll_interval=POLL_S)
    except filelock.Timeout as error:
        who = holder(board, folder)
        raise BoardBusy(
            f"The board {board} is held by {who or 'a process that left no record'}, and did not "
            f"come free within {timeout_s:g} s: wait for it to end, or allow more time."
        ) from error
    record = _record(folder, board)
    try:
        _write(record)
        yield
    finally:
        record.unlink(missing_ok=True)
        lock.release()


def _record(folder: Path, board: str) -> Path:
    return folder / f"{board}.holder.json"


def _write(record: Path) -> None:
    me = Holder(
        pid=os.getpid(),
        host=socket.gethostname(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        command=Path(sys.argv[0]).name or "python",
    )
    temporary = record.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(asdict(me)))
    temporary.replace(record)
