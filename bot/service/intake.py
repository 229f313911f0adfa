"""What the web process needs of the job engine, as values and two protocols.

The web process stores events and lists jobs; it runs none, and asks nothing of GitHub.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.errors import Infrastructure
from bot.events.event import Event
from bot.rendering.live import Phase


class StoreFailed(Infrastructure):
    """The event could not be stored; GitHub is told so, and the delivery is asked for again."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An event lies in the database.

    Attributes:
        job: id of the job that it started or reached; empty where no job is concerned.
        duplicate: the delivery, or the job that it asks for, was there before.
    """

    job: str
    duplicate: bool


class Intake(Protocol):
    """Takes events in, durably."""

    async def store(self, delivery_id: str, event: Event) -> Stored:
        """Store an event; when this returns, no crash loses it and no redelivery doubles it.

        Any exception says that it may not be stored: the webhook then answers 503 at once.

        Raises:
            StoreFailed: the database does not take it.
        """

    async def ready(self) -> bool:
        """Say whether an event could be stored now; raises nothing."""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job, as the status page shows it. Texts are plain text.

    Attributes:
        private: nobody may be shown it who cannot see the repository; true where it is not known.
        number: of the issue.
        since: when it was asked for, with time zone.
        updated: when something last happened, with time zone.
        cost: such as '3 calls, 12,345 tokens, $0.02'; empty where nothing is known.
        headline: the verdict in one line; empty while there is none.
        boards: one line for each board, such as 'mps2-an386: pass, 97.2 %, 1.24 ms'.
    """

    job: str
    repository: str
    private: bool
    number: int
    title: str
    phase: Phase
    since: datetime
    updated: datetime
    cost: str = ""
    pull_url: str = ""
    headline: str = ""
    boards: tuple[str, ...] = ()


class Jobs(Protocol):
    """Knows the jobs."""

    async def list(self, at_most: int) -> tuple[JobRow, ...]:
        """Return jobs, those that were asked for last first.

        Raises:
            StoreFailed: the database does not answer.
        """
