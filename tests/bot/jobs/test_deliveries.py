"""The table of deliveries: nothing lost, nothing twice, whoever dies at which moment."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from bot.events.event import Commented, Event, Place, Sender
from bot.jobs import carrier
from bot.jobs.carrier import carry
from bot.jobs.client import Database, JobClient, connect, enqueue_delivery, hide_jobs, told_by
from bot.jobs.deliveries import Deliveries, Delivery, open_deliveries
from bot.jobs.durable import Json
from bot.service.intake import StoreFailed

_LATER = datetime.now(UTC) + timedelta(days=1)


def said(text: str = "{'\\\" 🍏") -> Event:
    place = Place(repository="o/r", installation_id=1, number=7)
    sender = Sender(login="ada", id=1, is_bot=False)
    return Commented(place=place, sender=sender, on_pull=False, comment_id=1, text=text)


@pytest.fixture
def client(url: str) -> Iterator[JobClient]:
    made = JobClient(url)
    yield made
    made.close()


@pytest.fixture
def table(client: JobClient, url: str) -> Iterator[Deliveries]:
    opened = open_deliveries(url)
    yield opened
    opened.close()


@pytest.fixture
def engine(client: JobClient, url: str) -> Iterator[Database]:
    opened = connect(url)
    yield opened
    opened.destroy()


def store(client: JobClient, *ids: str) -> list[bool]:
    """Store deliveries at once; return which were new."""

    async def stored() -> list[bool]:
        answers = await asyncio.gather(*(client.store(one, said()) for one in ids))
        return [not answer.duplicate for answer in answers]

    return asyncio.run(stored())


def runs(engine: Database) -> list[tuple[str, object]]:
    rows = engine.list_workflows(name="deliver")
    return [(row.workflow_id, row.input["args"] if row.input else None) for row in rows]


def test_a_burst_is_kept_once_each_and_in_order(client: JobClient, table: Deliveries) -> None:
    ids = [f"d{n % 240}" for n in range(300)]
    new = store(client, *ids)
    assert [one for one, is_new in zip(ids, new, strict=True) if is_new] == ids[:240]
    assert not any(store(client, "d3", "d3"))
    assert store(client, "d3", "d240", "d240") == [False, True, False]
    with table.taken(1000) as waiting:
        assert [one.id for one in waiting] == [f"d{n}" for n in range(241)]
    with table.taken(1000) as waiting:
        assert waiting == []
    assert not any(store(client, "d3")), "nor is a late redelivery"


def test_what_was_not_taken_to_the_end_is_taken_again(
    client: JobClient, table: Deliveries, engine: Database
) -> None:
    store(client, "d1", "d2")
    taken: list[str] = []

    def die_at_the_second(delivery: str, event: Json) -> None:
        if taken:
            raise RuntimeError
        enqueue_delivery(engine, delivery, event)
        taken.append(delivery)

    with pytest.raises(RuntimeError):
        carry(table, die_at_the_second)
    assert taken == ["d1"]
    assert carry(table, lambda delivery, event: enqueue_delivery(engine, delivery, event)) == 2
    event = said().model_dump(mode="json")
    assert sorted(runs(engine)) == [("d1", (event,)), ("d2", (event,))]
    assert table.waiting_since(_LATER) == []


def test_what_an_earlier_version_stored_runs_once(
    client: JobClient, table: Deliveries, engine: Database
) -> None:
    event = said().model_dump(mode="json")
    enqueue_delivery(engine, "d1", event)  # as it did, without a table
    store(client, "d1")
    carry(table, lambda delivery, event: enqueue_delivery(engine, delivery, event))
    assert runs(engine) == [("d1", (event,))]


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_two_workers_take_different_ones(client: JobClient, table: Deliveries, url: str) -> None:
    store(client, "d1", "d2", "d3")
    other = open_deliveries(url)
    with table.taken(2) as here, other.taken(2) as there:
        assert [one.id for one in (*here, *there)] == ["d1", "d2", "d3"]
        assert not any(store(client, "d1")), "the web process waits for nobody"
    other.close()


@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_lost_connections_are_made_again(
    client: JobClient, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carrier, "_PAUSE_S", 0.0)
    taken: queue.Queue[str] = queue.Queue()
    carrying = carrier.Carrier(url, lambda delivery, event: taken.put(delivery), every_s=60.0)
    carrying.start()
    store(client, "d1")
    assert taken.get(timeout=60) == "d1"
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where application_name = 'boardwright deliveries'"
        )
    assert store(client, "d2") == [True]
    assert taken.get(timeout=60) == "d2"
    carrying.stop()


def test_what_the_database_refuses_is_not_acknowledged(
    client: JobClient, table: Deliveries
) -> None:
    lost = "\0" if "Postgres" in type(table).__name__ else "\ud800"
    with pytest.raises(StoreFailed):
        store(client, lost)
    assert store(client, "d1") == [True]
    with table.taken(10) as waiting:
        assert waiting == [Delivery("d1", said().model_dump_json())]


def test_ended_jobs_are_hidden(engine: Database, client: JobClient) -> None:
    for name, installation in (("o/r#1/a", 1), ("o/r#2/b", 2), ("o/other#1/c", 1)):
        engine.enqueue(
            {"workflow_name": "job", "queue_name": "jobs", "workflow_id": name},
            {"installation_id": installation},
        )
        engine.update_workflow_attributes(name, {"private": False, "title": "t"})
        engine.cancel_workflow(name)
    assert hide_jobs(engine, "o/r#", 1) == 1
    assert told_by(engine, "o/r#1/a") == {"private": True, "title": "t"}
    assert hide_jobs(engine, "o/r#", None) == 1
    assert [row.job for row in asyncio.run(client.list(9)) if not row.private] == ["o/other#1/c"]
    assert hide_jobs(engine, "", 1) == 1
    assert told_by(engine, "nobody") == {}
