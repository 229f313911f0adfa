"""Admission: one short flow for each delivery. Who asks, may they, and which job is it for?

GitHub is asked for everybody's permission each time; where it does not say yes, nothing is done.
What reaches a job was admitted here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pydantic import TypeAdapter

from bot.events import slash
from bot.events.event import (
    EVENT,
    Closed,
    Commanded,
    Commented,
    Event,
    Labelled,
    Place,
    Rerun,
    Reviewed,
    Sender,
    Withdrawn,
)
from bot.github.hub import HubError, Missing, Person, Reaction
from bot.jobs import messages, texts
from bot.jobs.activities import Activities, Room
from bot.jobs.durable import Broken, Dispatch, Json, do
from bot.jobs.messages import Message, Start, Verb
from bot.rendering.live import Live

_ISSUE_OF_KEY = re.compile(r"issue-(\d{1,10})(?:-|$)")
_BRANCH = "boardwright/"
_INT_OR_NONE: TypeAdapter[int | None] = TypeAdapter(int | None)
_LIVE_OR_NONE: TypeAdapter[Live | None] = TypeAdapter(Live | None)
_STARTERS = frozenset(
    {Verb.BUILD, Verb.RETRY, Verb.REVISE, Verb.MEASURE, Verb.SMALLER, Verb.LARGER}
)


def issue_of_key(key: str) -> int | None:
    """Return the issue that a key of ours belongs to."""
    found = _ISSUE_OF_KEY.match(key)
    return int(found[1]) if found else None


def issue_of_branch(branch: str) -> int | None:
    """Return the issue that a branch of ours belongs to; None where it is none of ours."""
    return issue_of_key(branch.removeprefix(_BRANCH)) if branch.startswith(_BRANCH) else None


def job_prefix(repository: str, number: int | None = None) -> str:
    """Return how the names of all jobs of an issue, or of a repository, begin."""
    name = repository.lower()
    return f"{name}#" if number is None else f"{name}#{number}/"


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides about deliveries. `today` returns the date, in UTC."""

    acts: Activities
    today: Callable[[], str] = _today

    async def deliver(self, durable: Dispatch, raw: Json) -> Json:
        """Bring one event to where it belongs; return in a word what was done."""
        try:
            return await self._decided(durable, EVENT.validate_python(raw))
        except HubError as error:
            return f"given up: {error.problem}"
        except Broken as error:
            return f"failed: {error}"

    async def _decided(self, durable: Dispatch, event: Event) -> str:
        match event:
            case Labelled():
                return await self._labelled(durable, event)
            case Commanded():
                return await self._commanded(durable, event)
            case Commented():
                return await self._commented(durable, event)
            case Reviewed():
                return await self._reviewed(durable, event)
            case Closed():
                return await self._closed(durable, event)
            case Rerun():
                return await self._rerun(durable, event)
            case Withdrawn():
                return await self._withdrawn(durable, event)

    async def _labelled(self, durable: Dispatch, event: Labelled) -> str:
        room = _room(event.place)
        if not await self._may(durable, room, event.sender):
            return await self._refuse(durable, room, event.sender, None)
        start = _start(durable, room, event.sender, None, Verb.BUILD, "", event)
        await self._seen(durable, room, None)
        name = await self._begin(durable, start)
        return "started" if name == _name(start) else "already under way"

    async def _commanded(self, durable: Dispatch, event: Commanded) -> str:
        at = _room(event.place)
        if not await self._may(durable, at, event.sender):
            return await self._refuse(durable, at, event.sender, event.comment_id)
        await self._seen(durable, at, event.comment_id)
        number = await self._issue(durable, at) if event.on_pull else at.number
        if number is None:
            return await self._say(durable, at, event, texts.NOT_OURS)
        room = Room(at.repository, at.installation_id, number)
        living = await durable.live(job_prefix(room.repository, number))
        command = slash.parse(event.command)
        asked = _asked(command)
        if asked is None:
            return await self._inform(durable, room, event, command, bool(living))
        verb, text = asked
        if living:
            return await self._pass_on(durable, living[-1], event, verb, text)
        if verb not in _STARTERS:
            return await self._say(durable, at, event, texts.NOTHING_RUNS)
        start = _start(durable, room, event.sender, event.comment_id, verb, text, event)
        name = await self._begin(durable, start)
        if name == _name(start):
            return "started"
        return await self._pass_on(durable, name, event, verb, text)

    async def _commented(self, durable: Dispatch, event: Commented) -> str:
        room = _room(event.place)
        if event.on_pull:
            return "not heeded"
        living = await durable.live(job_prefix(room.repository, room.number))
        if not living or not await self._may(durable, room, event.sender):
            return "not heeded"
        answer = messages.Answered(
            person=_person(event.sender), comment_id=event.comment_id, text=event.text
        )
        return await self._send(durable, living, answer)

    async def _reviewed(self, durable: Dispatch, event: Reviewed) -> str:
        room, number = _room(event.place), issue_of_branch(event.head_branch)
        if number is None:
            return "not ours"
        living = await durable.live(job_prefix(room.repository, number))
        if not living or not await self._may(durable, room, event.sender):
            return "not heeded"
        review = messages.Reviewed(
            person=_person(event.sender), number=room.number, review_id=event.review_id
        )
        return await self._send(durable, living, review)

    async def _closed(self, durable: Dispatch, event: Closed) -> str:
        number = issue_of_branch(event.head_branch) if event.is_pull else event.place.number
        if number is None:
            return "not ours"
        living = await durable.live(job_prefix(event.place.repository, number))
        closed = messages.Closed(
            login=event.sender.login,
            number=event.place.number,
            is_pull=event.is_pull,
            merged=event.merged,
        )
        return await self._send(durable, living, closed)

    async def _rerun(self, durable: Dispatch, event: Rerun) -> str:
        number = issue_of_key(event.key)
        if number is None:
            return "not ours"
        room = Room(event.repository, event.installation_id, number)
        living = await durable.live(job_prefix(room.repository, number))
        if not living or not await self._may(durable, room, event.sender):
            return "not heeded"
        rerun = messages.Rerun(person=_person(event.sender), delivery=durable.id)
        return await self._send(durable, living, rerun)

    async def _withdrawn(self, durable: Dispatch, event: Withdrawn) -> str:
        withdrawn = messages.Withdrawn(
            reason=event.reason,
            installation_id=None if event.repositories else event.installation_id,
        )
        prefixes = [job_prefix(name) for name in event.repositories] or [""]
        for prefix in prefixes:
            for name in await durable.live(prefix):
                await durable.send(name, withdrawn.model_dump(mode="json"), durable.id)
        return "told"

    # Steps

    async def _may(self, durable: Dispatch, room: Room, sender: Sender) -> bool:
        """Ask GitHub whether somebody may start work; whoever it does not name may not."""
        if sender.is_bot:
            return False

        def asked() -> bool:
            try:
                return self.acts.hub(room).permission(sender.login).may_start_work
            except Missing:
                return False

        return await do(durable, "permission", bool, asked)

    async def _refuse(
        self, durable: Dispatch, room: Room, sender: Sender, comment_id: int | None
    ) -> str:
        """Say no, at most once a day to each person, and never to a bot."""
        if sender.is_bot:
            return "refused a bot"
        day = await do(durable, "today", str, self.today)
        first = await do(
            durable,
            "refusal",
            bool,
            lambda: self.acts.may_refuse(room, sender.login, day, durable.id),
        )
        if first:
            about = comment_id or 0
            await do(
                durable,
                "refuse",
                type(None),
                lambda: self.acts.answer(room, room.number, about, texts.NOT_ALLOWED),
            )
        return "refused"

    async def _seen(self, durable: Dispatch, room: Room, comment_id: int | None) -> None:
        await do(
            durable,
            "seen",
            type(None),
            lambda: self.acts.react(room, comment_id, Reaction.SEEN),
        )

    async def _issue(self, durable: Dispatch, room: Room) -> int | None:
        """Return the issue that a pull request of ours is for; one of a fork is none of ours."""

        def asked() -> int | None:
            try:
                pull = self.acts.hub(room).pull(room.number)
            except Missing:
                return None
            own = (pull.head_repository or "").lower() == room.repository.lower()
            return issue_of_branch(pull.head_branch) if own else None

        found: int | None = await do(durable, "issue", _INT_OR_NONE, asked)
        return found

    async def _inform(
        self, durable: Dispatch, room: Room, event: Commanded, command: slash.Command, runs: bool
    ) -> str:
        """Answer what needs no job."""
        live = await do(durable, "shown", _LIVE_OR_NONE, lambda: self.acts.shown(room))
        match command:
            case slash.Status():
                text = texts.status_text(live, runs)
            case slash.Plan():
                text = texts.plan_text(live)
            case slash.Unknown():
                text = texts.help_text(command)
            case _:
                text = texts.help_text()
        return await self._say(durable, _room(event.place), event, text)

    async def _say(self, durable: Dispatch, at: Room, event: Commanded, text: str) -> str:
        await do(
            durable,
            "answer",
            type(None),
            lambda: self.acts.answer(at, at.number, event.comment_id, text),
        )
        return "answered"

    async def _begin(self, durable: Dispatch, start: Start) -> str:
        only = f"{start.repository.lower()}#{start.number}"
        return await durable.begin(_name(start), only, start.model_dump(mode="json"))

    async def _pass_on(
        self, durable: Dispatch, name: str, event: Commanded, verb: Verb, text: str
    ) -> str:
        message = messages.Commanded(
            person=_person(event.sender),
            delivery=durable.id,
            number=event.place.number,
            on_pull=event.on_pull,
            comment_id=event.comment_id,
            verb=verb,
            text=text,
            title=event.title,
            body=event.body,
        )
        return await self._send(durable, [name], message)

    async def _send(self, durable: Dispatch, living: list[str], message: Message) -> str:
        if not living:
            return "nobody is concerned"
        await durable.send(living[-1], message.model_dump(mode="json"), durable.id)
        return "sent"


