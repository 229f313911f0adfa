"""Bench: what deliveries and jobs do with boards that are not this machine's.

A run of the bench's workflow is taken once, by the delivery that tells of its end. The job that
waits for a review is told; it goes back to the author where files are at fault, a bounded number of
times. A board that is out of order is told of, and waited for.
"""

from __future__ import annotations

import logging

from bot.events.event import Measured, Rerun
from bot.github.hub import Missing, Refused
from bot.jobs import ends, messages
from bot.jobs.activities import Activities, Room
from bot.jobs.batches import Wish
from bot.jobs.durable import Dispatch, do
from bot.jobs.story import Story
from bot.measured.plausible import NAME
from bot.measured.reading import ArtifactRefused
from bot.measured.taking import Run, Taken, pull_of, take_run
from bot.measured.workflow import CHECK_KEY, Started, start
from bot.rendering.live import Phase
from bot.rendering.marker import marker

AUTHOR = "the bench"
"""In whose name its remarks are followed."""

NOT_ALLOWED = (
    "The bench cannot be started from here: the App is not granted the permission actions: write "
    "in this repository. Whoever may can run the workflow by hand, or grant it; docs/deploy.md of "
    "Boardwright tells what for."
)


_log = logging.getLogger(__name__)


async def take(acts: Activities, durable: Dispatch, event: Measured) -> Taken:
    """Fetch what a run left, judge it and post it."""
    room = Room(event.repository, event.installation_id, 0)
    run = Run(event.run, event.url, event.conclusion, event.commit)
    taken = await do(
        durable,
        "measured",
        Taken,
        lambda: take_run(acts.hub(room), acts.hubs.login, run, acts.alone),
    )
    _log.info("%s: %s", event.repository, taken.line)
    return taken


def board_of(event: Rerun) -> str | None:
    """Return the board whose check is wanted again; empty for all boards, None for none."""
    if not event.key:
        return ""
    board = event.key.removeprefix(CHECK_KEY)
    return board if event.key.startswith(CHECK_KEY) and NAME.fullmatch(board) else None


async def again(acts: Activities, durable: Dispatch, event: Rerun, board: str) -> Started:
    """Have a commit measured again; where that is not allowed, say so once."""
    room = Room(event.repository, event.installation_id, 0)
    boards = [board] if board else []

    def asked() -> Started:
        hub = acts.hub(room)
        try:
            pull = pull_of(hub, event.head_sha)
        except ArtifactRefused:
            return Started.NO_BENCH
        started = start(hub, pull.number if pull else 0, event.head_sha, boards)
        if started is Started.NOT_ALLOWED and pull is not None:
            found = marker("bench", "not-allowed")
            hub.put_comment(pull.number, found, f"{found}\n{NOT_ALLOWED}")
        return started

    return await do(durable, "measure", Started, asked)


async def ask(story: Story, board: str) -> bool:
    """Have the pull request measured on a board of the bench; return whether that was begun."""
    if not NAME.fullmatch(board):
        return False
    acts, room, number = story.acts, story.room, story.pull

    def asked() -> Started:
        hub = acts.hub(room)
        try:
            return start(hub, number, hub.pull(number).head_sha, [board])
        except (Missing, Refused):
            return Started.NO_BENCH

    started = await do(story.durable, "measure", Started, asked)
    if started is Started.YES:
        said = f"{board} is to measure this commit; the figures come as a comment."
        await story.show(Phase.REVIEWING, bench=said, problem="", cure="")
    if started is Started.NOT_ALLOWED:
        story.live = story.live.model_copy(update={"bench": NOT_ALLOWED})
    return started is Started.YES


async def heard(story: Story, said: messages.Measured) -> Wish | None:
    """Tell what the bench measured; return what is to be followed because of it."""
    if not said.is_measured:
        await story.show(story.live.phase, bench=said.headline)
        return None
    bench = f"{said.headline} Measured at {said.commit[:10]}."
    if not said.remark:
        is_over = story.live.problem in ends.BENCH_PROBLEMS
        changes = {"problem": "", "cure": ""} if is_over else {}
        await story.show(story.live.phase, bench=bench, **changes)
        return None
    problem = ""
    if said.remark == story.bench_said:
        problem = ends.BENCH_SAYS_THE_SAME
    elif story.bench_rounds >= story.ground.settings.max_bench_rounds:
        problem = ends.BENCH_ROUNDS_SPENT
    if problem:
        await story.show(Phase.REVIEWING, bench=bench, problem=problem, cure=ends.BENCH_CURE)
        return None
    story.bench_rounds, story.bench_said = story.bench_rounds + 1, said.remark
    story.live = story.live.model_copy(update={"bench": bench})
    return Wish(AUTHOR, None, said.remark, said.commit)
