"""An intake and a list of jobs in memory."""

from __future__ import annotations

from bot.events.event import Event
from bot.service.intake import JobRow, Stored, StoreFailed
from bot.service.settings import ServiceSettings
from tests.bot.events.payloads import SECRET


class MemoryIntake:
    """Keeps events by delivery; fails with `broken` where it is set."""

    def __init__(self) -> None:
        self.events: dict[str, Event] = {}
        self.broken: Exception | None = None

    async def store(self, delivery_id: str, event: Event) -> Stored:
        if self.broken is not None:
            raise self.broken
        duplicate = delivery_id in self.events
        self.events.setdefault(delivery_id, event)
        return Stored(job=f"job-of-{delivery_id}", duplicate=duplicate)

    async def ready(self) -> bool:
        return self.broken is None


class MemoryJobs:
    """Lists what it is given; counts how often it was asked."""

    def __init__(self, *rows: JobRow) -> None:
        self.rows = rows
        self.asked = 0
        self.broken = False

    async def list(self, at_most: int) -> tuple[JobRow, ...]:
        self.asked += 1
        if self.broken:
            raise StoreFailed("The database is away.")
        return self.rows[:at_most]


def settings(**changes: object) -> ServiceSettings:
    values = {"token": "ghp_" + "t" * 36, "webhook_secret": SECRET} | changes
    return ServiceSettings(**values)  # type: ignore[arg-type]
