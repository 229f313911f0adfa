"""Reconcile: at start and every hour, bring in what was missed while nobody was there.

Both ways may be gone twice, by several workers at once: a delivery is kept once, and the id of one
that is made here follows from the labelling that it stands for.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.events.event import Labelled, Place, Sender
from bot.github.hub import HubError
from bot.github.rounds import Awaiting, Home, Rounds
from bot.jobs.client import JobClient
from bot.service.intake import StoreFailed

EVERY_S = 3_600.0
_KEPT = timedelta(days=3)
"""Source: https://docs.github.com/webhooks/testing-and-troubleshooting-webhooks/redelivering-webhooks"""

_log = logging.getLogger(__name__)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Reconciler:
    """Goes the rounds.

    Attributes:
        rounds: what is looked through.
        client: where events are kept.
        label: asks for work.
        now: returns the time, with time zone.
    """

    rounds: Rounds
    client: JobClient
    label: str
    now: Callable[[], datetime] = _now

    def run(self, ended: threading.Event) -> None:
        """Go the rounds now and every hour, until the event is set."""
        while True:
            try:
                self.once()
            except Exception:
                _log.exception("reconciling failed; it is tried again in an hour")
            if ended.wait(EVERY_S):
                return

    def once(self) -> None:
        """Go the rounds once; what GitHub refuses about one repository stops no other."""
        try:
            for attempt in self.rounds.failed(self.now() - _KEPT):
                _log.warning("delivery attempt %d failed; it is asked for again", attempt)
                self.rounds.redeliver(attempt)
        except HubError as error:
            _log.warning("deliveries cannot be asked for again: %s", error.problem)
        try:
            homes = self.rounds.homes()
        except HubError as error:
            _log.warning("repositories cannot be listed: %s", error.problem)
            return
        for home in homes:
            try:
                for issue in self.rounds.awaiting(home, self.label):
                    self._bring_in(home, issue)
            except HubError as error:
                _log.warning("%s cannot be looked through: %s", home.full_name, error.problem)
            except StoreFailed as error:
                _log.error("%s", error)
                return

    def _bring_in(self, home: Home, issue: Awaiting) -> None:
        """Keep an event for an issue that no job was ever made for."""
        if self.client.knows(home.full_name, issue.number):
            return
        event = Labelled(
            place=Place(
                repository=home.full_name,
                installation_id=home.installation_id,
                number=issue.number,
            ),
            sender=Sender(login=issue.login, id=issue.person_id, is_bot=issue.is_bot),
            title=issue.title,
            body=issue.body,
        )
        delivery = f"missed-{home.full_name.lower()}-{issue.number}-{issue.label_id}"
        if not asyncio.run(self.client.store(delivery, event)).duplicate:
            _log.warning("%s#%d was missed; it is taken in", home.full_name, issue.number)
