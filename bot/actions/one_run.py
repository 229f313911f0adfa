"""One run: recall what was, deliver what happened, work, and remember, for one issue."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter

from bot.actions.context import Context
from bot.actions.engine import RunEngine
from bot.actions.happened import Followed, Happened
from bot.actions.listening import Ear
from bot.actions.memory import ENDED, Memory, goes_on, recall
from bot.actions.promises import settings_of_run
from bot.actions.report import Report, group, pull_number, say
from bot.actions.resuming import resumed
from bot.actions.state import State
from bot.events import event as events
from bot.github.hub import HubError, Hubs
from bot.issue_form import LABEL
from bot.jobs import ends
from bot.jobs.activities import Activities, Room
from bot.jobs.admission import Admission
from bot.jobs.durable import Broken, Durable, Json, do
from bot.jobs.flow import Flow
from bot.jobs.messages import Start
from bot.jobs.names import job_prefix
from bot.jobs.repository_settings import FILE, MAX_BYTES
from bot.jobs.task import Task
from bot.jobs.texts import NOT_ALLOWED
from bot.jobs.workshop import COMMAND, Workshop
from bot.rendering.live import Live, Phase
from bot.work.bounds import SETTINGS_VARIABLE
from bot.work.folder import read_outcome
from bot.work.outcome import Outcome
from bot.workspace import write_atomically

_STATE: TypeAdapter[State | None] = TypeAdapter(State | None)
_UNHEARD = ("not heeded", "not ours", "refused", "refused a bot", "nobody is concerned")
_CUT_OFF = "The workflow run ended before its work did: it was cancelled, or took too long."

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Settings:
    """How a run is done.

    Attributes:
        label: on an issue it asks for work.
        command: does a piece of work; is given its kind and the folder.
        every_s: how often the comment may follow the work, and new comments are looked for.
    """

    label: str = LABEL
    command: Sequence[str] = COMMAND
    every_s: float = 15.0


class OneRun:
    """All that one run holds together."""

    def __init__(self, context: Context, hubs: Hubs, settings: Settings, number: int) -> None:
        self._context, self._settings, self._ours = context, settings, hubs.login
        self._home = context.scratch / "boardwright"
        jobs = self._home / "jobs"
        folder = Activities(hubs, jobs).folder_of(context.repository, number)
        self._memory = Memory(folder, datetime.now(UTC))
        self._acts = Activities(
            hubs, jobs, self._memory.render, settings.label, parse=settings_of_run
        )
        self._room = Room(context.repository, None, number)
        self._hub = hubs.open(context.repository, None)
        self._ear = Ear(self._hub, context.repository, number, hubs.login)
        self._flow = Flow(self._acts)
        self._shop = Workshop(self._acts.folder_of, self._show, settings.command, settings.every_s)
        self._one_at_a_time = asyncio.Lock()
        self._refused = self._worked = False
        self._said: set[str] = set()
        self.engine = RunEngine(Admission(self._acts).deliver, self._job, self._work)
        self._self = self.engine.run(context.run)

    async def done(self, happened: Happened) -> Report:
        """Deal with what happened, and with what was said before it and meanwhile."""
        state = await do(
            self._self, "recall", _STATE, lambda: recall(self._hub, self._room.number, self._ours)
        )
        if state is not None and happened.is_known_to(state):
            return Report("An earlier run dealt with this already.", state.live)
        await asyncio.to_thread(self._prepare, happened.event)
        await self._restore(state, happened)
        done = await self._heard(happened)
        listening = asyncio.create_task(self._listen())
        await self.engine.rest()
        async with self._one_at_a_time:
            listening.cancel()
        await self.engine.rest()
        await self._remember(done)
        return Report(done, self._acts.shown(self._room), self._outcome(), self._refused)

    def _prepare(self, event: Followed) -> None:
        """Take settings and refusals from GitHub to where the flows look for them.

        The default branch's settings are those of who runs the service: here they are the same.
        """
        try:
            head = self._hub.head_of(self._hub.repository().default_branch)
            content = self._hub.read(FILE, head, MAX_BYTES).get(FILE, b"") if head else b""
            comments = self._hub.comments(event.place.number)
        except HubError as error:
            _log.warning("settings and refusals cannot be read: %s", error.problem)
            content, comments = b"", ()
        self._home.mkdir(parents=True, exist_ok=True)
        write_atomically(self._home / FILE, content)
        os.environ[SETTINGS_VARIABLE] = str(self._home / FILE)
        today = datetime.now(UTC).date()
        refused = (c for c in comments if c.author == self._ours and NOT_ALLOWED in c.body)
        if any(comment.created_at.date() == today for comment in refused):
            self._acts.may_refuse(self._room, event.sender.login, today.isoformat(), "before")

    async def _restore(self, state: State | None, happened: Happened) -> None:
        """Go on from what was recalled."""
        number, repository = self._room.number, self._context.repository
        if state is None:
            said = happened.comment
            self._memory.heard = (
                said - 1 if said else await do(self._self, "newest", int, self._ear.newest)
            )
            return
        say(f"Remembered of #{number}: {state.live.phase.value}")
        self._memory.restore(state, repository)
        if goes_on(state):
            name = f"{job_prefix(repository, number)}{state.start.delivery}"
            self.engine.put_down(name, f"{repository.lower()}#{number}", self._resumed)
        elif state.live.phase not in ENDED:
            end = {"phase": Phase.FAILED, "problem": _CUT_OFF, "cure": ends.AGAIN}
            live = state.live.model_copy(update=end)
            await do(self._self, "show", str, lambda: self._acts.show(self._room, live))

    async def _heard(self, happened: Happened) -> str:
        """Deliver what came before the event, then the event; return what was done with that."""
        for comment, earlier in await self._said_since(happened.comment):
            await self._deliver(f"{self._context.run}-{comment}", earlier, comment)
        return await self._deliver(self._context.run, happened.event, happened.comment)

    async def _said_since(self, before: int | None = None) -> list[tuple[int, events.Event]]:
        pull = pull_number(self._acts.shown(self._room))
        try:
            return await asyncio.to_thread(self._ear.since, self._memory.heard, pull, before)
        except HubError as error:
            _log.warning("comments cannot be listed: %s", error.problem)
            return []

    async def _deliver(self, delivery: str, event: events.Event, comment: int | None) -> str:
        if comment is not None:
            self._memory.heard = max(self._memory.heard, comment)
        raw = events.EVENT.dump_python(event, mode="json")
        done = str(await self.engine.deliver(delivery, raw))
        self._refused = self._refused or done.startswith(("given up:", "failed:"))
        say(f"{event.kind}: {done}")
        return done

    async def _listen(self) -> None:
        """Hear what is said while work goes on, so that it can be cancelled."""
        while True:
            await asyncio.sleep(self._settings.every_s)
            async with self._one_at_a_time:
                for comment, event in await self._said_since():
                    await self._deliver(f"{self._context.run}-{comment}", event, comment)
                closed = None
                with suppress(HubError):
                    closed = await asyncio.to_thread(self._ear.closed)
                if closed is not None:
                    await self._deliver(f"{self._context.run}-closed", closed, None)
                    return

    async def _remember(self, done: str) -> None:
        """Let the comment hold what was heard, where that changed anything."""
        live = self._acts.shown(self._room)
        if live is not None and self._memory.start is not None and done not in _UNHEARD:
            await do(self._self, "show", str, lambda: self._acts.show(self._room, live))

    def _outcome(self) -> Outcome | None:
        if self._worked:
            with suppress(OSError, ValueError):  # there is none where it was cancelled, or broke
                return read_outcome(self._memory.folder)
        return None

    async def _job(self, durable: Durable, raw: Json) -> Json:
        self._memory.start = Start.model_validate(raw)
        # The workflow hears answers at labelled issues only, and a command may have begun this one.
        number, label = self._room.number, [self._settings.label]
        try:
            await do(durable, "label", type(None), lambda: self._hub.add_labels(number, label))
        except (HubError, Broken) as error:
            _log.warning("the issue cannot be labelled: %s", error)
        return await self._flow.job(durable, raw)

    async def _resumed(self, durable: Durable, _: Json) -> Json:
        return await resumed(durable, self._flow, self._memory)

    async def _work(self, child: str, raw: Json) -> Json:
        task = Task.model_validate(raw)
        self._worked = True
        self._said.clear()
        with group(f"{task.kind.value} #{task.number}"):
            return await self._shop.work(child, raw)

    def _show(self, task: Task, live: Live) -> None:
        for stage in live.stages:
            line = f"{stage.name}: {stage.state}, {stage.checks} checks"
            if stage.state != "waiting" and line not in self._said:
                self._said.add(line)
                say(line)
        self._acts.show_progress(task, live)
