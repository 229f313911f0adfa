"""The flows on the real engine: killed workers, two workers, waiting repositories, cancellation."""

from __future__ import annotations

import asyncio
import os
from functools import partial
from pathlib import Path

import pytest

from bot.errors import Infrastructure
from bot.events.event import Commanded, Labelled, Place
from bot.jobs.client import JobClient
from bot.rendering.live import Phase
from tests.bot.jobs.plant import ADA, REPOSITORY, Plant, Step

KILLS = int(os.environ.get("BOARDWRIGHT_KILLS", "1"))
"""How often a worker is killed in each step, before and after it by turns."""

BUILDING = (
    *("take", "permission", "react", "begin", "put_comment", "repository", "head_of", "read"),
    *("start", "plan", "build", "commit", "put_pull", "put_check", "add_labels", "request_review"),
)
REVIEWING = (
    *("take", "permission", "send", "pull", "review", "threads", "revise", "reply", "resolve"),
)
"""What is done for a job, in this order: calls of GitHub, of the engine, and pieces of work."""


@pytest.mark.slow
def test_a_worker_is_killed_in_each_step(plant: Plant) -> None:
    plant.start()
    numbers: list[int] = []
    for turn in range(KILLS):
        steps = [Step(method, (n + turn) % 2 == 0) for n, method in enumerate(BUILDING)]
        plant.kill_in(steps)
        asked = [plant.label() for _ in range(1 if turn % 4 < 2 else 2)]
        plant.until_killed(steps)
        for number in asked:
            plant.until_phase(number, Phase.REVIEWING)
        steps = [Step(method, (n + turn) % 2 == 0) for n, method in enumerate(REVIEWING)]
        _reviewed(plant, asked[0], steps)
        numbers += asked
    print(plant.told())  # noqa: T201
    assert len(plant.recovered) == KILLS * (len(BUILDING) + len(REVIEWING))
    _nothing_twice(plant, numbers, reviews=KILLS)


def _reviewed(plant: Plant, number: int, steps: list[Step]) -> None:
    pull = plant.pull_of(number)
    assert pull is not None
    plant.kill_in(steps)
    plant.review(pull, "smaller")
    plant.until_killed(steps)
    plant.until_phase(number, Phase.REVIEWING, 1)
    plant.until(partial(plant.answered, pull), "each thread is answered")
    (thread,) = plant.there.threads[pull.number]
    assert len(thread.comments) == 2, "one answer"


def _nothing_twice(plant: Plant, numbers: list[int], reviews: int) -> None:
    branches = [name for name in plant.there.branches if name.startswith("boardwright/")]
    assert len(branches) == len(plant.there.pulls) == len(numbers)
    commits = [c for c in plant.there.commits.values() if c.author == plant.github.login]
    assert len(commits) == len(numbers) + reviews
    for number in numbers:
        ours = [c for c in plant.there.comments[number] if c.author == plant.github.login]
        assert len(ours) == 1, "one comment"
    assert [row.phase for row in plant.jobs()] == [Phase.REVIEWING] * len(numbers)


@pytest.mark.slow
def test_work_ends_with_the_worker_and_goes_on_after(plant: Plant) -> None:
    plant.start()
    number = plant.label("HANG")
    place = plant.folder / "jobs" / "octo" / "widgets" / str(number)
    begun = place / "begun.jsonl"
    plant.until(lambda: begun.exists() and begun.read_text().count("build") == 1, "it builds")
    children = _work(place)
    assert children
    plant.kill()
    plant.until(lambda: not children & _work(place), "nothing is left of a killed worker's work")
    plant.start()
    plant.until(lambda: begun.read_text().count("build") == 2, "it builds again")
    place_ = Place(repository=REPOSITORY, installation_id=None, number=number)
    cancel = Commanded(
        place=place_,
        sender=ADA,
        on_pull=False,
        comment_id=plant.there.say("ada", number, "/boardwright cancel").id,
        command="/boardwright cancel",
        title="",
        body="",
    )
    children = _work(place)
    plant.deliver("cancel", cancel)
    plant.until_phase(number, Phase.CANCELLED)
    plant.until(lambda: not children & _work(place), "nothing is left of cancelled work")
    assert [row.phase for row in plant.jobs()] == [Phase.CANCELLED]


def _work(place: Path) -> set[str]:
    """Return the processes that work in a folder."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(place).encode() in (process / "cmdline").read_bytes().split(b"\0"):
                found.add(process.name)
        except OSError:
            continue
    return found


def test_redelivery_and_two_triggers_make_one_job(plant: Plant) -> None:
    number = plant.label(delivery="d1")
    place = Place(repository=REPOSITORY, installation_id=None, number=number)
    again = Labelled(place=place, sender=ADA, title="Three fruits", body="other")
    first = asyncio.run(plant.client.store("d1", again))
    assert first.duplicate
    assert not asyncio.run(plant.client.store("d2", again)).duplicate
    plant.start()
    plant.until_phase(number, Phase.REVIEWING)
    assert len(plant.jobs()) == 1 and len(plant.there.pulls) == 1


@pytest.mark.slow
def test_sigterm_ends_a_worker_and_jobs_go_on(plant: Plant) -> None:
    worker = plant.start()
    number = plant.label("HANG")
    plant.until_phase(number, Phase.BUILDING)
    plant.until(lambda: plant.jobs()[0].phase is Phase.BUILDING, "the list says so")
    worker.terminate()
    worker.join(60)
    assert worker.exitcode == 0
    assert [row.phase for row in plant.jobs()] == [Phase.BUILDING]


@pytest.mark.slow
def test_a_second_worker_is_refused_where_it_must_be(plant: Plant) -> None:
    plant.start("w1")
    number = plant.label()
    plant.until_phase(number, Phase.REVIEWING)
    twin = plant.start("w1" if plant.url.startswith("postgres") else "w2")
    twin.join(60)
    assert twin.exitcode == 3


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_another_worker_takes_over(plant: Plant) -> None:
    plant.start("w1")
    number = plant.label("HANG")
    begun = plant.folder / "jobs" / "octo" / "widgets" / str(number) / "begun.jsonl"
    plant.until(lambda: begun.exists() and "build" in begun.read_text(), "it builds")
    plant.start("w2")
    plant.kill("w1")
    plant.until(lambda: begun.read_text().count("build") == 2, "the other one builds")


@pytest.mark.slow
@pytest.mark.parametrize("url", ["postgres"], indirect=True)
def test_jobs_go_on_where_the_database_was_away(plant: Plant) -> None:
    plant.start()
    plant.cut_in(Step(method, False) for method in ("begin", "build", "commit"))
    number = plant.label()
    plant.until_phase(number, Phase.REVIEWING)
    assert not plant.uncut
    _nothing_twice(plant, [number], reviews=0)


def test_a_database_that_is_away_is_told() -> None:
    with pytest.raises(Infrastructure, match="cannot be made ready"):
        JobClient("postgresql://nobody@127.0.0.1:1/none")
