"""The status comment: what was done stage by stage, by whom, at what cost, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from bot.evidence import Outcome, Stage
from bot.forge import Origin
from bot.proposal import Asked, Proposal
from bot.rendering import views
from bot.rendering.environment import render_text
from bot.rendering.marker import marker
from bot.rendering.spent import asked_total, money, total
from bot.rendering.text import Markdown, code, inline
from bot.rendering.verdict import Verdict, judge

PART = "status"
"""Names this comment in its marker; no board has this name."""

_UNDERSTAND = "understand"
_REPAIRS_MAX = 60
_AGAINST_MAX = 10
_CAUSE_MAX = 300
_NONE = Markdown("-")


@dataclass(frozen=True, slots=True)
class StageRow:
    """One stage: what came of it, who wrote it, and what asking models for it took."""

    name: str
    outcome: Markdown
    checks: Markdown
    author: Markdown
    tries: Markdown
    tokens: Markdown
    seconds: Markdown
    cost: Markdown


@dataclass(frozen=True, slots=True)
class RepairRow:
    """One answer that was sent back, and why."""

    purpose: str
    number: int
    author: Markdown
    cause: Markdown


def status_comment(proposal: Proposal, origin: Origin, folder: str) -> str:
    """Return the comment, Markdown well below GitHub's 65,536 characters.

    It is edited in place: its marker stays the same however often a request is made again.
    """
    verdict = judge(proposal)
    repairs = [
        RepairRow(
            a.purpose, a.number, inline(a.author, 100), inline("; ".join(a.causes), _CAUSE_MAX)
        )
        for a in proposal.asked
        if a.causes
    ]
    against = (*verdict.missed, *verdict.unproven)
    return render_text(
        "status_comment.md.jinja",
        {
            "marker": marker(origin.key, PART),
            "verdict": verdict,
            "rows": [_understand_row(proposal), *(_stage_row(proposal, s) for s in Stage)],
            "asked": asked_total(proposal.asked) if proposal.asked else None,
            "repairs": repairs[:_REPAIRS_MAX],
            "repairs_left_out": max(0, len(repairs) - _REPAIRS_MAX),
            "against": views.claim_rows(against[:_AGAINST_MAX], _CAUSE_MAX),
            "against_left_out": max(0, len(against) - _AGAINST_MAX),
            "branch": origin.branch,
            "folder": folder,
            "next_steps": list(_next_steps(verdict)),
        },
    )


def _understand_row(proposal: Proposal) -> StageRow:
    asked = [one for one in proposal.asked if one.purpose == _UNDERSTAND]
    read = asked and not asked[-1].causes
    author = inline(asked[-1].author, 100) if read else Markdown("by rule, no model")
    done = Markdown(f"{views.MARKS[Outcome.PASS]} read")
    return _row(_UNDERSTAND, done, _NONE, author, len(asked), asked)


def _stage_row(proposal: Proposal, stage: Stage) -> StageRow:
    found = [e for e in proposal.evidence if e.stage is stage]
    asked = [one for one in proposal.asked if one.purpose == stage.value]
    written = [file for file in proposal.authored if file.stage is stage]
    held = sum(e.outcome is Outcome.PASS for e in found)
    outcome = _outcome([e.outcome for e in found])
    checks = Markdown(f"{held} of {len(found)} hold") if found else _NONE
    author = inline(written[0].author, 100) if written else _NONE
    return _row(stage.value, outcome, checks, author, _tries(proposal, stage, len(asked)), asked)


def _tries(proposal: Proposal, stage: Stage, asked: int) -> int:
    written = [file.tries for file in proposal.authored if file.stage is stage]
    return max([asked, *written])


def _outcome(outcomes: list[Outcome]) -> Markdown:
    if not outcomes:
        return Markdown("not reached")
    for outcome, words in (
        (Outcome.FAIL, "a check failed"),
        (Outcome.INFRASTRUCTURE, "machine or budget stood in the way"),
        (Outcome.SKIPPED, "a check was skipped"),
    ):
        if outcome in outcomes:
            return Markdown(f"{views.MARKS[outcome]} {words}")
    return Markdown(f"{views.MARKS[Outcome.PASS]} done")


def _row(
    name: str, outcome: Markdown, checks: Markdown, author: Markdown, tries: int, asked: list[Asked]
) -> StageRow:
    usage = total(usage for one in asked for usage in one.usage)
    if not usage.calls:
        tokens = seconds = cost = _NONE
    else:
        tokens = Markdown(f"{usage.input_tokens:,} + {usage.output_tokens:,}")
        seconds, cost = Markdown(f"{usage.seconds:.1f}"), Markdown(money(usage.cost_usd))
    number = Markdown(str(tries)) if tries else _NONE
    return StageRow(name, outcome, checks, author, number, tokens, seconds, cost)


def _next_steps(verdict: Verdict) -> Iterator[str]:
    """Yield what a person does now."""
    if not verdict.draft:
        yield "Review the pull request: it names the files in the order in which they read best."
        yield "Merge it where you agree; nothing is merged by itself."
        return
    if verdict.missed or verdict.failed_runs:
        yield (
            "Decide: change a limit or the data in the request, or mend the files that the failed "
            "checks are about."
        )
    if verdict.left_runs:
        names = ", ".join(code(report.board) for report in verdict.left_runs)
        yield f"Let a bench measure {names}: nothing here runs what was built for it."
    left = tuple(f"firmware.{report.board}." for report in verdict.left_runs)
    in_the_way = [e for e in verdict.unproven if not e.check.startswith(left)]
    if in_the_way or verdict.broken_runs or verdict.absent_boards:
        yield "Mend what stood in the way: the checks above say what it was."
    yield "Then run the same command again: what passed is kept, and it goes on from there."
