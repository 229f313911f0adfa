"""Replies: what those who gave commands see come of them. 👀 at first, 🚀 or 😕 at the end.

A command that is followed is settled when what it asked for is done, or cannot be; one that is not
followed is answered, and settled with the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from bot.github.hub import Reaction, Refused
from bot.jobs.activities import Activities, Room
from bot.jobs.durable import Durable, do
from bot.jobs.messages import Commanded


@dataclass(frozen=True, slots=True)
class Replies:
    """Answers and reactions of one job.

    Attributes:
        durable: the run.
        acts: give access to GitHub.
        room: of the job.
        asked: id of the comment that started the job; None: the issue itself did.
        heeded: commands that are being followed; those that are settled leave it.
    """

    durable: Durable
    acts: Activities
    room: Room
    asked: int | None
    heeded: list[Commanded]

    async def answer(self, command: Commanded, text: str) -> None:
        """Say where a command was given why it is not followed."""

        def said() -> None:
            self.acts.answer(self.room, command.number, command.comment_id, text)
            self._mark([command], Reaction.FAILED)

        await do(self.durable, "answer", type(None), said)

    async def not_now(self, command: Commanded, why: str) -> None:
        """Answer a command that cannot be followed where the job stands."""
        text = f"{why} `/boardwright cancel` stops it; then `/boardwright {command.verb.value}`"
        await self.answer(command, f"{text} can be said again.")

    async def react(self, reaction: Reaction) -> None:
        """React to what started the job, and to the issue, where an earlier job may have.

        The commands that are being followed are settled with them.
        """
        acts, room, asked, heeded = self.acts, self.room, self.asked, self._released()

        def all_of_them() -> None:
            acts.react(room, None, reaction)
            if asked is not None:
                acts.react(room, asked, reaction)
            self._mark(heeded, reaction)

        await do(self.durable, "react", type(None), all_of_them)

    async def settle(self, reaction: Reaction) -> None:
        """Show what came of the commands that are being followed."""
        if heeded := self._released():
            await do(self.durable, "settle", type(None), lambda: self._mark(heeded, reaction))

    async def obeyed(self, command: Commanded) -> None:
        """Show that one command was followed."""
        await do(self.durable, "settle", type(None), lambda: self._mark([command], Reaction.DONE))

    def _released(self) -> tuple[Commanded, ...]:
        released = tuple(self.heeded)
        self.heeded.clear()
        return released

    def _mark(self, commands: Sequence[Commanded], reaction: Reaction) -> None:
        for command in commands:
            with suppress(Refused):  # what counts was said
                place = replace(self.room, number=command.number)
                self.acts.react(place, command.comment_id, reaction)
