"""Story: what a job knows while it runs, and the few things that every chapter of it does."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace

from bot.github.hub import HubError, Person, Reaction
from bot.jobs import ends
from bot.jobs.activities import Activities, Ground, Room
from bot.jobs.durable import Broken, Durable, Queue, do
from bot.jobs.ends import Ended
from bot.jobs.messages import (
    MESSAGE,
    Answered,
    Closed,
    Commanded,
    Measured,
    Message,
    Rerun,
    Reviewed,
    Shown,
    Start,
    Verb,
    Withdrawn,
    Worked,
)
from bot.jobs.progress import at_rest
from bot.jobs.publishing import Publisher
from bot.jobs.replies import Replies
from bot.jobs.task import Done, Kind, Task
from bot.rendering.live import Live, Phase
from bot.work.job import Wanted
from bot.work.outcome import Outcome, Stopped

LOOK_S = 120.0
"""How often a job looks whether work that told nothing still lives."""

_QUEUES = {Kind.PLAN: Queue.PLANS, Kind.BUILD: Queue.BUILDS, Kind.REVISE: Queue.BUILDS}
_GONE = Stopped(whose="service", problem=ends.GONE, cure=ends.BROKEN_CURE, again=True)


@dataclass
class Story:
    """One job. All of it is rebuilt from what was recorded when the job is replayed.

    Attributes:
        wanted: what `bot.work` is told.
        live: what the comment says.
        ground: the repository when the request was triggered.
        person: who spoke last; pays, and becomes co-author.
        pull: number of the pull request; 0 while there is none.
        project: folder of the project, relative to the repository; empty while there is none.
        later: what was said while the job could not follow it, oldest first.
        heeded: commands that are being followed.
        ended_by: the command that ended the job; None where none did.
        bench_rounds, bench_said: how often the bench was followed, and for what last.
    """

    durable: Durable
    acts: Activities
    start: Start
    wanted: Wanted
    live: Live
    ground: Ground
    person: Person
    pull: int = 0
    project: str = ""
    works: int = field(default=0)
    later: list[Message] = field(default_factory=list)
    heeded: list[Commanded] = field(default_factory=list)
    ended_by: Commanded | None = None
    bench_rounds: int = 0
    bench_said: str = ""

    @property
    def room(self) -> Room:
        """Return where the job is at work."""
        return Room(self.start.repository, self.start.installation_id, self.start.number)

    @property
    def publisher(self) -> Publisher:
        """Return what publishes the proposal of this job."""
        return Publisher(self.acts, self.room, self.wanted.key, self.person)

    @property
    def replies(self) -> Replies:
        """Return what tells those who gave commands what came of them."""
        return Replies(self.durable, self.acts, self.room, self.start.comment_id, self.heeded)

    async def show(self, phase: Phase, **changes: object) -> None:
        """Let comment and list say where the job stands now."""
        self.live = self.live.model_copy(update={"phase": phase, **changes})
        live = self.live
        await do(self.durable, "show", str, lambda: self.acts.show(self.room, live))
        await self.tell_list()

    async def tell_list(self) -> None:
        """Let the list of jobs say where this one stands."""
        shown = Shown(
            private=self.ground.private,
            title=self.wanted.title,
            phase=self.live.phase,
            cost=self.live.cost,
            pull_url=self.live.pull_url,
            headline=self.live.headline,
            boards=self.wanted.boards,
        )
        await self.durable.tell(shown.model_dump(mode="json"))

    async def next(self, timeout_s: float) -> Message | None:
        """Return the next message; None when none came in time.

        Raises:
            Ended: it ends the job, in whichever chapter it is.
        """
        raw = await self.durable.receive(timeout_s)
        if raw is None:
            return None
        message = MESSAGE.validate_python(raw)
        match message:
            case Commanded(verb=Verb.CANCEL, person=person):
                self.ended_by = message
                raise ends.cancelled(person.login)
            case Withdrawn(installation_id=installation):
                if installation in (None, self.start.installation_id):
                    self.ground = replace(self.ground, private=True)  # who knows, from now on
                    self.start = self.start.model_copy(
                        update={"repository": message.now or self.start.repository}
                    )
                    raise ends.withdrawn(message)
            case Closed(is_pull=False):
                merged = await self._is_merged()
                raise ends.closed(message.model_copy(update={"merged": merged}))
            case Closed(number=number) if number == self.pull:
                raise ends.closed(message)
            case _:
                pass
        return message

    async def following(self, timeout_s: float, *kinds: type[Message]) -> Message | None:
        """Return the first message of some kinds that had to wait, else the next one."""
        for message in self.later:
            if isinstance(message, kinds):
                self.later.remove(message)
                return message
        return await self.next(timeout_s)

    async def hand_back(self) -> None:
        """Answer the commands that came too late for this job, so that none is lost silently.

        Only behind `tell_list` of an ended phase: who sends one after that answers it himself.
        """
        while (raw := await self.durable.receive(0.0)) is not None:
            match MESSAGE.validate_python(raw):
                case Commanded(verb=Verb.CANCEL) as cancel:
                    await self.replies.obeyed(cancel)
                case Commanded() as command:
                    await self.replies.answer(command, ends.too_late(command))

    async def _is_merged(self) -> bool:
        """Say whether the pull request was merged, which closes the issue with it."""
        if self.pull == 0:
            return False
        pull = self.pull
        return await do(
            self.durable, "merged", bool, lambda: self.acts.hub(self.room).pull(pull).is_merged
        )

    async def work(self, kind: Kind) -> Outcome:
        """Have a piece of work done, and return what came of it.

        Commands that come meanwhile and do not end the job are answered: not now. Reviews are
        followed afterwards.
        """
        self.works += 1
        child = f"{self.durable.id}/{kind.value}-{self.works}"
        task = Task(
            kind=kind,
            repository=self.start.repository,
            installation_id=self.start.installation_id,
            number=self.start.number,
            live=self.live,
        )
        queue, raw = _QUEUES[kind], task.model_dump(mode="json")
        await self.durable.start(child, queue, self.start.repository.lower(), raw)
        try:
            done = await self._done(child)
        except Ended:
            await self.durable.cancel(child)
            self.live = at_rest(self.live)
            raise
        if done is None:
            self.live = at_rest(self.live)
            return _GONE
        self.live = at_rest(done.live)
        return done.outcome

    async def _done(self, child: str) -> Done | None:
        over = False
        while True:
            message = await self.next(0.0 if over else LOOK_S)
            match message:
                case Worked(child=name, result=result) if name == child:
                    return None if result is None else Done.model_validate(result)
                case Commanded():
                    await self.replies.not_now(message, "It is being worked on.")
                case Answered() | Reviewed() | Rerun() | Measured():
                    self.later.append(message)
                case None if over:
                    return None
                case None:  # its message may have come between the two looks
                    over = await self.durable.is_over(child)
                case _:
                    pass

    async def lay_out(self) -> None:
        """Write the request into the folder, as it is wanted now."""
        wanted, ground = self.wanted, self.ground
        await do(
            self.durable,
            "lay out",
            type(None),
            lambda: self.acts.lay_out(self.room, wanted, ground.base_sha),
        )

    async def end(self, how: Ended) -> None:
        """Tell the end; where nobody lets us tell it any more, end without a word."""
        try:
            if how.silent:
                self.live = self.live.model_copy(update={"phase": how.phase})
                await self.tell_list()
                return
            await self.show(how.phase, problem=how.problem, cure=how.cure)
            await self._settle(how.phase)
            await self.hand_back()
        except (HubError, Broken):
            await self.tell_list()
            with suppress(HubError, Broken):
                await self.hand_back()

    async def _settle(self, phase: Phase) -> None:
        """Leave nobody who asked for something with a reaction that says that it is being done."""
        nothing_came = phase is Phase.CANCELLED and not self.pull
        if phase is Phase.FAILED or nothing_came:
            await self.replies.react(Reaction.FAILED)
        else:
            done = phase is Phase.DONE
            await self.replies.settle(Reaction.DONE if done else Reaction.FAILED)
        if self.ended_by is not None:
            await self.replies.obeyed(self.ended_by)
