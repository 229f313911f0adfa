"""Building: the chapter from a plan to a pull request."""

from __future__ import annotations

from pydantic import TypeAdapter

from bot.github.hub import Commit, Person, PullRequest, Reaction, Refused
from bot.jobs import ends
from bot.jobs.durable import do
from bot.jobs.messages import Commanded
from bot.jobs.planning import plan, want
from bot.jobs.progress import fresh_stages
from bot.jobs.story import Story
from bot.jobs.task import Kind
from bot.rendering.live import Phase
from bot.work.outcome import Built

_CHECK: TypeAdapter[int | None] = TypeAdapter(int | None)
_PULLS: TypeAdapter[tuple[PullRequest, ...]] = TypeAdapter(tuple[PullRequest, ...])


async def build(story: Story) -> None:
    """Make the proposal and publish it, where that loses nothing that people changed."""
    await story.lay_out()
    if await _keeps(story):
        await story.replies.react(Reaction.FAILED)
        return
    await story.show(Phase.BUILDING, problem="", cure="", stages=fresh_stages())
    outcome = await story.work(Kind.BUILD)
    if not isinstance(outcome, Built):
        raise ends.unexpected(outcome)
    story.project = outcome.folder
    try:
        await publish(story, outcome, "", None)
    except Refused:  # people may have changed the branch meanwhile
        if not await _keeps(story):
            raise
        await story.replies.react(Reaction.FAILED)
        return
    await story.replies.react(Reaction.DONE)


async def rebuild(story: Story, said: Commanded, person: Person, **changes: object) -> None:
    """Plan and build again, from what is wanted now."""
    if await _keeps(story):
        await story.replies.answer(said, f"{story.live.problem} {story.live.cure}")
        return
    story.heeded.append(said)
    await want(story, person, **changes)
    await plan(story)
    await build(story)


async def _keeps(story: Story) -> bool:
    """Say whether the branch of an open pull request holds what people changed, and tell them so.

    Then it is left as it is, and the job waits for a review of it.
    """
    publisher, folder = story.publisher, story.project
    if not await do(story.durable, "changed", bool, lambda: publisher.was_changed(folder)):
        return False
    found = await open_pulls(story)
    if not found:
        return False
    story.pull = found[0].number
    await story.show(
        Phase.REVIEWING,
        pull_url=found[0].url,
        problem=ends.KEPT.format(folder=folder, branch=publisher.branch),
        cure=ends.KEPT_CURE,
    )
    return True


async def publish(story: Story, built: Built, why: str, seen_head: str | None) -> Commit:
    """Bring branch, pull request, comments and check up to what lies in the folder."""
    publisher, durable = story.publisher, story.durable
    await story.show(Phase.PUBLISHING, headline=built.headline)
    commit = await do(durable, "commit", Commit, lambda: publisher.commit(why, seen_head))
    pull = await do(durable, "pull", PullRequest, publisher.pull)
    first = story.pull != pull.number
    story.pull, story.project = pull.number, built.folder
    await do(durable, "check", _CHECK, lambda: publisher.check(pull, commit.sha))
    await do(durable, "comments", type(None), lambda: publisher.comments(pull.number))
    if first:
        await do(durable, "invite", type(None), lambda: publisher.invite(pull.number))
    await story.show(Phase.REVIEWING, pull_url=pull.url, questions="", problem="", cure="")
    return commit


async def open_pulls(story: Story) -> tuple[PullRequest, ...]:
    """Return the pull requests of the job's branch that are open, newest first."""

    def found() -> tuple[PullRequest, ...]:
        pulls = story.acts.hub(story.room).pulls_of(story.publisher.branch)
        return tuple(pull for pull in pulls if pull.is_open)

    return await do(story.durable, "open pull", _PULLS, found)
