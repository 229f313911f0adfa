"""Acting: from the event that a workflow run was started for to what came of it."""

from __future__ import annotations

import asyncio
from datetime import datetime

from bot.actions.context import Context
from bot.actions.happened import Followed, Happened
from bot.actions.one_run import OneRun, Settings
from bot.actions.report import Report
from bot.events.delivery import read
from bot.events.event import Closed, Commanded, Commented, Measured, Rerun, Reviewed, Withdrawn
from bot.events.heeded import Heeded, Ignored
from bot.events.payload import Payload
from bot.github.hub import Hub, Hubs, Missing
from bot.jobs.names import issue_of_branch


def act(context: Context, hubs: Hubs, settings: Settings) -> Report:
    """Do what an event asks for, until it is done or a person is waited for.

    Raises:
        Malformed: the payload is not what GitHub sends.
        HubError: GitHub does not let us find out what happened before.
    """
    event = read(context.event, context.payload, Heeded(settings.label, context.login))
    if isinstance(event, Ignored):
        return Report(event.reason)
    if isinstance(event, Rerun | Measured | Withdrawn):
        return Report("Nothing is done in a workflow about events of this kind.")
    if event.place.repository.lower() != context.repository.lower():
        return Report("The event is about another repository.")
    number = _issue(hubs.open(context.repository, None), event)
    if number is None:
        return Report("The pull request is none that Boardwright made.")
    happened = Happened(event, number, _moment(context))
    return asyncio.run(_done(OneRun(context, hubs, settings, number), happened))


async def _done(run: OneRun, happened: Happened) -> Report:
    try:
        return await run.done(happened)
    finally:
        await run.engine.stop()


def _issue(hub: Hub, event: Followed) -> int | None:
    """Return the issue that an event is about; None where it is about none of ours."""
    match event:
        case Reviewed() | Closed(is_pull=True):
            return issue_of_branch(event.head_branch)
        case Commanded(on_pull=True):
            try:
                return issue_of_branch(hub.pull(event.place.number).head_branch)
            except Missing:
                return None
        case Commented(on_pull=True):
            return None
    return event.place.number


def _moment(context: Context) -> datetime | None:
    """Return when the issue that the event is about was changed last, as it stood then."""
    payload = Payload.parse(context.payload)
    if not payload.has("issue"):
        return None
    try:
        moment = datetime.fromisoformat(payload.sub("issue").text("updated_at"))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
