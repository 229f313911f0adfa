"""What is kept of one run of one request by one author."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import Enum

from bot.errors import Infrastructure, RequestError
from bot.evidence import Outcome, Stage
from bot.frozen import Frozen
from bot.llm.language_model import RequestBudgetReached, Usage
from bot.proposal import Proposal
from bot.questions import Questions

TEMPLATE = "template"


class End(Enum):
    """How a run ended."""

    MET = "met"  # every limit is met, every claim proven
    MISSED = "missed"  # a draft that says what is missing
    REFUSED = "refused"  # the request cannot be met as it stands, or leaves questions
    BUDGET = "budget"  # that of this request alone
    INFRASTRUCTURE = (
        "infrastructure"  # machine, board or a budget of the day; nothing about the author
    )
    ERROR = "error"  # our fault


class StageRecord(Frozen):
    """What one stage took, and whether it stood.

    Attributes:
        passed: every check of the stage passed.
        author: who wrote the files that were kept.
        own: they are those of the author under test, not of the template that stood in.
        tries: how often the author was asked.
        input_tokens, output_tokens, cost_usd: of all tries; None where no price is known.
        seconds: of the model and of the checks.
    """

    passed: bool
    author: str
    own: bool
    tries: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    seconds: float

    @property
    def success(self) -> bool:
        """Say whether the author under test brought it to stand."""
        return self.passed and self.own

    @property
    def first_try(self) -> bool:
        """Say whether it stood at once."""
        return self.success and self.tries == 1


class RunRecord(Frozen):
    """One run, from the request to its end.

    Attributes:
        request: the file's name without its suffix.
        author: 'template', or the model under test.
        run: counts from 1.
        can_be_met: what the right end is: all limits met, or the word that they cannot be.
        detail: why it ended so; empty where every limit is met.
        stages: those that were reached, by name.
        sound: nothing failed but limits that the request sets; False where nothing was made.
        reading_tokens, reading_usd: for understanding a request in free text; `reading_usd` is None
            where the price is not known.
    """

    request: str
    author: str
    run: int
    can_be_met: bool
    end: End
    detail: str
    seconds: float
    stages: Mapping[str, StageRecord]
    sound: bool = False
    reading_tokens: int = 0
    reading_usd: float | None = 0.0

    @property
    def success(self) -> bool:
        """Say whether the run ended as it must: with all evidence, or with a plain no.

        A draft is a plain no only where all of it works but the limits that cannot be met.
        """
        if not self.can_be_met:
            return self.end is End.REFUSED or (self.end is End.MISSED and self.sound)
        return self.end is End.MET and all(stage.success for stage in self.stages.values())

    @property
    def counts(self) -> bool:
        """Say whether the run tells anything about its author."""
        return self.end not in (End.INFRASTRUCTURE, End.ERROR)

    @property
    def cost_usd(self) -> float | None:
        """Return what reading and all stages cost; None where a price is not known."""
        costs = [self.reading_usd, *(stage.cost_usd for stage in self.stages.values())]
        return None if None in costs else sum(cost for cost in costs if cost is not None)


def stage_records(
    proposal: Proposal, author: str, seconds: Mapping[Stage, float]
) -> dict[str, StageRecord]:
    """Return what each stage of a proposal took.

    Args:
        proposal: what came of the run.
        author: 'template' or the model under test; templates that stood in are not its own.
        seconds: of each stage, checks included.
    """
    records = {}
    for stage in Stage:
        evidence = [e for e in proposal.evidence if e.stage is stage]
        if not evidence:
            continue
        files = [file for file in proposal.authored if file.stage is stage]
        asked = [one for one in proposal.asked if one.purpose == stage.value]
        usage = [used for one in asked for used in one.usage]
        by_template = any(file.author.startswith("template") for file in files)
        records[stage.value] = StageRecord(
            passed=all(e.outcome is not Outcome.FAIL for e in evidence),
            author=", ".join(sorted({file.author for file in files})),
            own=by_template == (author == TEMPLATE),
            tries=max(len(asked), 1),
            input_tokens=sum(used.input_tokens for used in usage),
            output_tokens=sum(used.output_tokens for used in usage),
            cost_usd=_cost(usage),
            seconds=round(seconds.get(stage, 0.0), 3),
        )
    return records


def reading(proposal: Proposal) -> tuple[int, float | None]:
    """Return the tokens and the cost of understanding the request."""
    usage = [u for one in proposal.asked if one.purpose == "understand" for u in one.usage]
    return sum(used.input_tokens + used.output_tokens for used in usage), _cost(usage)


def is_sound(proposal: Proposal) -> bool:
    """Say whether nothing failed but limits that the request sets."""
    return all(e.source == "goal" for e in proposal.evidence if e.outcome is Outcome.FAIL)


def _cost(usage: Iterable[Usage]) -> float | None:
    costs = [used.cost_usd for used in usage]
    return None if None in costs else sum(cost for cost in costs if cost is not None)


_KINDS: tuple[tuple[type[Exception], End], ...] = (
    (RequestBudgetReached, End.BUDGET),
    (RequestError, End.REFUSED),
    (Infrastructure, End.INFRASTRUCTURE),
)


def end_of(outcome: Proposal | Questions | Exception) -> tuple[End, str]:
    """Return how a run ended, and why in one line."""
    if isinstance(outcome, Questions):
        return End.REFUSED, _line(question.found for question in outcome.questions)
    if isinstance(outcome, Exception):
        end = next((end for kind, end in _KINDS if isinstance(outcome, kind)), End.ERROR)
        name = f"{type(outcome).__name__}: " if end is End.ERROR else ""
        return end, _line([f"{name}{outcome}"])
    failed = [e for e in outcome.evidence if e.outcome is Outcome.FAIL]
    broken = [e for e in outcome.evidence if e.outcome is Outcome.INFRASTRUCTURE]
    if failed:
        return End.MISSED, _line(f"{e.claim}: {e.value} {e.unit}".strip() for e in failed)
    if broken:
        return End.INFRASTRUCTURE, _line(f"{e.claim}: {e.detail}" for e in broken)
    return End.MET, ""


def _line(parts: Iterable[str]) -> str:
    return " ".join("; ".join(parts).split())[:500]
