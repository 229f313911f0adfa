"""Alone: one worker at a time does what GitHub has no compare-and-set for.

On PostgreSQL an advisory lock sees to that, which ends with its connection. On SQLite there is one
worker, whose threads take turns anyway.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from bot.github.hub import Unavailable
from bot.jobs.database import advisory_key, is_sqlite
from bot.measured.posting import Alone, unguarded

KIND = "alone"
_WAIT_MS = 60_000


def among_workers(url: str) -> Alone:
    """Return what lets one of all workers on a database at a time do what has a name.

    It raises `Unavailable` where the database is away, or another one takes longer than a minute.
    """
    if is_sqlite(url):
        return unguarded
    address = url.replace("postgresql+psycopg:", "postgresql:", 1)

    @contextmanager
    def alone(name: str) -> Iterator[None]:
        connection = _locked(address, name)
        try:
            yield
        finally:
            connection.close()

    return alone


def _locked(address: str, name: str) -> psycopg.Connection[tuple[object, ...]]:
    """Return a connection that holds the lock of a name."""
    try:
        connection = psycopg.connect(address, autocommit=True, connect_timeout=10)
        try:
            connection.execute(f"set lock_timeout = {_WAIT_MS}")
            connection.execute("select pg_advisory_lock(%s)", (advisory_key(name, KIND),))
        except psycopg.Error:
            connection.close()
            raise
    except psycopg.Error as error:
        raise Unavailable(f"{name} must wait for another worker: {type(error).__name__}") from None
    return connection
