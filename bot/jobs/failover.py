"""Failover: jobs of a worker that died go on at another one, on PostgreSQL.

A living worker holds an advisory lock named for it, which PostgreSQL drops with its connection.
Whoever can take another's lock knows that it is dead, and gives its jobs back to their queues.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import psycopg

from bot.errors import Infrastructure
from bot.jobs.database import advisory_key

_log = logging.getLogger(__name__)


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
        self._connection = self._acquire()

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
            try:
                if self._connection.closed:
                    self._connection = self._acquire()
                for other in sorted(owners() - {self._executor_id}):
                    self._take_over(other, recover)
            except psycopg.Error as error:
                _log.warning("failover: the database is away: %s", type(error).__name__)
                self._connection.close()
            except Exception:
                _log.exception("failover: looking for dead workers failed")

    def _take_over(self, other: str, recover: Callable[[list[str]], Any]) -> None:
        if not self._lock(self._connection, other):
            return
        try:
            given_back = recover([other])
            _log.warning("worker %s is dead: %d runs given back", other, len(given_back))
        finally:
            self._connection.execute("select pg_advisory_unlock(%s)", (advisory_key(other),))

    def _acquire(self) -> psycopg.Connection[tuple[Any, ...]]:
        try:
            connection = psycopg.connect(
                self._url,
                autocommit=True,
                keepalives_idle=10,
                keepalives_interval=5,
                keepalives_count=3,
                application_name="boardwright failover",
            )
        except psycopg.OperationalError as error:
            raise Infrastructure(
                "The database of jobs cannot be reached.", "is PostgreSQL running at the URL?"
            ) from error
        if not self._lock(connection, self._executor_id):
            connection.close()
            raise Infrastructure(
                f"A living worker already has the name '{self._executor_id}'.",
                "give each worker a name of its own",
            )
        return connection

    @staticmethod
    def _lock(connection: psycopg.Connection[tuple[Any, ...]], name: str) -> bool:
        row = connection.execute(
            "select pg_try_advisory_lock(%s)", (advisory_key(name),)
        ).fetchone()
        return row is not None and bool(row[0])
