"""Upkeep: speak of jobs that nobody takes, and forget what ended long ago."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from bot.jobs.client import DELIVER, DELIVERIES, JOB, JOBS, LIVE, WORK, Database
from bot.jobs.deliveries import Deliveries, open_deliveries
from bot.jobs.durable import Queue

_EVERY_S = 300.0
_STUCK_AFTER = timedelta(minutes=15)
_PORTION = 500
_NAMES = {DELIVER, JOB, WORK}
_QUEUES = {DELIVERIES, JOBS, *(queue.value for queue in Queue)}
_ENDED = ["SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"]

_log = logging.getLogger(__name__)


class Upkeep:
    """A thread that looks after the database of jobs."""

    def __init__(self, client: Database, url: str, keep_days: int) -> None:
        self._client, self._url = client, url
        self._keep = timedelta(days=keep_days)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="upkeep", daemon=True)

    def start(self) -> None:
        """Look now and then, until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._ended.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._ended.wait(_EVERY_S):
            try:
                with closing(open_deliveries(self._url)) as deliveries:
                    self._once(deliveries, datetime.now(UTC))
            except Exception:
                _log.exception("upkeep failed; it is tried again")

    def _once(self, deliveries: Deliveries, now: datetime) -> None:
        for problem in (*untaken(deliveries, now), *stuck(self._client, now)):
            _log.error("%s", problem)
        forget(self._client, now - self._keep)
        while deliveries.forget(now - self._keep):
            pass


def untaken(deliveries: Deliveries, now: datetime) -> Iterator[str]:
    """Yield a sentence for each delivery that no worker takes."""
    for delivery in deliveries.waiting_since(now - _STUCK_AFTER):
        yield f"{delivery} is not taken by any worker; does one run, as new as the web process?"


def stuck(client: Database, now: datetime) -> Iterator[str]:
    """Yield a sentence for each delivery or job that waits for what will never come.

    The engine takes unknown names and queues without a word, and then nobody runs them.
    """
    before = (now - _STUCK_AFTER).isoformat()
    for row in client.list_workflows(
        status=LIVE, end_time=before, load_input=False, load_output=False
    ):
        if row.name not in _NAMES:
            yield f"{row.workflow_id}: no worker knows the flow '{row.name}'"
        elif row.queue_name is not None and row.status == "ENQUEUED":
            if row.queue_name not in _QUEUES and not row.queue_name.startswith("_dbos_"):
                yield f"{row.workflow_id}: no worker knows the queue '{row.queue_name}'"
            elif row.queue_name in (DELIVERIES, JOBS):
                yield f"{row.workflow_id} has waited since {row.created_at}; is a worker running?"


def forget(client: Database, before: datetime) -> int:
    """Delete what ended before a moment; return how much it was."""
    forgotten = 0
    while rows := client.list_workflows(
        status=_ENDED,
        completed_before=before.isoformat(),
        limit=_PORTION,
        load_input=False,
        load_output=False,
    ):
        client.delete_workflows([row.workflow_id for row in rows])
        forgotten += len(rows)
    return forgotten
