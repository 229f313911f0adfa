"""Recent: the list of jobs as it was a moment ago, so that visitors cost the database nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from bot.service.intake import JobRow, Jobs


class Recent:
    """Lists jobs, asking for them once in a while only. It is a `Jobs`.

    Args:
        jobs: knows them.
        fresh_s: how long a list is good.
        clock: a time in seconds that never goes back.
    """

    def __init__(
        self, jobs: Jobs, fresh_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._jobs = jobs
        self._fresh_s = fresh_s
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: dict[int, tuple[float, tuple[JobRow, ...]]] = {}

    async def list(self, at_most: int) -> tuple[JobRow, ...]:
        """Return jobs as they are, or were `fresh_s` seconds ago; a failure is not remembered."""
        async with self._lock:
            asked, rows = self._known.get(at_most, (float("-inf"), ()))
            if self._clock() - asked >= self._fresh_s:
                rows = await self._jobs.list(at_most)
                self._known = {at_most: (self._clock(), rows)}
            return rows
