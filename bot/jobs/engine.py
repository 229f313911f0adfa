"""The engine under the flows: DBOS on SQLite or PostgreSQL.

Beside `client.py` and `run.py` the only importer of dbos, whose defaults would strand jobs or run
them twice. What is set here instead, and why, stands in docs/decisions/0007-durable-jobs.md.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from typing import Any

from dbos import DBOS, DBOSConfig, DBOSPortableJSONSerializer

from bot.jobs import database
from bot.jobs.carrier import Carrier
from bot.jobs.client import (
    APPLICATION,
    DELIVER,
    DELIVERIES,
    INBOX,
    JOB,
    JOBS,
    WORK,
    connect,
    enqueue_delivery,
    migrate,
)
from bot.jobs.durable import Dispatch, Durable, Json, Queue
from bot.jobs.failover import Failover
from bot.jobs.messages import Worked
from bot.jobs.run import Run, Steps
from bot.jobs.upkeep import Upkeep

EPOCH = "1"
"""Of the flows: jobs go on only under the epoch that they began in.

Code of a flow may be appended to, or changed under `patch`; see docs/decisions/0007.
"""

_DELIVERIES_AT_ONCE = 32
_STEPS_END_S = 20.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How jobs are run.

    Attributes:
        url: of the database.
        executor_id: of this worker, unique among the living ones and the same after a restart.
        builds_at_once, plans_at_once: pieces of work, over all workers; one a repository.
        poll_s: how often queues are looked at.
        keep_days: how long ended jobs and deliveries are remembered.
    """

    url: str
    executor_id: str = "worker-0"
    builds_at_once: int = 1
    plans_at_once: int = 2
    poll_s: float = 1.0
    failover_s: float = 3.0
    keep_days: int = 30


@dataclass(frozen=True, slots=True)
class Flows:
    """The code that is run. `work` gets its name and its task, and is cancelled as tasks are."""

    deliver: Callable[[Dispatch, Json], Awaitable[Json]]
    job: Callable[[Durable, Json], Awaitable[Json]]
    work: Callable[[str, Json], Awaitable[Json]]


class Engine:
    """A worker's engine; one a process."""

    def __init__(self, settings: EngineSettings, flows: Flows) -> None:
        self._settings = settings
        self._steps = Steps()
        self._client = connect(settings.url, patient=True)
        workflows: dict[str, Any] = {}
        workflows |= _register(lambda: Run(self._client, self._steps, workflows), flows)
        self._taking, self._held = ExitStack(), ExitStack()

    def start(self) -> None:
        """Take up what was left, and go on with what comes.

        Raises:
            Infrastructure: the database is away, or another worker has our place.
        """
        settings = self._settings
        migrate(settings.url)
        failover = None
        if database.is_sqlite(settings.url):
            self._held.enter_context(database.lock_out_others(settings.url))
        else:
            failover = Failover(settings.url, settings.executor_id, settings.failover_s)
        DBOS(config=_configuration(settings))
        DBOS.launch()
        self._register_queues()
        if failover is not None:
            failover.start(_owners, DBOS._recover_pending_workflows)
            self._held.callback(failover.stop)
        upkeep = Upkeep(self._client, settings.url, settings.keep_days)
        upkeep.start()
        self._held.callback(upkeep.stop)
        carrier = Carrier(settings.url, partial(enqueue_delivery, self._client), settings.poll_s)
        carrier.start()
        self._taking.callback(carrier.stop)

    def stop(self) -> None:
        """Begin nothing more, let running steps end, and leave all jobs to the next start."""
        self._taking.close()
        self._steps.close(_STEPS_END_S)
        with self._held:
            DBOS.destroy(workflow_completion_timeout_sec=0)
            self._client.destroy()

    def _register_queues(self) -> None:
        poll = self._settings.poll_s
        DBOS.register_queue(
            DELIVERIES, worker_concurrency=_DELIVERIES_AT_ONCE, polling_interval_sec=poll
        )
        DBOS.register_queue(JOBS, polling_interval_sec=poll)
        for queue, at_once in (
            (Queue.PLANS, self._settings.plans_at_once),
            (Queue.BUILDS, self._settings.builds_at_once),
        ):
            DBOS.register_queue(
                queue.value,
                partition_concurrency=1,
                global_concurrency=at_once,
                polling_interval_sec=poll,
            )


def _configuration(settings: EngineSettings) -> DBOSConfig:
    return {
        "name": APPLICATION,
        "system_database_url": settings.url,
        "executor_id": settings.executor_id,
        "application_version": EPOCH,
        "serializer": DBOSPortableJSONSerializer(),
        "sys_db_pool_size": 8,
        "run_migrations": False,
        "log_level": "WARNING",
    }


def _owners() -> set[str]:
    """Return the workers that own running jobs."""
    rows = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
    return {row.executor_id for row in rows if row.executor_id}


def _register(run: Callable[[], Run], flows: Flows) -> dict[str, Any]:
    """Give the three flows to DBOS, under names that stay."""

    # A delivery and a job outlive any number of restarts; work that kills its worker does not.
    @DBOS.workflow(name=DELIVER, max_recovery_attempts=None)
    async def deliver(event: Any) -> Any:
        return await flows.deliver(run(), event)

    @DBOS.workflow(name=JOB, max_recovery_attempts=None)
    async def job(start: Any) -> Any:
        return await flows.job(run(), start)

    @DBOS.workflow(name=WORK, max_recovery_attempts=20)
    async def work(parent: str, task: Any) -> Any:
        child = str(DBOS.workflow_id)

        async def process() -> Any:
            return await flows.work(child, task)

        result = await DBOS.run_step_async({"name": "process", "preemptible": True}, process)
        message = Worked(child=child, result=result).model_dump(mode="json")
        await DBOS.send_async(parent, message, INBOX)
        return None

    return {DELIVER: deliver, JOB: job, WORK: work}
