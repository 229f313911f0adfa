"""What jobs do when a bench measured: on the engine in memory, with real results in zip files."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bot.events.event import Measured, Rerun, Sender
from bot.github.fake import Fault
from bot.github.hub import Conclusion, Unavailable
from bot.jobs import ends
from bot.jobs.bench import NOT_ALLOWED
from bot.jobs.durable import Json
from bot.jobs.task import Task
from bot.measured.workflow import ARTIFACT
from bot.rendering.live import Phase
from hardware_runner.report import RunReport
from tests.bot.jobs.world import REPOSITORY, World
from tests.bot.measured.benches import (
    HOST,
    artifact,
    broken,
    footprint,
    goal,
    project_files,
    report,
)

WORKFLOW = ".github/workflows/boardwright-measure.yml"
WRONG = [(x + 1) % 3 if i % 9 == 0 else x for i, x in enumerate(HOST)]


class Lab(World):
    """A world with a bench. Proposals hold what results are held against."""

    def __init__(self, folder: Path, replaying: bool = False, **limits: Any) -> None:
        super().__init__(folder, replaying)
        self.limits = limits
        self.there.push("ada", "main", {WORKFLOW: b"on: workflow_dispatch\n"})

    async def _work(self, child: str, raw: Json) -> Json:
        done = await super()._work(child, raw)
        task = Task.model_validate(raw)
        place = self.acts.folder_of(task.repository, task.number) / "publication" / "files"
        for path, content in project_files(goal(**self.limits)).items():
            name = path.rpartition("/")[2]
            if place.is_dir():
                (place / name).write_bytes(content)
        return done

    async def measured(self, *reports: RunReport, commit: str = "", left: bytes = b"") -> None:
        """Let a run of the bench end."""
        content = left or artifact(*reports, commit=commit or self.head)
        run = self.there.run(WORKFLOW, {ARTIFACT: content})
        await self.deliver(
            Measured(repository=REPOSITORY, installation_id=1, run=run.id, url=run.url)
        )

    async def again(self, key: str, login: str = "ada", branch: str = "") -> None:
        sender = Sender(login=login, id=sum(login.encode()), is_bot=False)
        await self.deliver(
            Rerun(
                repository=REPOSITORY,
                installation_id=1,
                sender=sender,
                key=key,
                head_sha=self.head,
                branch=branch,
            )
        )

    @property
    def head(self) -> str:
        return self.only_pull().head_sha

    def bench_comments(self) -> list[str]:
        said = self.there.comments[self.only_pull().number]
        return [c.body for c in said if "key=bench/" in c.body]

    def conclusions(self) -> dict[str, Conclusion | None]:
        found = self.there.checks.values()
        return {c.name.partition(" / ")[2]: c.conclusion for c in found if c.key[:6] == "board:"}


def play(
    folder: Path,
    scene: Callable[[Lab, int], Awaitable[None]],
    replaying: bool = False,
    **limits: Any,
) -> None:
    async def run() -> None:
        lab = Lab(folder, replaying, **limits)
        number = lab.issue()
        await lab.label(number)
        await scene(lab, number)

    asyncio.run(run())


@pytest.mark.parametrize("replaying", [False, True])
def test_good_figures_are_told_and_a_missed_limit_goes_back(
    tmp_path: Path, replaying: bool
) -> None:
    async def scene(lab: Lab, number: int) -> None:
        first = lab.head
        await lab.measured(report(footprint=footprint(flash=50_000)))
        assert lab.conclusions() == {"nucleo-f446re": Conclusion.FAILURE}
        assert lab.head != first, "a revision was pushed, which is built and measured next"
        live = lab.live(number)
        assert (live.phase, live.revisions) == (Phase.REVIEWING, 1)
        assert "misses a limit" in live.bench and first[:10] in live.bench
        content = lab.there.content_of("tinyml/three-fruits/train.py", lab.head)
        (written,) = content.values()
        assert b"flash is 50,000 bytes" in written and b"Make the network smaller." in written

        await lab.measured(report())
        live = lab.live(number)
        assert live.bench.startswith("1 board passed.") and not live.problem
        assert live.revisions == 1 and len(lab.bench_comments()) == 2
        await lab.measured(report())
        assert lab.live(number).revisions == 1 and len(lab.bench_comments()) == 2

    play(tmp_path, scene, replaying, flash_max_bytes=40_000)


def test_a_board_that_is_out_of_order_is_told_of_and_waited_for(tmp_path: Path) -> None:
    async def scene(lab: Lab, number: int) -> None:
        head = lab.head
        await lab.measured(broken("nucleo-f446re", "It is wedged."))
        live = lab.live(number)
        assert (lab.head, live.revisions, live.problem) == (head, 0, "")
        assert "out of order" in live.bench
        assert lab.conclusions() == {"nucleo-f446re": Conclusion.NEUTRAL}
        assert lab.engine.living(), "the job still waits for a review"

    play(tmp_path, scene)


def test_the_same_finding_is_not_followed_twice(tmp_path: Path) -> None:
    async def scene(lab: Lab, number: int) -> None:
        await lab.measured(report(answers=WRONG))
        assert lab.live(number).revisions == 1
        await lab.measured(report(answers=WRONG))
        live = lab.live(number)
        assert (live.revisions, live.problem) == (1, ends.BENCH_SAYS_THE_SAME)
        await lab.measured(report())
        assert lab.live(number).problem == ""

    play(tmp_path, scene)


def test_rounds_are_bounded(tmp_path: Path) -> None:
    async def scene(lab: Lab, number: int) -> None:
        for size in range(50_000, 56_000, 1_000):
            await lab.measured(report(footprint=footprint(flash=size)))
        live = lab.live(number)
        assert (live.revisions, live.problem) == (3, ends.BENCH_ROUNDS_SPENT)

    play(tmp_path, scene, flash_max_bytes=40_000)


def test_rounds_count_among_all_revisions(tmp_path: Path) -> None:
    async def run() -> None:
        lab = Lab(tmp_path, flash_max_bytes=40_000)
        lab.there.push("ada", "main", {"boardwright.toml": b"[service]\nmax_revisions = 1\n"})
        number = lab.issue()
        await lab.label(number)
        for size in (50_000, 51_000):
            await lab.measured(report(footprint=footprint(flash=size)))
        live = lab.live(number)
        assert (live.revisions, live.problem) == (1, ends.ROUNDS_SPENT)

    asyncio.run(run())


def test_what_is_measured_of_an_older_head_asks_for_nothing(tmp_path: Path) -> None:
    async def scene(lab: Lab, number: int) -> None:
        old = lab.head
        lab.there.push("ada", lab.only_pull().head_branch, {"tinyml/three-fruits/x.c": b"\n"})
        head = lab.head
        await lab.measured(report(answers=WRONG), commit=old)
        assert (lab.head, lab.live(number).revisions, lab.bench_comments()) == (head, 0, [])

    play(tmp_path, scene)


def test_results_that_come_while_the_job_works_wait_for_it(tmp_path: Path) -> None:
    async def scene(lab: Lab, number: int) -> None:
        lab.gate = asyncio.Event()
        await lab.command(number, "/boardwright revise shorter")
        head = lab.head
        await lab.measured(report(answers=WRONG), commit=head)
        assert len(lab.bench_comments()) == 1, "posted at once"
        lab.gate.set()
        lab.gate = None
        await lab.engine.settle()
        assert lab.live(number).revisions == 1 and lab.head != head
        written = lab.there.content_of("tinyml/three-fruits/train.py", lab.head)
        assert all(b"otherwise than on the host" not in c for c in written.values())

    play(tmp_path, scene)


def test_where_no_job_lives_the_comment_is_posted_all_the_same(tmp_path: Path) -> None:
    async def scene(lab: Lab, number: int) -> None:
        await lab.command(number, "/boardwright cancel")
        assert lab.engine.living() == []
        await lab.measured(report(answers=WRONG))
        assert len(lab.bench_comments()) == 1
        assert lab.engine.living() == []

    play(tmp_path, scene)


@pytest.mark.parametrize("left", [b"PK\x05\x06", b"\0" * 1_000])
def test_a_hostile_artifact_ends_in_a_line_and_nothing_else(tmp_path: Path, left: bytes) -> None:
    async def scene(lab: Lab, number: int) -> None:
        before = lab.live(number)
        await lab.measured(left=left)
        assert (lab.bench_comments(), lab.live(number)) == ([], before)

    play(tmp_path, scene)


def test_github_may_be_away_meanwhile(tmp_path: Path) -> None:
    async def scene(lab: Lab, number: int) -> None:
        for method in ("download", "put_comment", "put_check"):
            lab.github.fail(Fault(method, Unavailable("GitHub is away."), times=2))
        await lab.measured(report())
        await lab.engine.advance(3_600)
        assert len(lab.bench_comments()) == 1
        assert "1 board passed" in lab.live(number).bench

    play(tmp_path, scene)


def test_a_board_is_measured_on_the_bench_where_there_is_one(tmp_path: Path) -> None:
    async def scene(lab: Lab, number: int) -> None:
        worked = len(lab.worked)
        await lab.command(number, "/boardwright measure pico")
        pull = lab.only_pull()
        inputs = {"pull": str(pull.number), "commit": pull.head_sha, "boards": "pico"}
        assert lab.there.dispatched == [("boardwright-measure.yml", "main", inputs)]
        assert len(lab.worked) == worked and "pico" in lab.live(number).bench

    play(tmp_path, scene)


@pytest.mark.parametrize("allowed", [True, False])
def test_without_a_bench_the_board_is_emulated_here(tmp_path: Path, allowed: bool) -> None:
    async def scene(lab: Lab, number: int) -> None:
        lab.there.allows_actions = allowed
        if allowed:
            lab.there.push("ada", "main", {WORKFLOW: None})
        worked = len(lab.worked)
        await lab.command(number, "/boardwright measure mps2-an500")
        assert len(lab.worked) == worked + 1 and lab.there.dispatched == []
        assert (lab.live(number).bench == NOT_ALLOWED) is not allowed

    play(tmp_path, scene)


def test_a_check_is_done_again_by_who_may(tmp_path: Path) -> None:
    async def scene(lab: Lab, number: int) -> None:
        await lab.again("board:pico", login="bob")
        await lab.again("board:pi|co")
        assert lab.there.dispatched == []
        await lab.again("board:pico")
        await lab.again("", branch=lab.only_pull().head_branch)
        asked = [inputs["boards"] for _, _, inputs in lab.there.dispatched]
        assert asked == ["pico", ""]
        assert {inputs["commit"] for _, _, inputs in lab.there.dispatched} == {lab.head}

    play(tmp_path, scene)


def test_a_bench_that_may_not_be_started_is_told_of_once(tmp_path: Path) -> None:
    async def scene(lab: Lab, number: int) -> None:
        lab.there.allows_actions = False
        for _ in range(2):
            await lab.again("board:pico")
        said = [c.body for c in lab.there.comments[lab.only_pull().number]]
        assert sum(NOT_ALLOWED in body for body in said) == 1

    play(tmp_path, scene)


@pytest.mark.parametrize("replaying", [False, True])
def test_a_run_that_was_cancelled_is_told_and_asks_nobody_for_anything(
    tmp_path: Path, replaying: bool
) -> None:
    async def scene(lab: Lab, number: int) -> None:
        head = lab.head
        run = lab.there.run(WORKFLOW, {}, "cancelled")
        await lab.deliver(
            Measured(
                repository=REPOSITORY,
                installation_id=1,
                run=run.id,
                url=run.url,
                conclusion="cancelled",
                commit=head,
            )
        )
        live = lab.live(number)
        assert live.bench == f"The run that was to measure {head[:10]} was cancelled."
        assert (live.phase, live.revisions, live.problem) == (Phase.REVIEWING, 0, "")
        (said,) = lab.bench_comments()
        assert run.url in said and lab.head == head and not lab.conclusions()

    play(tmp_path, scene, replaying)
