"""Reviewing: the chapter from a pull request to its end.

review, command, bench ─► revise ─► publish ─► answer
"""

from __future__ import annotations

from bot.github.hub import Commit, HubError, Reaction
from bot.jobs import bench, ends
from bot.jobs.batches import Batch, Wish, gather
from bot.jobs.building import publish, rebuild
from bot.jobs.durable import do
from bot.jobs.ends import Ended
from bot.jobs.messages import Commanded, Measured, Rerun, Reviewed, Verb
from bot.jobs.planning import SIZES, anew, want
from bot.jobs.story import Story
from bot.jobs.task import Kind
from bot.rendering.live import Phase
from bot.work.outcome import Built

REVIEW_WITHIN_S = 30 * 86_400.0


async def review(story: Story) -> None:
    """Wait for reviews and commands, and follow each, until the pull request is closed."""
    kept = (Reviewed, Rerun, Measured)
    while (message := await story.following(REVIEW_WITHIN_S, *kept)) is not None:
        match message:
            case Reviewed(number=number, person=person) if number == story.pull:
                story.person = person
                await follow(story, Wish(person.login, message.review_id))
            case Commanded(verb=Verb.REVISE | Verb.MEASURE):
                await _heed(story, message)
            case Commanded(verb=Verb.SMALLER | Verb.LARGER as verb, person=person):
                await rebuild(story, message, person, size=SIZES[verb])
            case Commanded(verb=Verb.RETRY, person=person) if _says_more(story, message):
                await rebuild(story, message, person, **anew(message))
            case Commanded(verb=Verb.RETRY):
                await _heed(story, message)
            case Rerun(person=person):
                story.person = person
                await _check_again(story)
            case Measured(number=number) if number == story.pull:
                if (wish := await bench.heard(story, message)) is not None:
                    await follow(story, wish)
            case Commanded():
                await story.replies.not_now(message, "There is a pull request already.")
            case _:
                pass
    raise Ended(Phase.DONE, ends.NO_REVIEW, ends.NO_REVIEW_CURE)


async def _heed(story: Story, command: Commanded) -> None:
    """Follow a command about the branch as it stands."""
    story.person = command.person
    story.heeded.append(command)
    match command.verb:
        case Verb.REVISE:
            done = await follow(story, Wish(command.person.login, None, command.text))
        case Verb.MEASURE:
            done = await measure(story, command.text)
        case _:
            done = await _check_again(story)
    await story.replies.settle(Reaction.DONE if done else Reaction.FAILED)


def _says_more(story: Story, command: Commanded) -> bool:
    """Say whether the issue was edited since it was read."""
    said = (story.wanted.title, story.wanted.body)
    return not command.on_pull and (command.title, command.body) != said


async def measure(story: Story, board: str) -> bool:
    """Have the bench measure on a board; without one, check the branch on one board more.

    Return whether that was done, or begun.
    """
    if await bench.ask(story, board):
        return True
    before = story.wanted
    boards = tuple(dict.fromkeys((*before.boards, board)))
    await want(story, story.person, boards=boards)
    if await _check_again(story):
        return True
    await want(story, story.person, boards=before.boards)
    return False


async def _check_again(story: Story) -> bool:
    """Check the branch as it stands, with what people changed there."""
    return await _revise(story, Wish(story.person.login, None), story.live.revisions)


async def follow(story: Story, wish: Wish) -> bool:
    """Follow one review: one commit, an answer in each thread; return what `_revise` does."""
    number = story.live.revisions + 1
    if number > story.ground.settings.max_revisions:
        await story.show(Phase.REVIEWING, problem=ends.ROUNDS_SPENT)
        return False
    return await _revise(story, wish, number)


async def _revise(story: Story, wish: Wish, number: int) -> bool:
    """Revise the branch as it stands; return whether that came to its end."""
    acts, room, pull, project = story.acts, story.room, story.pull, story.project
    try:
        batch = await do(
            story.durable,
            "gather",
            Batch,
            lambda: gather(acts, room, pull, project, max(number, 1), wish),
        )
        if batch.remarks == 0 and (wish.review_id is not None or wish.commit):
            return True
        await story.show(Phase.REVISING, problem="", cure="", revisions=number)
        outcome = await story.work(Kind.REVISE)
        if not isinstance(outcome, Built):
            end = ends.unexpected(outcome)
            await story.show(Phase.REVIEWING, problem=end.problem, cure=end.cure)
            return False
        why = f"Follow the review by {wish.author}" if batch.remarks else ""
        commit = await publish(story, outcome, why, batch.head_sha)
        await _answer(story, outcome, number, commit)
        if wish.commit == commit.sha:
            problem = {"problem": ends.BENCH_NOTHING_CHANGED, "cure": ends.BENCH_CURE}
            await story.show(Phase.REVIEWING, **problem)
        return True
    except HubError as error:
        cure = "`/boardwright revise TEXT` or `/boardwright retry` tries again."
        await story.show(Phase.REVIEWING, problem=error.problem, cure=cure)
        return False


async def _answer(story: Story, built: Built, number: int, commit: Commit) -> None:
    publisher, pull = story.publisher, story.pull
    for answer in built.answers:
        await do(
            story.durable,
            "reply",
            type(None),
            lambda answer=answer: publisher.answer(pull, number, answer, commit.sha),  # type: ignore[misc]
        )
