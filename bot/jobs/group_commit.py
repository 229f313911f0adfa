"""Group commit: one thread writes all deliveries that wait, in one transaction each time.

While one transaction is on its way to the disk the next one fills, so that a burst costs few of
them, and a delivery that comes alone waits for nobody.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from bot.jobs.deliveries import Deliveries, Delivery, open_deliveries
from bot.service.intake import StoreFailed

_TOGETHER = 200
_WAITING_AT_MOST = 4_000

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Waiter:
    """A delivery, and who waits to hear whether it is new."""

    delivery: Delivery
    loop: asyncio.AbstractEventLoop
    heard: asyncio.Future[bool] = field(init=False)

    def __post_init__(self) -> None:
        self.heard = self.loop.create_future()


class GroupCommit:
    """Keeps deliveries in the database at a URL."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._table: Deliveries | None = None
        self._waiting: list[_Waiter] = []
        self._stirred = threading.Condition()
        self._thread: threading.Thread | None = None
        self._ended = False

    async def keep(self, delivery: Delivery) -> bool:
        """Return when a delivery is on disk; say whether it was not known before.

        Raises:
            StoreFailed: nobody promises that it is kept.
        """
        waiter = _Waiter(delivery, asyncio.get_running_loop())
        with self._stirred:
            if self._ended:
                raise StoreFailed("The delivery was not kept: the service ends.")
            if len(self._waiting) >= _WAITING_AT_MOST:
                raise StoreFailed("The delivery was not kept: too many wait for the database.")
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="deliveries", daemon=True)
                self._thread.start()
            self._waiting.append(waiter)
            self._stirred.notify()
        return await waiter.heard

    def close(self) -> None:
        """Write what waits, and end."""
        with self._stirred:
            self._ended = True
            self._stirred.notify()
        if self._thread is not None:
            self._thread.join(30)

    def _run(self) -> None:
        while batch := self._next():
            try:
                self._answer(batch, self._kept([waiter.delivery for waiter in batch]))
            except Exception as problem:
                _log.warning("deliveries were not kept: %s", type(problem).__name__)
                self._refuse(batch, problem)
        self._disconnect()

    def _next(self) -> list[_Waiter]:
        """Return those that wait; none at the end."""
        with self._stirred:
            while True:
                # Whoever gave up was told to deliver it again.
                waiting = [one for one in self._waiting if not one.heard.done()]
                batch, self._waiting = waiting[:_TOGETHER], waiting[_TOGETHER:]
                if batch or self._ended:
                    return batch
                self._stirred.wait()

    def _kept(self, deliveries: Sequence[Delivery]) -> set[str]:
        """Write deliveries; once more where the connection was lost since it was last used."""
        if self._table is not None:
            try:
                return self._table.keep(deliveries)
            except Exception as problem:
                _log.warning("the database is connected to again: %s", type(problem).__name__)
                self._disconnect()
        self._table = open_deliveries(self._url)
        try:
            return self._table.keep(deliveries)
        except Exception:
            self._disconnect()
            raise

    def _disconnect(self) -> None:
        if self._table is not None:
            with suppress(Exception):
                self._table.close()
            self._table = None

    def _answer(self, batch: Sequence[_Waiter], new: set[str]) -> None:
        """Tell all, each event loop at once; the first of several equal ones was the new one."""
        answers: dict[asyncio.AbstractEventLoop, list[tuple[_Waiter, bool]]] = defaultdict(list)
        for waiter in batch:
            answers[waiter.loop].append((waiter, waiter.delivery.id in new))
            new.discard(waiter.delivery.id)
        for loop, told in answers.items():
            with suppress(RuntimeError):  # the loop was closed
                loop.call_soon_threadsafe(_tell, told)

    def _refuse(self, batch: Sequence[_Waiter], problem: Exception) -> None:
        for waiter in batch:
            with suppress(RuntimeError):
                waiter.loop.call_soon_threadsafe(_tell_problem, waiter, problem)


def _tell(told: Sequence[tuple[_Waiter, bool]]) -> None:
    for waiter, new in told:
        if not waiter.heard.done():
            waiter.heard.set_result(new)


def _tell_problem(waiter: _Waiter, problem: Exception) -> None:
    if not waiter.heard.done():
        failed = StoreFailed(f"The delivery was not kept: {type(problem).__name__}.")
        failed.__cause__ = problem
        waiter.heard.set_exception(failed)
