"""Who is dead, and who only lost a connection? Look-outs on one database, without jobs."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from bot.errors import Infrastructure
from bot.github.hub import Unavailable
from bot.jobs.alone import KIND, among_workers
from bot.jobs.database import advisory_key
from bot.jobs.failover import Failover
from tests.postgres import Cluster

_HOLDER = b"select pid from pg_locks where locktype = 'advisory' and granted and objid = %s"
NEVER_S = 1e6


class LookOut:
    """A worker that only looks out for others, when it is told to."""

    def __init__(self, url: str, name: str, owners: set[str]) -> None:
        self.given_back: list[str] = []
        self._owners = owners
        self._failover = Failover(url, name, NEVER_S)
        self.stop = self._failover.stop

    def look(self) -> None:
        self._failover.look(lambda: self._owners, self._recover)

    def _recover(self, names: list[str]) -> list[str]:
        self.given_back += names
        return names


@pytest.fixture
def url(postgres: Cluster) -> str:
    return postgres.fresh()


@pytest.fixture
def server(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def lose_connection(server: psycopg.Connection[Any], name: str) -> None:
    """End the connection that holds a worker's lock, and wait until it is gone."""
    (pid,) = server.execute(_HOLDER, _key(name)).fetchone() or (None,)
    server.execute("select pg_terminate_backend(%s)", (pid,))
    while server.execute("select 1 from pg_stat_activity where pid = %s", (pid,)).fetchone():
        pass


def _key(name: str) -> tuple[int]:
    return (advisory_key(name) & 0xFFFFFFFF,)


@contextmanager
def stopped(*looking: LookOut) -> Iterator[None]:
    try:
        yield
    finally:
        for one in looking:
            one.stop()


def test_a_worker_that_lost_its_connection_is_not_dead(
    url: str, server: psycopg.Connection[Any]
) -> None:
    first, second = LookOut(url, "w1", {"w1"}), LookOut(url, "w2", {"w1", "w2"})
    with stopped(first, second):
        for _ in range(3):
            lose_connection(server, "w1")
            for _ in range(5):
                second.look()
                first.look()
        assert second.given_back == []
        with pytest.raises(Infrastructure, match="already has the name 'w1'"):
            Failover(url, "w1", NEVER_S)


def test_nobody_is_dead_because_the_database_was_away(
    url: str, server: psycopg.Connection[Any]
) -> None:
    owners = {"w1", "w2"}
    first, second = LookOut(url, "w1", owners), LookOut(url, "w2", owners)
    with stopped(first, second):
        for name in sorted(owners):
            lose_connection(server, name)
        for _ in range(2):
            second.look()
        for _ in range(5):
            first.look()
            second.look()
        assert first.given_back == second.given_back == []


def test_the_jobs_of_a_dead_worker_are_given_back(
    url: str, server: psycopg.Connection[Any]
) -> None:
    first, second = LookOut(url, "w1", {"w1"}), LookOut(url, "w2", {"w1"})
    with stopped(second):
        with stopped(first):
            for _ in range(5):
                second.look()
            assert second.given_back == []
        while server.execute(_HOLDER, _key("w1")).fetchone():
            pass
        for _ in range(5):
            second.look()
        assert second.given_back[0] == "w1"


def test_a_worker_whose_name_another_one_has_ends(
    url: str, server: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: asked.append((pid, number)))
    first = LookOut(url, "w1", {"w1"})
    with stopped(first), psycopg.connect(url, autocommit=True) as twin:
        take = "select pg_advisory_lock(%s)"
        waiting = threading.Thread(target=twin.execute, args=(take, (advisory_key("w1"),)))
        waiting.start()
        while not server.execute("select 1 from pg_locks where not granted").fetchone():
            pass
        lose_connection(server, "w1")
        waiting.join()
        for _ in range(10):
            first.look()
        assert asked == [], "the server may still hold a lost connection of its own"
        for _ in range(20):
            first.look()
    assert asked == [(os.getpid(), signal.SIGTERM)]


def test_one_worker_at_a_time_does_what_has_a_name(
    url: str, server: psycopg.Connection[Any]
) -> None:
    alone, asked = among_workers(url), "select pg_try_advisory_lock(%s)"
    key = (advisory_key("octo/widgets#7", KIND),)
    with alone("octo/widgets#7"), alone("octo/widgets#8"):
        assert server.execute(asked, key).fetchone() == (False,)
    with pytest.raises(Unavailable), among_workers(f"{url}-gone")("octo/widgets#7"):
        pass
    server.execute("set lock_timeout = '20s'")  # the server sees a connection's end a moment later
    server.execute("select pg_advisory_lock(%s)", key)
