"""Writing: a stage is written and checked until nothing is left that its author could mend.

Bounded three ways: by tries, by the budget behind the language model, and by never asking the same
thing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from bot.authors.author import Author, Failure, Tried, Written
from bot.authors.facts import Facts
from bot.evidence import Outcome, Stage
from bot.llm.language_model import BudgetReached, Unreachable
from bot.progress import Progress
from bot.proposal import Asked
from bot.rendering.spent import spent
from bot.repair import mendable
from bot.sandbox.job import Origin
from bot.stages.stage_result import Context, StageResult, unmeasured, verdict

MAX_REPAIRS = 3
GOES_ON = "what passed is kept; the same command goes on from there"

Inspect = Callable[[Stage, Mapping[str, str], Context], tuple[Failure, ...]]
"""Static checks: what is wrong with files before anything of them runs."""


@dataclass(frozen=True, slots=True)
class Ran:
    """What the checks of a stage found; `resumed` where an earlier, interrupted run did them."""

    result: StageResult
    seconds: float
    resumed: bool


@dataclass(frozen=True, slots=True)
class Done:
    """A stage as it is left: its files are in the context, its failures in the result.

    Attributes:
        tries: how many times it was written, this time included.
        failures: what its author could still mend.
    """

    stage: Stage
    context: Context
    written: Written
    ran: Ran
    tries: int
    failures: tuple[Failure, ...] = ()

    @property
    def result(self) -> StageResult:
        """Return what the checks found."""
        return self.ran.result


@dataclass(slots=True)
class Desk:
    """Who writes, and what was written so far; the only thing in a run that remembers.

    Attributes:
        author: writes first, and is told what failed where it learns.
        fallback: writes where all repairs failed; None where nobody else can.
        max_repairs: of one stage, after its first try.
        candidates: how many firmware files are written side by side at first.
        check: runs a stage on the files in a context.
        inspect: finds what may not run at all.
        asked: every answer of a language model, in order.
        stopped: why nobody is asked any more; empty while somebody is.
    """

    author: Author
    fallback: Author | None
    max_repairs: int
    candidates: int
    progress: Progress
    check: Callable[[Stage, Context], Ran]
    inspect: Inspect
    asked: list[Asked] = field(default_factory=list)
    stopped: str = ""

    def produce(
        self,
        stage: Stage,
        context: Context,
        tried: Sequence[Tried] = (),
        carried: Written | None = None,
    ) -> Done | StageResult:
        """Return the stage with the least that its authors could still mend.

        Args:
            stage: what to produce.
            context: what the stages before it left.
            tried: what was written for it before, and was found wrong by a later stage.
            carried: files that were good for a network of another size; taken first.

        Returns:
            Only what to say about it, where no file could be run.
        """
        trail = _Trail(stage, context, list(tried))
        if carried is None or not self._take(trail, carried):
            for author in (self.author, self.fallback):
                if author is not None and self._let_write(trail, author):
                    break
        return trail.best or unwritten(stage, trail.tried, self.stopped)

    def keep(self, stage: Stage, context: Context, written: Written) -> Done | StageResult:
        """Check files that nobody shall change, whatever the checks find."""
        trail = _Trail(stage, context, [])
        self._take(trail, written)
        return trail.best or unwritten(stage, trail.tried, self.stopped)

    def _let_write(self, trail: _Trail, author: Author) -> bool:
        """Let one author write and repair; say whether nothing is left to mend."""
        known = trail.tried if author is self.author else []
        left = 1 + self.max_repairs - len(known) if author.learns else 1
        if author is self.fallback:
            self.progress.note(f"{trail.stage.value}: now {author.name}")
        for _ in range(max(1, left)):
            try:
                answers = self._ask(trail, author)
            except BudgetReached as error:
                self.stopped = str(error)
                self.progress.note(f"{trail.stage.value}: {error}")
                self.progress.note(f"{trail.stage.value}: {GOES_ON}")
                return True
            except Unreachable:
                self.progress.note(f"{trail.stage.value}: {GOES_ON}")
                raise
            worst: list[Tried] = []
            for answer in answers:
                outcome = self._judge(trail, answer)
                if outcome is None:
                    return True
                worst.append(outcome)
            trail.tried.append(min(worst, key=lambda one: (not one.files, len(one.failures))))
        return False

    def _ask(self, trail: _Trail, author: Author) -> list[Written | Tried]:
        """Ask once, or for several candidates of the firmware side by side."""
        facts = trail.context.facts()
        side_by_side = self.candidates if author.learns and not trail.tried else 1
        if trail.stage is not Stage.FIRMWARE or side_by_side < 2:
            return [author.write(trail.stage, facts, tuple(trail.tried))]
        return _in_parallel(author, trail.stage, facts, side_by_side)

    def _judge(self, trail: _Trail, answer: Written | Tried) -> Tried | None:
        """Look at an answer and run what may run; None where nothing is left to mend."""
        trail.number += 1
        if isinstance(answer, Written):
            failures = self._found_wrong(trail, answer)
            tried = Tried(answer.author, answer.files, failures, answer.usage)
        else:
            failures, tried = answer.failures, answer
        if answer.usage:
            causes = tuple(failure.line for failure in failures)
            asked = Asked(trail.stage.value, trail.number, answer.author, answer.usage, causes)
            self.asked.append(asked)
            self.progress.note(f"{trail.stage.value}: {spent(asked)}")
        for failure in failures[:3] if answer.usage else ():
            self.progress.note(f"  to mend: {failure.line[:300]}")
        return tried if failures else None

    def _take(self, trail: _Trail, carried: Written) -> bool:
        """Try files that nobody has to be asked for again."""
        failures = self._found_wrong(trail, carried)
        if failures:
            trail.tried.append(Tried(carried.author, carried.files, failures))
        return not failures

    def _found_wrong(self, trail: _Trail, written: Written) -> tuple[Failure, ...]:
        """Return what is wrong with files; those that could run are kept, the best of them."""
        stage, context = trail.stage, with_files(trail.context, trail.stage, written)
        if written.origin is not Origin.TEMPLATE:
            found = self.inspect(stage, written.files, context)
            if found:
                return found
        ran = self.check(stage, context)
        failures = mendable(stage, ran.result.evidence)
        done = Done(stage, context, written, ran, max(1, trail.number), failures)
        if trail.best is None or _rank(done) > _rank(trail.best):
            trail.best = done
        return failures


@dataclass(slots=True)
class _Trail:
    """What happened to one stage so far."""

    stage: Stage
    context: Context
    tried: list[Tried]
    number: int = 0
    best: Done | None = None

    def __post_init__(self) -> None:
        self.number = len(self.tried)


def with_files(context: Context, stage: Stage, written: Written) -> Context:
    """Return the context with a stage's files, and with the least trusted of all authors."""
    origin = context.origin if written.origin is Origin.TEMPLATE else written.origin
    workspace = context.workspace.with_authored(stage, written.files)
    return replace(context, workspace=workspace, origin=origin)


def unwritten(stage: Stage, tried: Sequence[Tried], stopped: str) -> StageResult:
    """Return the result of a stage for which nobody wrote files that could run."""
    check, claim = f"{stage.value}.written", f"The files of the {stage.value} stage can be run"
    method = f"{len(tried)} tries, each looked at before anything of it ran"
    if stopped:
        said = unmeasured(check, stage, claim, Outcome.INFRASTRUCTURE, method, stopped)
    else:
        lines = [failure.line for failure in tried[-1].failures[:6]] if tried else []
        said = verdict(check, stage, claim, False, method, "\n".join(lines))
    return StageResult(stage, (said,))


def _in_parallel(author: Author, stage: Stage, facts: Facts, count: int) -> list[Written | Tried]:
    """Ask for several candidates; where the budget ends on the way, those that came are taken."""
    with ThreadPoolExecutor(count) as pool:
        asked = [pool.submit(author.write, stage, facts, (), n) for n in range(count)]
    came = [future.result() for future in asked if future.exception() is None]
    return came or [asked[0].result()]


def _rank(done: Done) -> tuple[bool, int]:
    return done.result.usable, -len(done.failures)
