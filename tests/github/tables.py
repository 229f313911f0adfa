"""What lies in the database of jobs, SQLite or PostgreSQL, as it is seen at one moment."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg

_LIVING = (
    "select name, workflow_uuid from workflow_status "
    "where status in ('ENQUEUED', 'DELAYED', 'PENDING') "
    "union select 'deliver', id from {deliveries} where taken is null"
)
_MESSAGES = "select consumed, destination_uuid from notifications where consumed or topic = 'inbox'"
_FORGET = "delete from {deliveries}"
_SCHEMA = "-c search_path=dbos,public"


@dataclass(frozen=True, slots=True)
class Seen:
    """What there is at one moment.

    Attributes:
        living: kind and name of what has not ended: deliveries, jobs, pieces of work.
        read: how many messages were received.
        unread: the jobs to which messages are on their way.
    """

    living: list[tuple[str, str]]
    read: int
    unread: set[str]


@dataclass(frozen=True, slots=True)
class Tables:
    """Reads the database at a URL."""

    url: str

    def seen(self) -> Seen:
        """Return what there is; what passes on between two tables is in one of them."""
        with self._connected() as connection:
            messages = connection.execute(_MESSAGES).fetchall()
            living = connection.execute(_LIVING.format(deliveries=self._deliveries)).fetchall()
        return Seen(
            living=[(str(kind), str(name)) for kind, name in living],
            read=sum(bool(consumed) for consumed, _ in messages),
            unread={str(name) for consumed, name in messages if not consumed},
        )

    def runs(self) -> list[str]:
        """Return the names of all runs, ended ones too."""
        with self._connected() as connection:
            return [
                str(n) for (n,) in connection.execute("select workflow_uuid from workflow_status")
            ]

    def forget_deliveries(self) -> None:
        """Let no delivery be known."""
        with self._connected() as connection:
            connection.execute(_FORGET.format(deliveries=self._deliveries))
            connection.commit()

    @property
    def _deliveries(self) -> str:
        return "boardwright_deliveries" if self._is_sqlite else "boardwright.deliveries"

    @property
    def _is_sqlite(self) -> bool:
        return self.url.startswith("sqlite:")

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """Give a transaction that sees one moment."""
        if self._is_sqlite:
            path = self.url.removeprefix("sqlite:///")
            with closing(sqlite3.connect(path, timeout=30)) as file:
                file.execute("begin")
                yield file
            return
        with psycopg.connect(self.url, options=_SCHEMA) as server:
            server.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            yield server
