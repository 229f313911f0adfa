"""Lease: the right to use a board now.

The kernel holds the lock (`flock`), so it ends with its process, however that ends. The record
beside it says who holds the board; it informs people only: nobody is ever signalled, and no lock
broken, because of it.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import socket
import stat
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import filelock

from hardware_runner.atomic import write_text
from hardware_runner.errors import BoardBusy, BoardTrouble

POLL_S = 0.05
LOCKS_VARIABLE = "BOARDWRIGHT_LOCKS"
"""Names the folder of the locks where several users, or a service and a person, share boards."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a board, since when (ISO 8601, UTC), with what; `purpose` where a person says."""

    pid: int
    host: str
    since: str
    command: str
    purpose: str = ""
    user: str = ""

    def __str__(self) -> str:
        who = f"{self.user}, process {self.pid}" if self.user else f"process {self.pid}"
        return f"{who} on {self.host} since {self.since} ({self.purpose or self.command})"


class Lease:
    """A board that is held. May be given back by any thread, and twice."""

    def __init__(self, board: str, lock: filelock.BaseFileLock, record: Path, me: Holder) -> None:
        self.board = board
        self.holder = me
        self._lock = lock
        self._record = record

    def release(self) -> None:
        """Give the board back."""
        if self._lock.is_locked:
            with contextlib.suppress(OSError):  # the record informs; the lock is what counts
                self._record.unlink()
            self._lock.release()


def default_lock_dir() -> Path:
    """Return the folder for locks, made if need be: $BOARDWRIGHT_LOCKS, or this user's own.

    Raises:
        BoardBusy: somebody else owns a folder of that name, so its locks cannot be trusted.
    """
    if shared := os.environ.get(LOCKS_VARIABLE):
        folder = Path(shared)
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BoardTrouble(
                f"There can be no locks in {folder}: {error.strerror}. Set {LOCKS_VARIABLE} to a "
                "folder that all who use the boards may write into."
            ) from error
        return folder
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


def is_held(board: str, lock_dir: Path | None = None) -> bool:
    """Say whether anybody holds the board now. Takes no lock, so it disturbs nobody.

    Source: proc_locks(5); where there is no such file, the record's process is looked for.
    """
    folder = lock_dir or default_lock_dir()
    who = holder(board, folder)
    try:
        status = _lock_file(folder, board).stat()
        locks = Path("/proc/locks").read_text()
    except OSError:
        return who is not None and _is_alive(who)
    # Some file systems, such as btrfs, show another device here: then the process must agree.
    device = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}"
    for fields in (line.split() for line in locks.splitlines()):
        if "FLOCK" not in fields or "->" in fields:  # "->": it only waits
            continue
        pid, (at, _, inode) = fields[-4], fields[-3].rpartition(":")
        known = at == device or (who is not None and pid == str(who.pid))
        if known and inode == str(status.st_ino):
            return True
    return False


def take_any(
    boards: Sequence[str],
    *,
    timeout_s: float,
    lock_dir: Path | None = None,
    purpose: str = "",
    called_off: Callable[[], bool] = lambda: False,
) -> Lease:
    """Hold the first of these boards that is free, or comes free.

    Raises:
        BoardBusy: none did within `timeout_s`, or it was called off; says who holds them.
        BoardTrouble: the folder takes no locks.
    """
    folder = lock_dir or default_lock_dir()
    folder.mkdir(parents=True, exist_ok=True)
    deadline = time.monotonic() + timeout_s
    while True:
        for board in boards:
            if (held := _try(folder, board, purpose)) is not None:
                return held
        if called_off() or time.monotonic() >= deadline:
            raise BoardBusy(_busy(boards, folder, timeout_s))
        time.sleep(POLL_S)


@contextlib.contextmanager
def lease(board: str, *, timeout_s: float, lock_dir: Path | None = None) -> Iterator[None]:
    """Hold the board while the context lasts.

    Raises:
        BoardBusy: it did not come free within `timeout_s`; says who holds it.
    """
    held = take_any([board], timeout_s=timeout_s, lock_dir=lock_dir)
    try:
        yield
    finally:
        held.release()


@contextlib.contextmanager
def lease_all(
    boards: Sequence[str], *, timeout_s: float, lock_dir: Path | None = None, purpose: str = ""
) -> Iterator[tuple[Lease, ...]]:
    """Hold several boards, or none.

    They are taken in the order of their names, so that two who want the same ones cannot wait for
    each other.

    Raises:
        BoardBusy: one did not come free; those taken before were given back.
    """
    deadline = time.monotonic() + timeout_s
    with contextlib.ExitStack() as stack:
        held = []
        for board in sorted(set(boards)):
            left_s = max(0.0, deadline - time.monotonic())
            held.append(take_any([board], timeout_s=left_s, lock_dir=lock_dir, purpose=purpose))
            stack.callback(held[-1].release)
        yield tuple(held)


def _try(folder: Path, board: str, purpose: str) -> Lease | None:
    # Everybody who may enter the folder may take its locks: a bench has people and a service.
    lock = filelock.FileLock(_lock_file(folder, board), mode=0o666, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout:
        return None
    except OSError as error:
        raise _no_lock(folder, error) from error
    me = Holder(
        pid=os.getpid(),
        host=socket.gethostname(),
        since=datetime.now(UTC).isoformat(timespec="seconds"),
        command=Path(sys.argv[0]).name or "python",
        purpose=purpose,
        user=_user(),
    )
    held = Lease(board, lock, _record(folder, board), me)
    try:
        write_text(_record(folder, board), json.dumps(asdict(me)))
    except OSError as error:
        held.release()
        raise _no_lock(folder, error) from error
    except BaseException:
        held.release()
        raise
    return held


def _no_lock(folder: Path, error: OSError) -> BoardTrouble:
    return BoardTrouble(
        f"No board can be locked in {folder}: {error.strerror or error}. Make room and let this "
        f"user write there, or set {LOCKS_VARIABLE} to another folder."
    )


def held_by(boards: Sequence[str], lock_dir: Path | None = None) -> str:
    """Return, for people, who holds these boards as far as they left a record."""
    told = []
    for board in boards:
        who = holder(board, lock_dir)
        told.append(f"The board {board} is held by {who or 'a process that left no record'}.")
        if who is not None and who.purpose:
            told.append(f"`boardwright bench release {board}` asks for it.")
    return " ".join(told)


def _busy(boards: Sequence[str], folder: Path, timeout_s: float) -> str:
    waited = f" It did not come free within {timeout_s:g} s." if timeout_s else ""
    return f"{held_by(boards, folder)}{waited} Try again when that has ended."


def _user() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"user {os.getuid()}"


def _is_alive(who: Holder) -> bool:
    if who.host != socket.gethostname():
        return True
    try:
        os.kill(who.pid, 0)  # signal 0 reaches nobody
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _lock_file(folder: Path, board: str) -> Path:
    return folder / f"{board}.lock"


def _record(folder: Path, board: str) -> Path:
    return folder / f"{board}.holder.json"
