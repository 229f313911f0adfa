"""Flow: a request from its trigger to a merged pull request.

    read the ground ─► plan ⇄ questions ─► approval ─► build ─► publish ─► review ⇄ revise ─► done

Written once, and run by any engine; see `durable` for what must not stand here.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass

from pydantic import TypeAdapter

from bot.github.hub import Commit, HubError, Person, PullRequest, Reaction, Refused
from bot.jobs import bench, ends
from bot.jobs.activities import Activities, Ground, Room
from bot.jobs.batches import Batch, Wish, gather
from bot.jobs.durable import Broken, Durable, Json, do
from bot.jobs.ends import Ended
from bot.jobs.messages import Answered, Commanded, Measured, Rerun, Reviewed, Start, Verb
from bot.jobs.progress import fresh_stages
from bot.jobs.story import Story
from bot.jobs.task import Kind
from bot.rendering.live import Live, Phase
from bot.work.job import Size, Wanted
from bot.work.outcome import Asking, Built, Outcome, Planned, Stopped

ANSWER_WITHIN_S = 14 * 86_400.0
REVIEW_WITHIN_S = 30 * 86_400.0

PROJECTS = "tinyml"
"""The folder of a repository that holds the projects."""

_CHECK: TypeAdapter[int | None] = TypeAdapter(int | None)
_KEPT: TypeAdapter[Wanted | None] = TypeAdapter(Wanted | None)
_READING = (Verb.BUILD, Verb.RETRY)
"""Commands that take the issue as it stands; the others keep to what was wanted before."""
_SIZES = {Verb.SMALLER: Size.SMALLER, Verb.LARGER: Size.LARGER}


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
        await _plan(story)
        await _build(story)
    await _review(story)


async def _told_on(story: Story) -> None:
    """Tell the rest of a story that was put down where a person had to answer."""
    await _look_around(story)
    await story.lay_out()
    match story.live.phase:
        case Phase.ASKING:
            await _answered(story)
            await _plan(story)
            await _build(story)
        case Phase.APPROVING:
            if not await _approval(story):
                await _plan(story)
            await _build(story)
    await _review(story)


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
    if start.verb in _SIZES:
        story.wanted = story.wanted.model_copy(update={"size": _SIZES[start.verb]})
    await story.lay_out()


async def _look_around(story: Story) -> None:
    acts, room = story.acts, story.room
    story.ground = await do(story.durable, "ground", Ground, lambda: acts.ground(room))
    if story.ground.problem:
        raise Ended(Phase.FAILED, story.ground.problem, story.ground.cure)


_SAID: TypeAdapter[tuple[str, str]] = TypeAdapter(tuple[str, str])


def _issue(acts: Activities, room: Room) -> tuple[str, str]:
    issue = acts.hub(room).issue(room.number)
    return issue.title, issue.body


async def _resumes_review(story: Story) -> bool:
    """Say whether the command that started the job is for a pull request that is open already."""
    if story.start.verb not in (Verb.REVISE, Verb.MEASURE):
        return False
    found = await do(story.durable, "open pull", _PULLS, lambda: _open_pulls(story))
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
        done = await _follow(story, Wish(story.person.login, None, story.start.text))
    else:
        done = await _measure(story, story.start.text)
    await story.replies.react(Reaction.DONE if done else Reaction.FAILED)
    return True


_PULLS: TypeAdapter[tuple[PullRequest, ...]] = TypeAdapter(tuple[PullRequest, ...])


def _open_pulls(story: Story) -> tuple[PullRequest, ...]:
    pulls = story.acts.hub(story.room).pulls_of(story.publisher.branch)
    return tuple(pull for pull in pulls if pull.is_open)


async def _plan(story: Story) -> None:
    """Understand and plan, and plan again for as long as people answer or wish otherwise."""
    while True:
        await story.show(Phase.UNDERSTANDING, questions="", problem="", cure="", stages=())
        outcome = await story.work(Kind.PLAN)
        match outcome:
            case Asking(text=text):
                await story.show(Phase.ASKING, questions=text)
                await _answered(story)
            case Planned():
                story.later = [m for m in story.later if not isinstance(m, Answered)]
                story.project = story.project or f"{PROJECTS}/{outcome.name}"
                story.live = story.live.model_copy(
                    update={"understood": outcome.understood, "plan": outcome.plan}
                )
                if not story.wanted.boards:
                    story.wanted = story.wanted.model_copy(update={"boards": outcome.boards})
                if await _approved(story):
                    return
            case _:
                raise _unexpected(outcome)


async def _answered(story: Story) -> None:
    """Wait for an answer to the questions, or for the request to be made anew."""
    while (message := await story.following(ANSWER_WITHIN_S, Answered)) is not None:
        match message:
            case Answered(text=text, person=person):
                await _want(story, person, answers=(*story.wanted.answers, text))
                return
            case Commanded(verb=Verb.BUILD | Verb.RETRY, on_pull=False, person=person):
                story.heeded.append(message)
                await _want(story, person, **_anew(message))
                return
            case Commanded():
                await story.replies.not_now(message, "The questions must be answered first.")
            case Reviewed() | Rerun():
                story.later.append(message)
            case _:
                pass
    raise Ended(Phase.CANCELLED, ends.NO_ANSWER, ends.AGAIN)


async def _approved(story: Story) -> bool:
    """Return True when the plan may be built, False when another one is wanted."""
    asked_for = story.start.verb in _SIZES
    if not (story.ground.settings.approve_plan or asked_for):
        return True
    await story.lay_out()  # with the boards of the plan, so that it can be resumed
    await story.show(Phase.APPROVING)
    await story.replies.settle(Reaction.DONE)  # who wanted another plan has it
    return await _approval(story)


async def _approval(story: Story) -> bool:
    """Wait for a person; return what `_approved` does."""
    while (message := await story.next(ANSWER_WITHIN_S)) is not None:
        match message:
            case Commanded(verb=Verb.APPROVE, person=person):
                story.heeded.append(message)
                story.person = person
                return True
            case Commanded(verb=Verb.SMALLER | Verb.LARGER as verb, person=person):
                story.heeded.append(message)
                await _want(story, person, size=_SIZES[verb])
                return False
            case Commanded(verb=Verb.BUILD | Verb.RETRY, on_pull=False, person=person):
                story.heeded.append(message)
                await _want(story, person, **_anew(message))
                return False
            case Commanded():
                await story.replies.not_now(message, "The plan must be approved first.")
            case Reviewed() | Rerun():
                story.later.append(message)
            case _:
                pass
    raise Ended(Phase.CANCELLED, ends.NO_APPROVAL, ends.AGAIN)


def _anew(command: Commanded) -> dict[str, object]:
    """Return what is wanted when the issue is read anew; to retry keeps what was answered."""
    said: dict[str, object] = {"title": command.title, "body": command.body}
    return said if command.verb is Verb.RETRY else {**said, "answers": (), "boards": ()}


async def _want(story: Story, person: Person, **changes: object) -> None:
    """Let something else be wanted from now on, by whoever said so."""
    story.person = person
    story.wanted = story.wanted.model_copy(update={**changes, "person": person.login})
    await story.lay_out()


async def _build(story: Story) -> None:
    """Make the proposal and publish it, where that loses nothing that people changed."""
    await story.lay_out()
    if await _keeps(story):
        await story.replies.react(Reaction.FAILED)
        return
    await story.show(Phase.BUILDING, problem="", cure="", stages=fresh_stages())
    outcome = await story.work(Kind.BUILD)
    if not isinstance(outcome, Built):
        raise _unexpected(outcome)
    story.project = outcome.folder
    try:
        await _publish(story, outcome, "", None)
    except Refused:  # people may have changed the branch meanwhile
        if not await _keeps(story):
            raise
        await story.replies.react(Reaction.FAILED)
        return
    await story.replies.react(Reaction.DONE)


async def _rebuild(story: Story, said: Commanded, person: Person, **changes: object) -> None:
    """Plan and build again, from what is wanted now."""
    if await _keeps(story):
        await story.replies.answer(said, f"{story.live.problem} {story.live.cure}")
        return
    story.heeded.append(said)
    await _want(story, person, **changes)
    await _plan(story)
    await _build(story)


async def _keeps(story: Story) -> bool:
    """Say whether the branch of an open pull request holds what people changed, and tell them so.

    Then it is left as it is, and the job waits for a review of it.
    """
    publisher, folder = story.publisher, story.project
    if not await do(story.durable, "changed", bool, lambda: publisher.was_changed(folder)):
        return False
    found = await do(story.durable, "open pull", _PULLS, lambda: _open_pulls(story))
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


async def _publish(story: Story, built: Built, why: str, seen_head: str | None) -> Commit:
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


async def _review(story: Story) -> None:
    """Wait for reviews and commands, and follow each, until the pull request is closed."""
    kept = (Reviewed, Rerun, Measured)
    while (message := await story.following(REVIEW_WITHIN_S, *kept)) is not None:
        match message:
            case Reviewed(number=number, person=person) if number == story.pull:
                story.person = person
                await _follow(story, Wish(person.login, message.review_id))
            case Commanded(verb=Verb.REVISE | Verb.MEASURE):
                await _heed(story, message)
            case Commanded(verb=Verb.SMALLER | Verb.LARGER as verb, person=person):
                await _rebuild(story, message, person, size=_SIZES[verb])
            case Commanded(verb=Verb.RETRY, person=person) if _says_more(story, message):
                await _rebuild(story, message, person, **_anew(message))
            case Commanded(verb=Verb.RETRY):
                await _heed(story, message)
            case Rerun(person=person):
                story.person = person
                await _check_again(story)
            case Measured(number=number) if number == story.pull:
                if (wish := await bench.heard(story, message)) is not None:
                    await _follow(story, wish)
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
            done = await _follow(story, Wish(command.person.login, None, command.text))
        case Verb.MEASURE:
            done = await _measure(story, command.text)
        case _:
            done = await _check_again(story)
    await story.replies.settle(Reaction.DONE if done else Reaction.FAILED)


def _says_more(story: Story, command: Commanded) -> bool:
    """Say whether the issue was edited since it was read."""
    said = (story.wanted.title, story.wanted.body)
    return not command.on_pull and (command.title, command.body) != said


async def _measure(story: Story, board: str) -> bool:
    """Have the bench measure on a board; without one, check the branch on one board more.

    Return whether that was done, or begun.
    """
    if await bench.ask(story, board):
        return True
    before = story.wanted
    boards = tuple(dict.fromkeys((*before.boards, board)))
    await _want(story, story.person, boards=boards)
    if await _check_again(story):
        return True
    await _want(story, story.person, boards=before.boards)
    return False


async def _check_again(story: Story) -> bool:
    """Check the branch as it stands, with what people changed there."""
    return await _revise(story, Wish(story.person.login, None), story.live.revisions)


async def _follow(story: Story, wish: Wish) -> bool:
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
            end = _unexpected(outcome)
            await story.show(Phase.REVIEWING, problem=end.problem, cure=end.cure)
            return False
        why = f"Follow the review by {wish.author}" if batch.remarks else ""
        commit = await _publish(story, outcome, why, batch.head_sha)
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


def _unexpected(outcome: Outcome) -> Ended:
    """Return the end to which an outcome leads that is none of those that were hoped for."""
    if isinstance(outcome, Stopped):
        return ends.stopped(outcome)
    if isinstance(outcome, Asking):
        return Ended(Phase.FAILED, outcome.text, ends.AGAIN)
    return Ended(Phase.FAILED, ends.BROKEN, ends.BROKEN_CURE)
