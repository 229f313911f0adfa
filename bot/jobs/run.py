"""Run: what one run of a flow may ask of the engine, on DBOS."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dbos import DBOS, DBOSClient, SetEnqueueOptions, SetWorkflowID

from bot.jobs.client import INBOX, JOB, JOBS, LIVE, WORK, hide_jobs, told_by
from bot.jobs.durable import Json, Queue


class Steps:
    """Counts the steps under way, so that a worker that ends lets them end first."""

    def __init__(self) -> None:
        self._open = True
        self._running = 0
        self._changed = threading.Condition()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a step for as long as the context is open."""
        with self._changed:
            self._running += 1
        try:
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()

    async def admit(self) -> None:
        """Return at once; never, when the worker ends."""
        if not self._open:
            await asyncio.Event().wait()

    def close(self, at_most_s: float) -> None:
        """Admit no more, and wait for those under way."""
        until = time.monotonic() + at_most_s
        with self._changed:
            self._open = False
            while self._running and (left := until - time.monotonic()) > 0:
                self._changed.wait(left)


class Run:
    """One run of a flow on DBOS; `bot.jobs.durable.Dispatch` says what the methods promise.

    Args:
        client: of the database.
        steps: counts what is under way in this worker.
        workflows: what DBOS knows, by name.
    """

    def __init__(self, client: DBOSClient, steps: Steps, workflows: Mapping[str, Any]) -> None:
        self._client, self._steps, self._workflows = client, steps, workflows

    @property
    def id(self) -> str:
        """Return the name of this run."""
        return str(DBOS.workflow_id)

    async def step(self, name: str, call: Callable[[], Json]) -> Json:
        """Do something in a thread and record what it returned."""
        steps = self._steps

        def counted() -> Json:
            with steps.one():
                return call()

        async def threaded() -> Json:
            await steps.admit()
            return await asyncio.to_thread(counted)

        result: Json = await DBOS.run_step_async({"name": name}, threaded)
        return result

    async def receive(self, timeout_s: float) -> Json:
        """Return the next message; None when none came in time."""
        message: Json = await DBOS.recv_async(INBOX, timeout_seconds=timeout_s)
        return message

    async def sleep(self, seconds: float) -> None:
        """Wait, restarts included."""
        await DBOS.sleep_async(seconds)

    async def start(self, child: str, queue: Queue, partition: str, task: Json) -> None:
        """Queue a piece of work."""
        with SetWorkflowID(child), SetEnqueueOptions(queue_partition_key=partition):
            await DBOS.enqueue_workflow_async(queue.value, self._workflows[WORK], self.id, task)

    async def cancel(self, child: str) -> None:
        """End a piece of work."""
        await DBOS.cancel_workflow_async(child)

    async def is_over(self, child: str) -> bool:
        """Say whether a piece of work ended."""

        def find() -> Json:
            rows = self._client.list_workflows(
                workflow_ids=[child], status=LIVE, load_input=False, load_output=False
            )
            return not rows

        return bool(await self.step("is over", find))

    async def tell(self, state: dict[str, Json]) -> None:
        """Let this be what a list of jobs shows about this run."""
        await DBOS.update_workflow_attributes_async(self.id, state)

    async def live(self, prefix: str) -> list[str]:
        """Return the runs of jobs that have not ended and whose names begin so."""

        def find() -> Json:
            rows = self._client.list_workflows(
                name=JOB,
                status=LIVE,
                workflow_id_prefix=prefix,
                load_input=False,
                load_output=False,
            )
            return [row.workflow_id for row in rows]

        found = await self.step("live", find)
        return [str(name) for name in found] if isinstance(found, list) else []

    async def begin(self, name: str, only: str, start: Json) -> str:
        """Start a job unless one with the same `only` lives; return the living one."""

        def enqueue() -> Json:
            handle: Any = self._client.enqueue(
                {
                    "workflow_name": JOB,
                    "queue_name": JOBS,
                    "workflow_id": name,
                    "deduplication_id": only,
                    "duplication_policy": "return-existing",
                },
                start,
            )
            return str(handle.get_workflow_id())

        return str(await self.step("begin", enqueue))

    async def send(self, name: str, message: Json, key: str) -> None:
        """Send a message to a job; the same key is received once."""

        def deliver() -> Json:
            self._client.send(name, message, INBOX, idempotency_key=key)
            return None

        await self.step("send", deliver)

    async def told(self, name: str) -> dict[str, Json]:
        """Return what a job last let lists show about it."""
        found = await self.step("told", lambda: dict(told_by(self._client, name)))
        return found if isinstance(found, dict) else {}

    async def hide(self, prefix: str, installation_id: int | None) -> None:
        """Let no list name the jobs whose names begin so."""
        await self.step("hide", lambda: hide_jobs(self._client, prefix, installation_id))
