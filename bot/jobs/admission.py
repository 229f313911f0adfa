"""Admission: one short flow for each delivery. Who asks, may they, and which job is it for?

GitHub is asked for everybody's permission each time; where it does not say yes, nothing is done.
What reaches a job was admitted here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.events import slash
from bot.events.event import (
    EVENT,
    Closed,
    Commanded,
    Commented,
    Event,
    Labelled,
    Measured,
    Rerun,
    Reviewed,
    Sender,
    Withdrawn,
)
from bot.github.hub import HubError, Person
from bot.jobs import bench, ends, messages, texts
from bot.jobs.activities import Activities, Room
from bot.jobs.asked import STARTERS, asked
from bot.jobs.durable import Broken, Dispatch, Json
from bot.jobs.gate import Gate, room_of
from bot.jobs.messages import ENDED, Message, Shown, Start, Verb
from bot.jobs.names import issue_of_branch, issue_of_key, job_prefix

_FIRST_LOOK_S, _LAST_LOOK_S = 1.0, 600.0


def _today() -> str:
    return datetime.now(UTC).date().isoformat()


@dataclass(frozen=True, slots=True)
class Admission:
    """Decides about deliveries. `today` returns the date, in UTC."""

    acts: Activities
    today: Callable[[], str] = _today

    @property
    def _gate(self) -> Gate:
        return Gate(self.acts, self.today)

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
                done = self._labelled(durable, event)
            case Commanded():
                done = self._commanded(durable, event)
            case Commented():
                done = self._commented(durable, event)
            case Reviewed():
                done = self._reviewed(durable, event)
            case Closed():
                done = self._closed(durable, event)
            case Rerun():
                done = self._rerun(durable, event)
            case Measured():
                done = self._measured(durable, event)
            case Withdrawn():
                done = self._withdrawn(durable, event)
        return await done

    async def _labelled(self, durable: Dispatch, event: Labelled) -> str:
        room = room_of(event.place)
        if not await self._gate.may(durable, room, event.sender):
            return await self._gate.refuse(durable, room, event.sender, None)
        if await durable.live(job_prefix(room.repository, room.number)):
            return "already under way"
        start = _start(durable, room, event.sender, None, Verb.BUILD, "", event)
        await self._gate.seen(durable, room, None)
        name = await self._begin(durable, start)
        return "started" if name == _name(start) else "already under way"

    async def _commanded(self, durable: Dispatch, event: Commanded) -> str:
        at = room_of(event.place)
        if not await self._gate.may(durable, at, event.sender):
            return await self._gate.refuse(durable, at, event.sender, event.comment_id)
        await self._gate.seen(durable, at, event.comment_id)
        number = await self._gate.issue(durable, at) if event.on_pull else at.number
        if number is None:
            return await self._gate.say(durable, event, texts.NOT_OURS)
        room = Room(at.repository, at.installation_id, number)
        living = await durable.live(job_prefix(room.repository, number))
        command = slash.parse(event.command)
        wish = asked(command)
        if wish is None:
            return await self._gate.inform(durable, room, event, command, bool(living))
        if living:
            return await self._pass_on(durable, living[-1], event, *wish)
        return await self._started(durable, room, event, *wish)

    async def _started(
        self, durable: Dispatch, room: Room, event: Commanded, verb: Verb, text: str
    ) -> str:
        if verb not in STARTERS:
            return await self._gate.say(durable, event, texts.NOTHING_RUNS)
        start = _start(durable, room, event.sender, event.comment_id, verb, text, event)
        name = await self._begin(durable, start)
        if name == _name(start):
            return "started"
        return await self._pass_on(durable, name, event, verb, text)

    async def _commented(self, durable: Dispatch, event: Commented) -> str:
        room = room_of(event.place)
        if event.on_pull:
            return "not heeded"
        living = await durable.live(job_prefix(room.repository, room.number))
        if not living or not await self._gate.may(durable, room, event.sender):
            return "not heeded"
        answer = messages.Answered(
            person=_person(event.sender), comment_id=event.comment_id, text=event.text
        )
        return await self._send(durable, living, answer)

    async def _reviewed(self, durable: Dispatch, event: Reviewed) -> str:
        room, number = room_of(event.place), issue_of_branch(event.head_branch)
        if number is None:
            return "not ours"
        living = await durable.live(job_prefix(room.repository, number))
        if not living or not await self._gate.may(durable, room, event.sender):
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
        """Have checks done again: those of boards by the bench, the evidence by its job."""
        number = issue_of_key(event.key) or issue_of_branch(event.branch)
        board = bench.board_of(event)
        if number is None and board is None:
            return "not ours"
        room = Room(event.repository, event.installation_id, number or 0)
        living = await durable.live(job_prefix(room.repository, number)) if number else []
        if not (living or board is not None) or not await self._gate.may(
            durable, room, event.sender
        ):
            return "not heeded"
        started = ""
        if board is not None:
            asked = await bench.again(self.acts, durable, event, board)
            started = f"measurement started: {asked.value}"
        if not living:
            return started
        rerun = messages.Rerun(person=_person(event.sender), delivery=durable.id)
        return await self._send(durable, living, rerun)

    async def _measured(self, durable: Dispatch, event: Measured) -> str:
        """Post what a bench measured, and tell the job of the pull request, where one lives."""
        taken = await bench.take(self.acts, durable, event)
        number = issue_of_branch(taken.branch) if taken.pull else None
        if number is None:
            return taken.line
        living = await durable.live(job_prefix(event.repository, number))
        measured = messages.Measured(
            number=taken.pull,
            commit=taken.commit,
            headline=taken.headline,
            remark=taken.remark,
            is_good=taken.is_good,
            is_measured=taken.is_measured,
        )
        await self._send(durable, living, measured)
        return taken.line

    async def _withdrawn(self, durable: Dispatch, event: Withdrawn) -> str:
        withdrawn = messages.Withdrawn(
            reason=event.reason,
            installation_id=None if event.repositories else event.installation_id,
            now=event.now,
        )
        prefixes = [job_prefix(name) for name in event.repositories] or [""]
        for prefix in prefixes:
            for name in await durable.live(prefix):
                await durable.send(name, withdrawn.model_dump(mode="json"), durable.id)
        for prefix in prefixes:
            await durable.hide(prefix, withdrawn.installation_id)
        return "told"

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
        sent = await self._send(durable, [name], message)
        if await durable.live(name) and not await _ends(durable, name):
            return sent
        pause_s = _FIRST_LOOK_S
        while await durable.live(name) and pause_s < _LAST_LOOK_S:
            await durable.sleep(pause_s)  # the job may be about to say it itself
            pause_s *= 2
        if verb is Verb.CANCEL:  # it ended, as was wanted
            await self._gate.settle(durable, event)
            return sent
        return await self._gate.say(durable, event, ends.too_late(message))

    async def _send(self, durable: Dispatch, living: list[str], message: Message) -> str:
        if not living:
            return "nobody is concerned"
        await durable.send(living[-1], message.model_dump(mode="json"), durable.id)
        return "sent"


async def _ends(durable: Dispatch, name: str) -> bool:
    """Say whether a job told that it ends, after which it may hear no more.

    One that tells it later hears what was sent before: it looks once more behind its telling.
    """
    return Shown.model_validate(await durable.told(name)).phase in ENDED


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


def _person(sender: Sender) -> Person:
    return Person(sender.login, sender.id)


def _name(start: Start) -> str:
    return f"{job_prefix(start.repository, start.number)}{start.delivery}"
