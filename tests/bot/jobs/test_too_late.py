"""What is said while a job works, or just when it ends, is neither lost nor left unanswered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.events.event import EVENT, Commanded, Place, Sender, Withdrawn
from bot.github.fake_repository import Remark
from bot.jobs.durable import Json
from bot.jobs.memory import _MemoryRun
from bot.rendering.live import Phase
from tests.bot.jobs.fake_work import FOLDER
from tests.bot.jobs.world import REPOSITORY, World

ADA = Sender(login="ada", id=286, is_bot=False)


def play(
    tmp_path: Path, scene: Callable[[World], Awaitable[None]], replaying: bool = False
) -> None:
    async def run() -> None:
        await scene(World(tmp_path, replaying))

    asyncio.run(run())


@pytest.mark.parametrize("replaying", [False, True])
def test_a_command_behind_the_end_is_answered(tmp_path: Path, replaying: bool) -> None:
    async def scene(world: World) -> None:
        number = world.issue("ASK")
        await world.label(number)
        for verb in ("cancel", "build", "cancel"):
            comment = world.there.say("ada", number, f"/boardwright {verb}")
            event = Commanded(
                place=Place(repository=REPOSITORY, installation_id=1, number=number),
                sender=ADA,
                on_pull=False,
                comment_id=comment.id,
                command=comment.body,
                title="Three fruits",
                body="ASK",
            )
            await world.engine.store(f"late-{comment.id}", EVENT.dump_python(event, mode="json"))
        await world.engine.settle()
        assert world.live(number).phase is Phase.CANCELLED and len(world.engine.jobs) == 1
        (said,) = world.answers(number)
        assert "`/boardwright build` again" in said
        asked = [c.id for c in world.there.comments[number] if c.author == "ada"]
        came = [world.reactions(number, comment) for comment in asked]
        assert came == [{"rocket"}, {"confused"}, {"rocket"}], "what is cancelled is cancelled"

    play(tmp_path, scene, replaying)


def test_a_command_between_the_last_look_and_the_end_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()
    receive = _MemoryRun.receive

    async def dawdle(run: _MemoryRun, timeout_s: float) -> Json:
        message = await receive(run, timeout_s)
        if timeout_s == 0.0 and message is None:
            await ended.wait()
        return message

    monkeypatch.setattr(_MemoryRun, "receive", dawdle)

    async def scene(world: World) -> None:
        number = world.issue("ASK")
        await world.label(number)
        await world.command(number, "/boardwright cancel")
        await world.command(number, "/boardwright build")
        second = await world.command(number, "/boardwright cancel")
        assert world.engine.living() and world.answers(number) == []
        ended.set()
        await world.engine.advance(10.0)
        (said,) = world.answers(number)
        assert "`/boardwright build` again" in said and not world.engine.living()
        assert world.reactions(number, second) == {"rocket"}

    play(tmp_path, scene)


@pytest.mark.parametrize(
    ("repositories", "installation", "named"),
    [((REPOSITORY,), 1, False), (("octo/other",), 1, True), ((), 1, False), ((), 2, True)],
)
def test_an_ended_job_of_a_withdrawn_repository_is_named_no_more(
    tmp_path: Path, repositories: tuple[str, ...], installation: int, named: bool
) -> None:
    async def scene(world: World) -> None:
        number = world.issue("ASK")
        await world.label(number)
        await world.command(number, "/boardwright cancel")
        (job,) = world.engine.jobs.values()
        assert job.over and job.state["private"] is False
        await world.deliver(
            Withdrawn(repositories=repositories, installation_id=installation, reason="it is gone")
        )
        assert job.state["private"] is not named

    play(tmp_path, scene)


@pytest.mark.parametrize("replaying", [False, True])
def test_reviews_and_answers_wait_for_the_work(tmp_path: Path, replaying: bool) -> None:
    async def scene(world: World) -> None:
        number = world.issue()
        world.there.roles["bob"] = world.there.roles["ada"]
        await world.label(number)
        pull = world.only_pull()
        world.gate = asyncio.Event()
        path = f"{FOLDER}/train.py"
        await world.review(pull, Remark(path, 1, "first"))
        await world.review(pull, Remark(path, 1, "second"), login="bob")
        world.gate.set()
        await world.engine.settle()
        content = world.there.content_of(FOLDER, world.only_pull().head_sha)[path]
        assert content.endswith(b"# first\n# second\n")
        assert world.live(number).revisions == 2

    play(tmp_path, scene, replaying)
