"""A world in memory: a GitHub, an engine, the real flows, and people who write."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from pathlib import Path

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
)
from bot.github.fake import FakeGitHub
from bot.github.fake_repository import Remark
from bot.github.hub import Permission, PullRequest
from bot.jobs.activities import Activities
from bot.jobs.admission import Admission
from bot.jobs.durable import Json
from bot.jobs.flow import Flow
from bot.jobs.memory import MemoryEngine
from bot.jobs.progress import heard
from bot.jobs.task import Done, Task
from bot.jobs.workshop import light_outcome
from bot.rendering.live import PART, Live
from bot.rendering.marker import marker
from bot.work.told import Told
from tests.bot.jobs import fake_work

REPOSITORY = "octo/Widgets"


def render(live: Live) -> str:
    return f"{marker(live.key, PART)}\n{live.model_dump_json(indent=1)}"


class World:
    """People, their repository, and the service."""

    def __init__(
        self,
        folder: Path,
        replaying: bool = False,
        work: Callable[[str, Json], Awaitable[Json]] | None = None,
    ) -> None:
        self.github = FakeGitHub()
        self.there = self.github.add(REPOSITORY)
        self.there.users.update(("ada", "bob"))
        self.there.roles["ada"] = Permission.WRITE
        self.acts = Activities(self.github, folder, render)
        self.worked: list[Task] = []
        self.gate: asyncio.Event | None = None
        admission = Admission(self.acts, today=lambda: "2026-01-01")
        flow = Flow(self.acts)
        self.engine = MemoryEngine(
            admission.deliver, flow.job, work or self._work, replaying=replaying
        )
        self._ids = itertools.count(1)

    async def _work(self, child: str, raw: Json) -> Json:
        task = Task.model_validate(raw)
        self.worked.append(task)
        if self.gate is not None:
            await self.gate.wait()
        folder = self.acts.folder_of(task.repository, task.number)
        live = task.live

        def tell(told: Told) -> None:
            nonlocal live
            live = heard(live, told)

        fake_work.leave(folder, fake_work.WORK[task.kind.value](folder, tell))
        return Done(outcome=light_outcome(folder), live=live).model_dump(mode="json")

    # People

    def issue(self, body: str = "Tell fruits apart", title: str = "Three fruits") -> int:
        return self.there.add_issue("bob", title, body, ("tinyml",))

    async def label(self, number: int, login: str = "ada", delivery: str = "") -> str:
        issue = self.there.issues[number]
        event = Labelled(
            place=self._place(number), sender=_sender(login), title=issue.title, body=issue.body
        )
        return await self.deliver(event, delivery)

    async def command(self, number: int, text: str, login: str = "ada", pull: bool = False) -> int:
        comment = self.there.say(login, number, text)
        issue = self.there.issues[number]
        await self.deliver(
            Commanded(
                place=self._place(number),
                sender=_sender(login),
                on_pull=pull,
                comment_id=comment.id,
                command=text,
                title=issue.title,
                body=issue.body,
            )
        )
        return comment.id

    async def comment(self, number: int, text: str, login: str = "ada") -> None:
        comment = self.there.say(login, number, text)
        await self.deliver(
            Commented(
                place=self._place(number),
                sender=_sender(login),
                on_pull=False,
                comment_id=comment.id,
                text=text,
            )
        )

    async def review(
        self, pull: PullRequest, *remarks: Remark, body: str = "", login: str = "ada"
    ) -> None:
        review = self.there.add_review(login, pull.number, "changes_requested", body, remarks)
        await self.deliver(
            Reviewed(
                place=self._place(pull.number),
                sender=_sender(login),
                review_id=review.id,
                state=review.state,
                head_branch=pull.head_branch,
            )
        )

    async def close(self, number: int, merged: bool = False) -> None:
        self.there.close(number, merged)
        pull = self.there.pulls.get(number)
        await self.deliver(
            Closed(
                place=self._place(number),
                sender=_sender("ada"),
                is_pull=pull is not None,
                merged=merged,
                head_branch=pull.head_branch if pull else "",
            )
        )

    async def rerun(self, key: str) -> None:
        await self.deliver(
            Rerun(
                repository=REPOSITORY,
                installation_id=1,
                sender=_sender("ada"),
                key=key,
                head_sha="0" * 40,
            )
        )

    async def deliver(self, event: Event, delivery: str = "") -> str:
        delivery = delivery or f"d{next(self._ids)}"
        await self.engine.store(delivery, EVENT.dump_python(event, mode="json"))
        await self.engine.settle(work=self.gate is None)
        return delivery

    # What is seen

    def live(self, number: int) -> Live:
        """Return what the one comment says."""
        ours = [c for c in self.there.comments[number] if "/live -->" in c.body]
        assert len(ours) == 1, "there is one comment, edited in place"
        return Live.model_validate_json(ours[0].body[ours[0].body.index("{") :])

    def answers(self, number: int) -> list[str]:
        """Return our other comments."""
        return [
            c.body
            for c in self.there.comments[number]
            if c.author == self.github.login and "/live -->" not in c.body
        ]

    def reactions(self, number: int, comment_id: int | None = None) -> set[str]:
        return {name for _, name in self.there.reactions.get((number, comment_id), set())}

    def only_pull(self) -> PullRequest:
        assert len(self.there.pulls) == 1
        return next(iter(self.there.pulls.values()))

    def our_commits(self) -> int:
        return sum(c.author == self.github.login for c in self.there.commits.values())

    def _place(self, number: int) -> Place:
        return Place(repository=REPOSITORY, installation_id=1, number=number)


def _sender(login: str) -> Sender:
    return Sender(login=login, id=sum(login.encode()), is_bot=login.endswith("[bot]"))
