"""Carrier: a thread of a worker that takes deliveries from their table into the engine."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable

from bot.jobs.deliveries import Deliveries, open_deliveries
from bot.jobs.durable import Json

_TOGETHER = 50
_PAUSE_S = 2.0

_log = logging.getLogger(__name__)


class Carrier:
    """Takes deliveries for as long as it runs; several workers may each have one."""

    def __init__(self, url: str, enqueue: Callable[[str, Json], None], every_s: float) -> None:
        """Prepare to carry.

        Args:
            url: of the database.
            enqueue: starts the flow of a delivery by its id; harmless when done twice.
            every_s: how often the table is looked at where the database cannot tell.
        """
        self._url, self._enqueue, self._every_s = url, enqueue, every_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="carrier", daemon=True)

    def start(self) -> None:
        """Carry until `stop`."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was not taken waits for the next start."""
        self._ended.set()
        self._thread.join(10)

    def _run(self) -> None:
        while not self._ended.is_set():
            table: Deliveries | None = None
            try:
                table = open_deliveries(self._url)
                while not self._ended.is_set():
                    if not carry(table, self._enqueue):
                        table.wait(self._every_s)
            except Exception as problem:
                _log.warning("deliveries cannot be taken now: %s", type(problem).__name__)
                self._ended.wait(_PAUSE_S)
            finally:
                if table is not None:
                    table.close()


def carry(table: Deliveries, enqueue: Callable[[str, Json], None]) -> int:
    """Take some deliveries that wait; return how many there were."""
    with table.taken(_TOGETHER) as waiting:
        for delivery in waiting:
            enqueue(delivery.id, json.loads(delivery.event))
    return len(waiting)
