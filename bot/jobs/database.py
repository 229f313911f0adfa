"""The database of jobs, chosen by one URL: SQLite for one worker, PostgreSQL for several."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sqlite3
import sys
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from bot.errors import Infrastructure

# Source: SQLite 3.42 release notes: 'subsec' of unixepoch(), which DBOS uses from Python 3.12 on.
_SQLITE_WITH_SUBSECONDS = (3, 42)


def is_sqlite(url: str) -> bool:
    """Say whether a URL names an SQLite file.

    Raises:
        Infrastructure: it names no database that jobs can be kept in.
    """
    scheme = urlsplit(url).scheme
    if scheme == "sqlite":
        return True
    if scheme in ("postgresql", "postgres", "postgresql+psycopg"):
        return False
    raise Infrastructure(
        f"Jobs cannot be kept in a database of the kind '{scheme}'.",
        "set it to sqlite:////absolute/path.sqlite or postgresql://user:password@host/name",
    )


def sqlite_path(url: str) -> Path:
    """Return the file that an SQLite URL names.

    Raises:
        Infrastructure: the path is not absolute.
    """
    path = Path(url.removeprefix("sqlite:///"))
    if not path.is_absolute():
        raise Infrastructure(
            f"The path in {url} is not absolute.", "write sqlite:/// and a path that begins with /"
        )
    return path


def prepare(url: str) -> None:
    """Make a file database ready: folder, write-ahead log (a property of the file), version.

    Raises:
        Infrastructure: SQLite here is too old for this Python.
    """
    if not is_sqlite(url):
        return
    if sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < _SQLITE_WITH_SUBSECONDS:
        raise Infrastructure(
            f"SQLite {sqlite3.sqlite_version} is too old for jobs under Python "
            f"{sys.version_info.major}.{sys.version_info.minor}.",
            "use Python 3.11, SQLite 3.42 or newer, or PostgreSQL",
        )
    path = sqlite_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


def lock_out_others(url: str) -> IO[str]:
    """Take the right to be the one worker on an SQLite file; it ends with the returned file.

    With two, limits would not hold: what counts the running jobs is not atomic there.

    Raises:
        Infrastructure: another worker has it.
    """
    path = sqlite_path(url)
    lock = path.with_name(f"{path.name}.worker.lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.seek(0)
        holder = lock.read().strip() or "unknown"
        lock.close()
        raise Infrastructure(
            f"Another worker (process {holder}) already works on {path}.",
            "stop it, or use PostgreSQL for several workers",
        ) from None
    lock.seek(0)
    lock.truncate()
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def advisory_key(name: str, kind: str = "worker") -> int:
    """Return the number of a PostgreSQL advisory lock: by default that of a living worker."""
    digest = hashlib.sha256(f"boardwright {kind} {name}".encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
