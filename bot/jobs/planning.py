"""Planning: the chapter from the request to a plan that may be built.

understand ⇄ questions ─► plan ─► approval
"""

from __future__ import annotations

from bot.github.hub import Person, Reaction
from bot.jobs import ends
from bot.jobs.ends import Ended
from bot.jobs.messages import Answered, Commanded, Rerun, Reviewed, Verb
from bot.jobs.story import Story
from bot.jobs.task import Kind
from bot.rendering.live import Phase
from bot.work.job import Size
from bot.work.outcome import Asking, Planned

ANSWER_WITHIN_S = 14 * 86_400.0
PROJECTS = "tinyml"
"""The folder of a repository that holds the projects."""
SIZES = {Verb.SMALLER: Size.SMALLER, Verb.LARGER: Size.LARGER}


async def plan(story: Story) -> None:
    """Understand and plan, and plan again for as long as people answer or wish otherwise."""
    while True:
        await story.show(Phase.UNDERSTANDING, questions="", problem="", cure="", stages=())
        outcome = await story.work(Kind.PLAN)
        match outcome:
            case Asking(text=text):
                await story.show(Phase.ASKING, questions=text)
                await answered(story)
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
                raise ends.unexpected(outcome)


async def answered(story: Story) -> None:
    """Wait for an answer to the questions, or for the request to be made anew."""
    while (message := await story.following(ANSWER_WITHIN_S, Answered)) is not None:
        match message:
            case Answered(text=text, person=person):
                await want(story, person, answers=(*story.wanted.answers, text))
                return
            case Commanded(verb=Verb.BUILD | Verb.RETRY, on_pull=False, person=person):
                story.heeded.append(message)
                await want(story, person, **anew(message))
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
    asked_for = story.start.verb in SIZES
    if not (story.ground.settings.approve_plan or asked_for):
        return True
    await story.lay_out()  # with the boards of the plan, so that it can be resumed
    await story.show(Phase.APPROVING)
    await story.replies.settle(Reaction.DONE)  # who wanted another plan has it
    return await approval(story)


async def approval(story: Story) -> bool:
    """Wait for a person; return what `_approved` does."""
    while (message := await story.next(ANSWER_WITHIN_S)) is not None:
        match message:
            case Commanded(verb=Verb.APPROVE, person=person):
                story.heeded.append(message)
                story.person = person
                return True
            case Commanded(verb=Verb.SMALLER | Verb.LARGER as verb, person=person):
                story.heeded.append(message)
                await want(story, person, size=SIZES[verb])
                return False
            case Commanded(verb=Verb.BUILD | Verb.RETRY, on_pull=False, person=person):
                story.heeded.append(message)
                await want(story, person, **anew(message))
                return False
            case Commanded():
                await story.replies.not_now(message, "The plan must be approved first.")
            case Reviewed() | Rerun():
                story.later.append(message)
            case _:
                pass
    raise Ended(Phase.CANCELLED, ends.NO_APPROVAL, ends.AGAIN)


def anew(command: Commanded) -> dict[str, object]:
    """Return what is wanted when the issue is read anew; to retry keeps what was answered."""
    said: dict[str, object] = {"title": command.title, "body": command.body}
    return said if command.verb is Verb.RETRY else {**said, "answers": (), "boards": ()}


async def want(story: Story, person: Person, **changes: object) -> None:
    """Let something else be wanted from now on, by whoever said so."""
    story.person = person
    story.wanted = story.wanted.model_copy(update={**changes, "person": person.login})
    await story.lay_out()
