"""Gate: the steps by which a delivery is let in, refused, or answered at once."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from pydantic import TypeAdapter

from bot.events import slash
from bot.events.event import Commanded, Place, Sender
from bot.github.hub import Missing, Reaction, Refused
from bot.jobs import texts
from bot.jobs.activities import Activities, Room
from bot.jobs.durable import Dispatch, do
from bot.jobs.names import issue_of_branch
from bot.rendering.live import Live

_INT_OR_NONE: TypeAdapter[int | None] = TypeAdapter(int | None)
_LIVE_OR_NONE: TypeAdapter[Live | None] = TypeAdapter(Live | None)


def room_of(place: Place) -> Room:
    """Return where something happened."""
    return Room(place.repository, place.installation_id, place.number)


@dataclass(frozen=True, slots=True)
class Gate:
    """Asks GitHub, and answers there. `today` returns the date, in UTC."""

    acts: Activities
    today: Callable[[], str]

    async def may(self, durable: Dispatch, room: Room, sender: Sender) -> bool:
        """Ask GitHub whether somebody may start work; whoever it does not name may not."""
        if sender.is_bot:
            return False

        def asked() -> bool:
            try:
                return self.acts.hub(room).permission(sender.login).may_start_work
            except Missing:
                return False

        return await do(durable, "permission", bool, asked)

    async def refuse(
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

    async def seen(self, durable: Dispatch, room: Room, comment_id: int | None) -> None:
        """React to what asked, so that a person sees that it was heard."""
        await do(
            durable,
            "seen",
            type(None),
            lambda: self.acts.react(room, comment_id, Reaction.SEEN),
        )

    async def issue(self, durable: Dispatch, room: Room) -> int | None:
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

    async def inform(
        self, durable: Dispatch, room: Room, event: Commanded, command: slash.Command, runs: bool
    ) -> str:
        """Answer what needs no job."""
        live = await do(durable, "shown", _LIVE_OR_NONE, lambda: self.acts.shown(room))
        came = Reaction.DONE
        match command:
            case slash.Status():
                text = texts.status_text(live, runs)
            case slash.Plan():
                text = texts.plan_text(live)
            case slash.Unknown():
                text, came = texts.help_text(command), Reaction.FAILED
            case _:
                text = texts.help_text()
        return await self.say(durable, event, text, came)

    async def say(
        self, durable: Dispatch, event: Commanded, text: str, came: Reaction = Reaction.FAILED
    ) -> str:
        """Answer a command by a comment, and react with what came of it."""
        at = room_of(event.place)

        def said() -> None:
            self.acts.answer(at, at.number, event.comment_id, text)
            with suppress(Refused):  # what counts was said
                self.acts.react(at, event.comment_id, came)

        await do(durable, "answer", type(None), said)
        return "answered"

    async def settle(self, durable: Dispatch, event: Commanded) -> None:
        """Show that a command was followed by what happened anyway."""
        at = room_of(event.place)

        def settled() -> None:
            with suppress(Refused):
                self.acts.react(at, event.comment_id, Reaction.DONE)

        await do(durable, "settle", type(None), settled)
