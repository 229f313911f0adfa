"""The smaller parts: names, settings, the client, upkeep, reconciling, the companion."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from dbos import DBOS

from bot.errors import Infrastructure, RequestError
from bot.events.event import Labelled, Place, Sender
from bot.github.hub import Refused
from bot.github.rounds import Awaiting, Home
from bot.jobs import database
from bot.jobs.carrier import carry
from bot.jobs.client import JobClient, connect, enqueue_delivery
from bot.jobs.companion import accompanied
from bot.jobs.deliveries import open_deliveries
from bot.jobs.named_files import named_files
from bot.jobs.names import issue_of_branch, issue_of_key
from bot.jobs.reconcile import Reconciler
from bot.jobs.repository_settings import parse_settings
from bot.jobs.upkeep import forget, stuck, untaken

DAY = timedelta(days=1)
EVENT = Labelled(
    place=Place(repository="o/r", installation_id=1, number=7),
    sender=Sender(login="ada", id=1, is_bot=False),
    title="t",
    body="b",
)


@pytest.fixture
def client(tmp_path: Path) -> JobClient:
    return JobClient(f"sqlite:///{tmp_path}/jobs.sqlite")


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("csv:data/fruit.csv", ("data/fruit.csv",)),
        ("the file `data/fruit.csv`, please", ("data/fruit.csv",)),
        ("wav:sounds/ and images:pics", ("sounds", "pics")),
        ("csv:../etc/passwd csv:/etc/x.csv csv:a/../b.csv", ()),
        ("https://example.org/data/fruit.csv", ()),
        ("csv:.git/config", ()),
        ("sklearn:digits", ()),
    ],
)
def test_paths_that_a_request_names(text: str, paths: tuple[str, ...]) -> None:
    assert named_files([text]) == paths


@pytest.mark.parametrize(
    ("branch", "number"),
    [
        ("boardwright/issue-7-fruit", 7),
        ("boardwright/issue-70", 70),
        ("boardwright/other", None),
        ("issue-7-fruit", None),
        ("evil/boardwright/issue-7-x", None),
    ],
)
def test_whose_branch_it_is(branch: str, number: int | None) -> None:
    assert issue_of_branch(branch) == number
    assert issue_of_key("issue-x") is None


def test_settings_of_a_repository() -> None:
    assert not parse_settings(b"").approve_plan
    assert parse_settings(b"[service]\nmax_revisions = 3\n[llm]\nx = 1").max_revisions == 3
    for wrong in (b"[service", b"\xff", b"[service]\nmax_revisions = -1", b"service = 3"):
        with pytest.raises(RequestError, match=r"boardwright\.toml"):
            parse_settings(wrong)


def test_a_delivery_is_kept_once(client: JobClient) -> None:
    assert not asyncio.run(client.store("d", EVENT)).duplicate
    assert asyncio.run(client.store("d", EVENT)).duplicate
    assert asyncio.run(client.ready())
    assert asyncio.run(client.list(10)) == ()
    assert not client.knows("o/r", 7)
    with pytest.raises(ValueError, match="not empty"):
        asyncio.run(client.store(" ", EVENT))
    client.close()


def test_deliveries_that_nobody_takes_are_spoken_of_and_old_ones_forgotten(
    client: JobClient, tmp_path: Path
) -> None:
    asyncio.run(client.store("d", EVENT))
    rows = connect(f"sqlite:///{tmp_path}/jobs.sqlite")
    rows.enqueue({"workflow_name": "nonsense", "queue_name": "jobs", "workflow_id": "x"})
    rows.enqueue({"workflow_name": "job", "queue_name": "nowhere", "workflow_id": "y"})
    now = datetime.now(UTC)
    assert list(stuck(rows, now)) == []
    told = list(stuck(rows, now + timedelta(hours=1)))
    assert len(told) == 2
    assert any("'nonsense'" in line for line in told) and any("'nowhere'" in line for line in told)
    rows.cancel_workflow("x")
    assert forget(rows, now - timedelta(days=1)) == 0
    assert forget(rows, now + timedelta(days=1)) == 1
    table = open_deliveries(f"sqlite:///{tmp_path}/jobs.sqlite")
    assert list(untaken(table, now)) == []
    assert ["d is not taken" in line for line in untaken(table, now + timedelta(hours=1))] == [True]
    assert table.forget(now + timedelta(days=1)) == 0, "nobody took it"
    assert carry(table, partial(enqueue_delivery, rows)) == 1
    assert list(untaken(table, now + timedelta(hours=1))) == []
    assert [row.workflow_id for row in rows.list_workflows(status="ENQUEUED", name="deliver")] == [
        "d"
    ]
    assert [table.forget(now + days) for days in (-DAY, DAY, DAY)] == [0, 1, 0]
    table.close()
    rows.destroy()
    client.close()


def test_what_failover_needs_of_dbos_is_there() -> None:
    parameters = list(inspect.signature(DBOS._recover_pending_workflows).parameters)
    assert parameters == ["executor_ids"]


def test_addresses_of_databases(tmp_path: Path) -> None:
    assert database.is_sqlite("sqlite:////x") and not database.is_sqlite("postgresql://h/d")
    with pytest.raises(Infrastructure, match="mysql"):
        database.is_sqlite("mysql://h/d")
    with pytest.raises(Infrastructure, match="not absolute"):
        database.sqlite_path("sqlite:///x")
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    with (
        database.lock_out_others(url),
        pytest.raises(Infrastructure, match="Another worker"),
    ):
        database.lock_out_others(url)


class FakeRounds:
    """Two repositories, of which one is refused."""

    def __init__(self) -> None:
        self.redelivered: list[int] = []

    def homes(self) -> tuple[Home, ...]:
        return Home("o/gone", 1), Home("o/r", 1)

    def awaiting(self, home: Home, label: str) -> tuple[Awaiting, ...]:
        if home.full_name == "o/gone":
            raise Refused("no")
        assert label == "tinyml"
        return (Awaiting(7, "t", "b", "ada", 1, False, 99),)

    def failed(self, since: datetime) -> tuple[int, ...]:
        return (3, 4)

    def redeliver(self, attempt: int) -> None:
        self.redelivered.append(attempt)


def test_what_was_missed_is_brought_in_once(client: JobClient, tmp_path: Path) -> None:
    rounds = FakeRounds()
    made = Reconciler(rounds, client, "tinyml")
    made.once()
    made.once()
    assert rounds.redelivered == [3, 4, 3, 4]
    table = open_deliveries(f"sqlite:///{tmp_path}/jobs.sqlite")
    with table.taken(10) as waiting:
        assert [one.id for one in waiting] == ["missed-o/r-7-99"]
    table.close()
    ended = threading.Event()
    ended.set()
    made.run(ended)
    client.close()


@pytest.mark.parametrize(
    "end", ["sys.exit(1)", "os.kill(os.getpid(), 9)", "os.kill(os.getppid(), 9); time.sleep(1000)"]
)
def test_a_companion_is_started_again_and_ends_with_us(tmp_path: Path, end: str) -> None:
    program = tmp_path / "worker.py"
    program.write_text(
        "import os, pathlib, sys, time\n"
        f"place = pathlib.Path({str(tmp_path)!r})\n"
        "first = not (place / 'first').exists()\n"
        "(place / 'new').write_text(str(os.getpid()))\n"
        "(place / 'new').rename(place / ('first' if first else 'second'))\n"
        f"if first: {end}\n"
        "time.sleep(1000)\n"
    )
    with accompanied((sys.executable, str(program))):
        for _ in range(3000):
            if (tmp_path / "second").exists():
                break
            threading.Event().wait(0.01)
        assert not _lives(tmp_path / "first"), "there are never two"
        assert _lives(tmp_path / "second")
    assert not _lives(tmp_path / "second")


def _lives(place: Path) -> bool:
    status = Path("/proc", place.read_text(), "status")
    return status.exists() and "State:\tZ" not in status.read_text()