def _asked(command: slash.Command) -> tuple[Verb, str] | None:
    """Return what a command asks of a job; None where it can be answered without one."""
    match command:
        case slash.Build():
            return Verb.BUILD, ""
        case slash.Approve():
            return Verb.APPROVE, ""
        case slash.Cancel():
            return Verb.CANCEL, ""
        case slash.Retry():
            return Verb.RETRY, ""
        case slash.Revise(text=text):
            return Verb.REVISE, text
        case slash.Measure(board=board):
            return Verb.MEASURE, board
        case slash.Plan(wish=slash.PlanWish.SMALLER):
            return Verb.SMALLER, ""
        case slash.Plan(wish=slash.PlanWish.LARGER):
            return Verb.LARGER, ""
        case _:
            return None


def _start(
    durable: Dispatch,
    room: Room,
    sender: Sender,
    comment_id: int | None,
    verb: Verb,
    text: str,
    event: Labelled | Commanded,
) -> Start:
    return Start(
        repository=room.repository,
        installation_id=room.installation_id,
        number=room.number,
        person=_person(sender),
        delivery=durable.id,
        comment_id=comment_id,
        title=event.title,
        body=event.body,
        on_pull=isinstance(event, Commanded) and event.on_pull,
        verb=verb,
        text=text,
    )


def _room(place: Place) -> Room:
    return Room(place.repository, place.installation_id, place.number)


def _person(sender: Sender) -> Person:
    return Person(sender.login, sender.id)


def _name(start: Start) -> str:
    return f"{job_prefix(start.repository, start.number)}{start.delivery}"
