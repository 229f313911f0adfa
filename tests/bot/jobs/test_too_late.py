"""What is said while a job works, or just when it ends, is neither lost nor left unanswered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bot.events.event import EVENT, Commanded, Place, Sender
from bot.github.fake_repository import Remark
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
        for verb in ("cancel", "build"):
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
            await world.engine.store(f"late-{verb}", EVENT.dump_python(event, mode="json"))
        await world.engine.settle()
        assert world.live(number).phase is Phase.CANCELLED and len(world.engine.jobs) == 1
        (said,) = world.answers(number)
        assert "`/boardwright build` again" in said

    play(tmp_path, scene, replaying)


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
