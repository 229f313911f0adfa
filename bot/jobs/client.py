"""JobClient: what the web process does with jobs. It runs none of their code."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from typing import Any

from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, error

from bot.errors import Infrastructure
from bot.events.event import EVENT, Event
from bot.jobs import database
from bot.jobs.deliveries import Delivery, create_table
from bot.jobs.durable import Json
from bot.jobs.group_commit import GroupCommit
from bot.jobs.messages import Shown
from bot.rendering.live import Phase
from bot.service.intake import JobRow, Stored, StoreFailed

APPLICATION = "boardwright"
DELIVER, JOB, WORK = "deliver", "job", "work"
"""Names of the three workflows."""
DELIVERIES, JOBS = "deliveries", "jobs"
INBOX = "inbox"
LIVE = ["ENQUEUED", "DELAYED", "PENDING"]
_PORTION = 100

_log = logging.getLogger(__name__)

Database = DBOSClient
"""Access to the database of jobs from outside of them."""


def connect(url: str, patient: bool = False) -> Database:
    """Return a client that reads nothing but JSON.

    Args:
        url: of the database.
        patient: waits where the database is away, as a worker must, which would else record that
            a step failed; without, it raises.
    """
    return DBOSClient(
        system_database_url=url,
        application_name=APPLICATION,
        serializer=DBOSPortableJSONSerializer(),
        retry_connection_errors=patient,
        system_database_pool_size=2 if database.is_sqlite(url) else 5,
        lazy=True,
    )


def migrate(url: str) -> None:
    """Make tables, or bring them up to date; several processes may do so at once.

    Raises:
        Infrastructure: the database cannot be reached, or its file not be written.
    """
    database.prepare(url)
    try:
        DBOS.migrate(url)
        create_table(url)
    except Exception as problem:
        raise Infrastructure(
            f"The database of jobs cannot be made ready: {type(problem).__name__}.",
            "is it running, may this user write to it, and is its encoding UTF8?",
        ) from problem


def enqueue_delivery(client: Database, delivery_id: str, event: Json) -> None:
    """Let a worker run the flow of a delivery; harmless when done twice."""
    try:
        client.enqueue(
            {"workflow_name": DELIVER, "queue_name": DELIVERIES, "workflow_id": delivery_id}, event
        )
    except error.DBOSConflictingWorkflowError:
        _log.error("%s: a job has the id of this delivery, so nothing is done", delivery_id)


def told_by(client: Database, job: str) -> dict[str, Json]:
    """Return what a job lets lists show about it; empty where that is nothing."""
    rows = client.list_workflows(workflow_ids=[job], load_input=False, load_output=False)
    return dict(rows[0].attributes or {}) if rows else {}


def hide_jobs(client: Database, prefix: str, installation_id: int | None) -> int:
    """Let no list name jobs, the ended ones included; return how many were named before.

    Args:
        client: of the database.
        prefix: of the jobs' names.
        installation_id: only jobs of this one; None: all.
    """
    named = [
        row.workflow_id
        for row in client.list_workflows(
            name=JOB, workflow_id_prefix=prefix or None, load_input=False, load_output=False
        )
        if (row.attributes or {}).get("private") is False
    ]
    hidden = 0
    for first in range(0, len(named), _PORTION):
        portion = named[first : first + _PORTION]
        for row in client.list_workflows(workflow_ids=portion, load_output=False):
            (start,) = row.input["args"] if row.input else ({},)
            if installation_id in (None, start.get("installation_id")):
                client.update_workflow_attributes(row.workflow_id, {"private": True}, merge=True)
                hidden += 1
    return hidden


class JobClient:
    """The way from the web process to the jobs: an `Intake`, and `Jobs` to list."""

    def __init__(self, url: str) -> None:
        """Make the tables where they are missing, and connect.

        Raises:
            Infrastructure: the database cannot be reached.
        """
        migrate(url)
        self._client = connect(url)
        self._commits = GroupCommit(url)

    async def store(self, delivery_id: str, event: Event) -> Stored:
        """Keep an event for a worker; it is on disk when this returns.

        A worker takes it into the engine, see `carrier`, and finds the job that it starts or
        reaches, so that none is named here. A delivery is kept once, however often it comes: a
        late redelivery starts nothing.

        Raises:
            ValueError: the id is empty.
            StoreFailed: nothing was kept.
        """
        if not delivery_id.strip():
            raise ValueError("a delivery has an id that is not empty")
        delivery = Delivery(delivery_id, EVENT.dump_json(event).decode())
        return Stored(job="", duplicate=not await self._commits.keep(delivery))

    async def list(self, at_most: int) -> tuple[JobRow, ...]:
        """Return the jobs, those that were asked for last first.

        Raises:
            StoreFailed: the database is away.
        """
        try:
            rows = await self._client.list_workflows_async(
                name=JOB, limit=at_most, sort_desc=True, load_input=False, load_output=False
            )
        except Exception as problem:
            raise StoreFailed(f"Jobs cannot be listed: {type(problem).__name__}.") from problem
        return tuple(_row(row) for row in rows)

    async def ready(self) -> bool:
        """Say whether a delivery could be kept now."""
        try:
            await self._client.check_connection_async()
        except Exception:
            return False
        return True

    def knows(self, repository: str, number: int) -> bool:
        """Say whether there is, or was lately, a job of an issue.

        Raises:
            StoreFailed: the database is away.
        """
        try:
            rows = self._client.list_workflows(
                name=JOB,
                workflow_id_prefix=f"{repository.lower()}#{number}/",
                limit=1,
                load_input=False,
                load_output=False,
            )
        except Exception as problem:
            raise StoreFailed(f"Jobs cannot be listed: {type(problem).__name__}.") from problem
        return bool(rows)

    def close(self) -> None:
        """Close all connections."""
        self._commits.close()
        self._client.destroy()


def _row(row: Any) -> JobRow:
    issue, _, _ = row.workflow_id.rpartition("/")
    repository, _, number = issue.rpartition("#")
    told = Shown.model_validate(row.attributes) if row.attributes else Shown()
    return JobRow(
        job=row.workflow_id,
        repository=repository,
        private=told.private,
        number=int(number),
        title=told.title,
        phase=_LOST.get(row.status, told.phase),
        since=_moment(row.created_at),
        updated=_moment(row.updated_at),
        cost=told.cost,
        pull_url=told.pull_url,
        headline=told.headline,
        boards=told.boards,
    )


_LOST = {
    "ERROR": Phase.FAILED,
    "MAX_RECOVERY_ATTEMPTS_EXCEEDED": Phase.FAILED,
    "CANCELLED": Phase.CANCELLED,
}
"""Ends that a job could not tell of itself."""


def _moment(epoch_ms: int | None) -> datetime:
    return datetime.fromtimestamp((epoch_ms or 0) / 1000, tz=UTC)
