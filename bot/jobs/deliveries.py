"""Deliveries: the table in which they lie from the webhook's 202 until a worker takes them.

It lies beside the engine's own tables, in SQLite or PostgreSQL. The web process writes it without
the engine, whose way in costs several times as much.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import psycopg

from bot.jobs.database import is_sqlite, sqlite_path

_WRITE_WITHIN_S = 6
_TAKE_WITHIN_S = 60
_PORTION = 1_000
_POLL_S, _LISTEN_S = 0.1, 1.0
_CHANNEL = "boardwright_deliveries"
_TABLE_LOCK = 0x626F617264


@dataclass(frozen=True, slots=True)
class Delivery:
    """What is kept: GitHub's id, and the event as JSON."""

    id: str
    event: str


class Deliveries(Protocol):
    """The table, by one connection, for one thread at a time. Any database's errors are raised."""

    def keep(self, deliveries: Sequence[Delivery]) -> set[str]:
        """Write deliveries, all or none; they are on disk when this returns.

        Returns:
            The ids that were not known before; the others are left as they are.
        """

    @contextmanager
    def taken(self, at_most: int) -> Iterator[list[Delivery]]:
        """Give those that wait, oldest first; unless the block raises, they no longer do after it.

        Killed within the block, the same are given again: what it does must bear that.
        """

    def wait(self, seconds: float) -> None:
        """Return when one may have come, at the latest after some seconds."""

    def waiting_since(self, before: datetime) -> list[str]:
        """Return the ids of those that came before a moment and were never taken."""

    def forget(self, before: datetime) -> int:
        """Delete some of those that were taken before a moment; return how many, 0 at the end."""

    def close(self) -> None:
        """Close the connection."""


def create_table(url: str) -> None:
    """Make the table where it is missing; several processes may do so at once."""
    if is_sqlite(url):
        with closing(sqlite3.connect(sqlite_path(url), timeout=30)) as file:
            file.executescript(_SQLITE_TABLE)
        return
    with psycopg.connect(_address(url), connect_timeout=_WRITE_WITHIN_S) as server:
        row = server.execute("select to_regclass('boardwright.deliveries')").fetchone()
        if row == (None,):
            server.execute("select pg_advisory_xact_lock(%s)", (_TABLE_LOCK,))
            for statement in _POSTGRES_TABLE:
                server.execute(statement)


def open_deliveries(url: str) -> Deliveries:
    """Return the table by a new connection."""
    return _SqliteDeliveries(url) if is_sqlite(url) else _PostgresDeliveries(url)


def _address(url: str) -> str:
    return url.replace("postgresql+psycopg:", "postgresql:", 1)


def _now_us() -> int:
    return time.time_ns() // 1000


def _us(moment: datetime) -> int:
    return int(moment.timestamp() * 1_000_000)


# `received` and `taken` are microseconds since 1970.

_SQLITE_TABLE = """
create table if not exists boardwright_deliveries (
    place integer primary key autoincrement, id text not null unique, event text not null,
    received integer not null, taken integer);
create index if not exists boardwright_deliveries_waiting
    on boardwright_deliveries (place) where taken is null;
"""


class _SqliteDeliveries:
    """As few statements as can be: each gives the interpreter away, and waits to have it back."""

    def __init__(self, url: str) -> None:
        self._file = sqlite3.connect(
            sqlite_path(url),
            timeout=_WRITE_WITHIN_S,
            isolation_level=None,
            check_same_thread=False,
        )
        self._file.execute("pragma synchronous = full")

    def keep(self, deliveries: Sequence[Delivery]) -> set[str]:
        now, ids = _now_us(), {one.id for one in deliveries}
        rows = json.dumps([(one.id, one.event) for one in deliveries], ensure_ascii=False)
        inserted = self._file.execute(
            "insert into boardwright_deliveries (id, event, received) "
            "select json_extract(value, '$[0]'), json_extract(value, '$[1]'), ? "
            "from json_each(?) where true on conflict (id) do nothing",
            (now, rows),
        ).rowcount
        if inserted == len(ids):
            return ids
        new = self._file.execute(
            "select id from boardwright_deliveries where received = ? and id in "
            "(select json_extract(value, '$[0]') from json_each(?))",
            (now, rows),
        )
        return {row[0] for row in new}

    @contextmanager
    def taken(self, at_most: int) -> Iterator[list[Delivery]]:
        found = self._file.execute(
            "select place, id, event from boardwright_deliveries where taken is null "
            "order by place limit ?",
            (at_most,),
        ).fetchall()
        yield [Delivery(id_, event) for _, id_, event in found]
        if found:  # all up to the last one, as there is one worker
            self._file.execute(
                "update boardwright_deliveries set taken = ? where taken is null and place <= ?",
                (_now_us(), found[-1][0]),
            )

    def wait(self, seconds: float) -> None:
        time.sleep(min(seconds, _POLL_S))

    def waiting_since(self, before: datetime) -> list[str]:
        rows = self._file.execute(
            "select id from boardwright_deliveries where taken is null and received < ?",
            (_us(before),),
        )
        return [row[0] for row in rows]

    def forget(self, before: datetime) -> int:
        return self._file.execute(
            "delete from boardwright_deliveries where place in "
            "(select place from boardwright_deliveries where taken < ? limit ?)",
            (_us(before), _PORTION),
        ).rowcount

    def close(self) -> None:
        self._file.close()


