"""The flows on the real engine: killed workers, two workers, waiting repositories, cancellation."""

from __future__ import annotations

import asyncio
import os
import signal
from functools import partial
from pathlib import Path

import pytest

from bot.errors import Infrastructure
from bot.events.event import Commanded, Labelled, Place
from bot.jobs.client import JobClient
from bot.rendering.live import Phase
from tests.bot.jobs.plant import ADA, REPOSITORY, Plant

ROUNDS = int(os.environ.get("BOARDWRIGHT_KILLS", "1"))
"""How often a worker is killed in each step."""

BUILDING = (
    "permission",
    "react",
    "repository",
    "head_of",
    "read",
    "put_comment",
    "commit",
    "put_pull",
    "put_check",
    "add_labels",
    "request_review",
)
REVIEWING = ("pull", "review", "threads", "reply", "resolve")


@pytest.mark.slow
def test_a_worker_is_killed_in_each_step(plant: Plant) -> None:
    plant.start()
    numbers = []
    for n in range(ROUNDS):
        for done in (False, True):
            for method in BUILDING[n % 2 :: 2] if ROUNDS == 1 else BUILDING:
                plant.kill_at(method, done)
                number = plant.label()
                numbers.append(number)
                plant.until(lambda: not plant.armed, f"a kill in {method}")
                plant.until_phase(number, Phase.REVIEWING)
    number = numbers[0]
    for n in range(ROUNDS):
        for turn, method in enumerate(REVIEWING):
            plant.kill_at(method, done=(n + turn) % 2 == 0)
            pull = plant.pull_of(number)
            assert pull is not None
            plant.review(pull, f"remark {n} {turn}")
            plant.until(lambda: not plant.armed, f"a kill in {method}")
            plant.until_phase(number, Phase.REVIEWING, n * len(REVIEWING) + turn + 1)
            plant.until(partial(plant.answered, pull), "each thread is answered")
    branches = [name for name in plant.there.branches if name.startswith("boardwright/")]
    assert len(branches) == len(plant.there.pulls) == len(numbers)
    commits = [c for c in plant.there.commits.values() if c.author == plant.github.login]
    assert len(commits) == len(numbers) + len(REVIEWING) * ROUNDS
    first = plant.pull_of(number)
    assert first is not None
    assert [len(thread.comments) for thread in plant.there.threads[first.number]] == (
        [2] * len(REVIEWING) * ROUNDS
    ), "one answer in each thread"
    for one in numbers:
        ours = [c for c in plant.there.comments[one] if c.author == plant.github.login]
        assert len(ours) == 1, "one comment"
    assert len(plant.jobs()) == len(numbers)
    times = sorted(plant.recovered_s)
    print(  # noqa: T201
        f"{plant.url.split(':')[0]}: {plant.kills} kills, {len(numbers)} jobs; recovery p50 "
        f"{times[len(times) // 2]:.2f} s, max {times[-1]:.2f} s"
    )


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
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(60) == 0
    assert [row.phase for row in plant.jobs()] == [Phase.BUILDING]


@pytest.mark.slow
def test_a_second_worker_is_refused_where_it_must_be(plant: Plant) -> None:
    plant.start("w1")
    number = plant.label()
    plant.until_phase(number, Phase.REVIEWING)
    twin = plant.start("w1" if plant.url.startswith("postgres") else "w2")
    assert twin.wait(60) == 3


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


def test_a_database_that_is_away_is_told() -> None:
    with pytest.raises(Infrastructure, match="cannot be made ready"):
        JobClient("postgresql://nobody@127.0.0.1:1/none")
