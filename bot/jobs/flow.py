"""Flow: a request from its trigger to a merged pull request.

    read the ground ─► plan ⇄ questions ─► approval ─► build ─► publish ─► review ⇄ revise ─► done

Written once, and run by any engine; see `durable` for what must not stand here or in the chapters
`planning`, `building` and `reviewing`.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass

from pydantic import TypeAdapter

from bot.github.hub import HubError, Reaction
from bot.jobs import ends
from bot.jobs.activities import Activities, Ground, Room
from bot.jobs.batches import Wish
from bot.jobs.building import build, open_pulls
from bot.jobs.durable import Broken, Durable, Json, do
from bot.jobs.ends import Ended
from bot.jobs.messages import Start, Verb
from bot.jobs.planning import SIZES, answered, approval, plan
from bot.jobs.reviewing import follow, measure, review
from bot.jobs.story import Story
from bot.rendering.live import Live, Phase
from bot.work.job import Wanted

_KEPT: TypeAdapter[Wanted | None] = TypeAdapter(Wanted | None)
_SAID: TypeAdapter[tuple[str, str]] = TypeAdapter(tuple[str, str])
_READING = (Verb.BUILD, Verb.RETRY)
"""Commands that take the issue as it stands; the others keep to what was wanted before."""


@dataclass(frozen=True, slots=True)
class Flow:
    """Runs jobs."""

    acts: Activities

    async def job(self, durable: Durable, raw: Json) -> Json:
        """Run one job to its end, and return the phase in which it ended."""
        start = Start.model_validate(raw)
        story = await _opened(durable, self.acts, start)
        return await _to_its_end(story, _told(story))

    async def resume(self, story: Story) -> Json:
        """Go on with a job that waits for a person, where its comment says that it does."""
        return await _to_its_end(story, _told_on(story))


async def _to_its_end(story: Story, telling: Coroutine[None, None, None]) -> Json:
    try:
        await telling
        end = Ended(Phase.DONE)
    except Ended as ended:
        end = ended
    except HubError as error:
        end = Ended(Phase.FAILED, error.problem, ends.AGAIN)
    except Broken:
        end = Ended(Phase.FAILED, ends.BROKEN, ends.BROKEN_CURE)
    await story.end(end)
    return end.phase.value


async def _opened(durable: Durable, acts: Activities, start: Start) -> Story:
    """Return a story that can already tell its end; asks nothing of GitHub."""
    key = await do(durable, "key", str, lambda: acts.key(start))
    wanted = Wanted(
        key=key,
        number=start.number,
        repository=start.repository,
        title=start.title,
        body=start.body,
        person=start.person.login,
        run=start.delivery,
    )
    live = Live(
        key=key, phase=Phase.QUEUED, requested_by=start.person.login, delivery=start.delivery
    )
    return Story(durable, acts, start, wanted, live, Ground.unseen(), start.person)


async def _told(story: Story) -> None:
    """Tell the whole story."""
    await story.show(Phase.QUEUED)
    await _snapshot(story)
    if not await _resumes_review(story):
        await plan(story)
        await build(story)
    await review(story)


async def _told_on(story: Story) -> None:
    """Tell the rest of a story that was put down where a person had to answer."""
    await _look_around(story)
    await story.lay_out()
    match story.live.phase:
        case Phase.ASKING:
            await answered(story)
            await plan(story)
            await build(story)
        case Phase.APPROVING:
            if not await approval(story):
                await plan(story)
            await build(story)
    await review(story)


async def _snapshot(story: Story) -> None:
    """Take the repository and the request as they stand; they are not looked at again."""
    acts, room, start = story.acts, story.room, story.start
    await _look_around(story)
    kept = await do(story.durable, "kept", _KEPT, lambda: acts.kept(room.repository, room.number))
    if kept is not None and start.verb is not Verb.BUILD:
        update = {"person": start.person.login, "run": start.delivery}
        story.wanted = kept.model_copy(update=update)
    if start.on_pull and (kept is None or start.verb in _READING):
        title, body = await do(story.durable, "issue", _SAID, lambda: _issue(acts, room))
        story.wanted = story.wanted.model_copy(update={"title": title, "body": body})
    elif start.verb in _READING:
        story.wanted = story.wanted.model_copy(update={"title": start.title, "body": start.body})
    if start.verb in SIZES:
        story.wanted = story.wanted.model_copy(update={"size": SIZES[start.verb]})
    await story.lay_out()


async def _look_around(story: Story) -> None:
    acts, room = story.acts, story.room
    story.ground = await do(story.durable, "ground", Ground, lambda: acts.ground(room))
    if story.ground.problem:
        raise Ended(Phase.FAILED, story.ground.problem, story.ground.cure)


def _issue(acts: Activities, room: Room) -> tuple[str, str]:
    issue = acts.hub(room).issue(room.number)
    return issue.title, issue.body


async def _resumes_review(story: Story) -> bool:
    """Say whether the command that started the job is for a pull request that is open already."""
    if story.start.verb not in (Verb.REVISE, Verb.MEASURE):
        return False
    found = await open_pulls(story)
    if not found:
        raise Ended(
            Phase.FAILED,
            "There is no open pull request of this issue to work on.",
            "`/boardwright build` makes one.",
        )
    outcome = await do(story.durable, "folder", str, story.publisher.project)
    story.pull, story.project = found[0].number, outcome
    story.live = story.live.model_copy(update={"pull_url": found[0].url})
    if story.start.verb is Verb.REVISE:
        done = await follow(story, Wish(story.person.login, None, story.start.text))
    else:
        done = await measure(story, story.start.text)
    await story.replies.react(Reaction.DONE if done else Reaction.FAILED)
    return True
