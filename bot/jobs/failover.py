"""Failover: jobs of a worker that died go on at another one, on PostgreSQL.

A living worker holds an advisory lock named for it, which PostgreSQL drops with its connection.
Whoever can take another's lock knows that it is dead, and gives its jobs back to their queues.
When PostgreSQL itself was away, all locks are free until their owners are back: so a worker makes
sure of its own at each look, and believes another one dead only after some looks.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import psycopg

from bot.errors import Infrastructure
from bot.jobs.database import advisory_key

_DEAD_AFTER = 3
"""So many looks in a row find its lock free."""
_DISPLACED_AFTER = 20
"""So many looks in a row find our lock taken; a lost connection of our own has ended by then."""
_AT_START_MS, _LATER_MS = 2_000, 1
"""So long our lock is waited for; who gives back our jobs holds it for a moment."""
_KEEPALIVES = "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3"
"""The server's; without, it would notice a dead machine after hours."""

_log = logging.getLogger(__name__)


class _Taken(Infrastructure):
    """A living worker has our name."""


class Failover:
    """The lock of this worker, and the look-out for those of the others."""

    def __init__(self, url: str, executor_id: str, every_s: float) -> None:
        """Take this worker's lock.

        Raises:
            Infrastructure: a living worker has the same name, or the database is away.
        """
        self._url = url.replace("postgresql+psycopg:", "postgresql:", 1)
        self._executor_id = executor_id
        self._every_s = every_s
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None
        self._found_free: Counter[str] = Counter()
        self._refused = 0
        self._connection = self._acquire(_AT_START_MS)

    def start(self, owners: Callable[[], set[str]], recover: Callable[[list[str]], Any]) -> None:
        """Look out for dead workers until `stop`.

        Args:
            owners: returns the names of all workers that own running jobs.
            recover: gives the jobs of workers back to their queues; harmless when done twice.
        """
        self._thread = threading.Thread(
            target=self._watch, args=(owners, recover), name="failover", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Give the lock back."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join(10)
        self._connection.close()

    def _watch(self, owners: Callable[[], set[str]], recover: Callable[[list[str]], Any]) -> None:
        while not self._ended.wait(self._every_s):
            self.look(owners, recover)

    def look(self, owners: Callable[[], set[str]], recover: Callable[[list[str]], Any]) -> None:
        """Look once, as the thread that `start` starts does."""
        try:
            self._make_sure()
            for other in sorted(owners() - {self._executor_id}):
                self._take_over(other, recover)
        except psycopg.Error as error:
            _log.warning("failover: the database is away: %s", type(error).__name__)
            self._connection.close()
        except _Taken:
            self._withdraw()
        except Infrastructure as error:
            _log.warning("failover: %s", error.problem)
        except Exception:
            _log.exception("failover: looking for dead workers failed")

    def _make_sure(self) -> None:
        """Hold our lock, again where its connection was lost."""
        if not self._connection.closed:
            self._connection.execute("select 1")
            return
        self._found_free.clear()
        self._connection = self._acquire(_LATER_MS)
        self._refused = 0

    def _withdraw(self) -> None:
        """Ask this process to end when another one has had its name for long."""
        self._refused += 1
        _log.error("another worker has the name '%s'", self._executor_id)
        if self._refused == _DISPLACED_AFTER:
            _log.error("this worker ends, as two would run the same jobs")
            os.kill(os.getpid(), signal.SIGTERM)

    def _take_over(self, other: str, recover: Callable[[list[str]], Any]) -> None:
        if not self._lock(other):
            del self._found_free[other]
            return
        try:
            self._found_free[other] += 1
            if self._found_free[other] < _DEAD_AFTER:
                return
            del self._found_free[other]
            given_back = recover([other])
            _log.warning("worker %s is dead: %d runs given back", other, len(given_back))
        finally:
            self._connection.execute("select pg_advisory_unlock(%s)", (advisory_key(other),))

    def _acquire(self, patience_ms: int) -> psycopg.Connection[tuple[Any, ...]]:
        try:
            connection = psycopg.connect(
                self._url,
                autocommit=True,
                options=f"-c lock_timeout={patience_ms}ms {_KEEPALIVES}",
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=3,
                application_name="boardwright failover",
            )
        except psycopg.OperationalError as error:
            raise Infrastructure(
                "The database of jobs cannot be reached.", "is PostgreSQL running at the URL?"
            ) from error
        try:
            connection.execute("select pg_advisory_lock(%s)", (advisory_key(self._executor_id),))
        except psycopg.errors.LockNotAvailable:
            connection.close()
            raise _Taken(
                f"A living worker already has the name '{self._executor_id}'.",
                "give each worker a name of its own",
            ) from None
        return connection

    def _lock(self, name: str) -> bool:
        row = self._connection.execute(
            "select pg_try_advisory_lock(%s)", (advisory_key(name),)
        ).fetchone()
        return row is not None and bool(row[0])