_POSTGRES_TABLE = (
    "create schema if not exists boardwright",
    "create table if not exists boardwright.deliveries ("
    "place bigint generated always as identity, id text primary key, event text not null, "
    "received bigint not null, taken bigint)",
    "create index if not exists deliveries_waiting on boardwright.deliveries (place) "
    "where taken is null",
)
# A worker that stands still in the midst of taking loses its connection, and with it its hold on
# them. What is answered with 202 is on disk, whatever the server does for others.
_SESSION = f"""
set statement_timeout = '{_WRITE_WITHIN_S}s';
set idle_in_transaction_session_timeout = '{_TAKE_WITHIN_S}s';
select set_config('synchronous_commit', 'on', false)
where current_setting('synchronous_commit') = 'off';
""".encode()
_KEEP = f"""
with kept as (
    insert into boardwright.deliveries (id, event, received)
    select id, event, %s from unnest(%s::text[], %s::text[])
        with ordinality as one (id, event, number) order by number
    on conflict (id) do nothing returning id)
select id, pg_notify('{_CHANNEL}', '') from kept
"""  # noqa: S608
_WAITING = """
select id, event from boardwright.deliveries where taken is null
order by place limit %s for update skip locked
"""


class _PostgresDeliveries:
    def __init__(self, url: str) -> None:
        self._server: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(
            _address(url),
            autocommit=True,
            connect_timeout=_WRITE_WITHIN_S,
            keepalives_idle=10,
            keepalives_interval=5,
            keepalives_count=3,
            tcp_user_timeout=1000 * _WRITE_WITHIN_S,
            application_name="boardwright deliveries",
        )
        self._server.execute(_SESSION)
        self._listens = False

    def keep(self, deliveries: Sequence[Delivery]) -> set[str]:
        ids, events = [one.id for one in deliveries], [one.event for one in deliveries]
        rows = self._server.execute(_KEEP, (_now_us(), ids, events), prepare=True).fetchall()
        return {row[0] for row in rows}

    @contextmanager
    def taken(self, at_most: int) -> Iterator[list[Delivery]]:
        with self._server.transaction():
            rows = self._server.execute(_WAITING, (at_most,)).fetchall()
            yield [Delivery(id_, event) for id_, event in rows]
            if rows:
                self._server.execute(
                    "update boardwright.deliveries set taken = %s where id = any(%s)",
                    (_now_us(), [row[0] for row in rows]),
                )

    def wait(self, seconds: float) -> None:
        if not self._listens:
            self._server.execute(f"listen {_CHANNEL}".encode())
            self._listens = True
            return  # one may have come just before
        for _ in self._server.notifies(timeout=min(seconds, _LISTEN_S), stop_after=1):
            pass

    def waiting_since(self, before: datetime) -> list[str]:
        rows = self._server.execute(
            "select id from boardwright.deliveries where taken is null and received < %s",
            (_us(before),),
        )
        return [row[0] for row in rows]

    def forget(self, before: datetime) -> int:
        return self._server.execute(
            "delete from boardwright.deliveries where id in "
            "(select id from boardwright.deliveries where taken < %s limit %s)",
            (_us(before), _PORTION),
        ).rowcount

    def close(self) -> None:
        self._server.close()
