"""Built: a proposal as the service is told of it, with lines for each check that failed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.authors.prompts import named_lines
from bot.evidence import Evidence
from bot.proposal import Proposal
from bot.rendering.check_summary import check_summary
from bot.rendering.publication import Publication
from bot.rendering.spent import total
from bot.rendering.text import plain
from bot.rendering.verdict import judge
from bot.repair import failure_of
from bot.work.outcome import Answered, Built, Line
from bot.work.telling import claim
from bot.workspace import AUTHORED_PATHS

LINES_MAX = 50
_MESSAGE_MAX = 4_000
GOAL = "goal.toml"
# Where goal.toml holds the limit that a check is about, by the last part of the check's name.
_LIMITS: Mapping[str, str] = {
    "accuracy": "accuracy_min",
    "accuracy_drop": "accuracy_drop_max",
    "latency": "latency_max_ms",
    "instructions": "instructions_max",
    "flash": "flash_max_bytes",
    "ram": "ram_max_bytes",
}


def built(
    proposal: Proposal, publication: Publication, answers: tuple[Answered, ...] = ()
) -> Built:
    """Return what the service is told of a proposal that lies in `publication/`."""
    spent = total(usage for asked in proposal.asked for usage in asked.usage)
    verdict = judge(proposal)
    return Built(
        folder=publication.folder,
        title=publication.title,
        draft=publication.draft,
        missed=len(verdict.missed) + len(verdict.failed_runs),
        unproven=len(verdict.unproven)
        + len((*verdict.broken_runs, *verdict.left_runs, *verdict.absent_boards)),
        headline=plain(verdict.line),
        summary=check_summary(proposal),
        lines=tuple(_lines(proposal))[:LINES_MAX],
        answers=answers,
        cost_usd=spent.cost_usd,
        tokens=spent.input_tokens + spent.output_tokens,
    )


def _lines(proposal: Proposal) -> Iterator[Line]:
    for evidence in proposal.missed:
        places = _places(proposal, evidence)
        message = plain(evidence.method) + "\n" + failure_of(evidence).detail
        for path, line in places:
            yield Line(
                path=path, line=line, title=claim(evidence)[:200], message=message[:_MESSAGE_MAX]
            )


def _places(proposal: Proposal, evidence: Evidence) -> list[tuple[str, int]]:
    """Return the lines that a failed check names, else that of its limit, else the file's first."""
    named = dict.fromkeys(named_lines(failure_of(evidence)))
    found = [(path, line) for path, line in named if 0 < line <= _line_count(proposal, path)]
    if found:
        return found[:3]
    if evidence.source == "goal" and (line := _line_of_limit(proposal, evidence)):
        return [(GOAL, line)]
    return [(path, 1) for path in AUTHORED_PATHS[evidence.stage][-1:] if path in proposal.files]


def _line_count(proposal: Proposal, path: str) -> int:
    return len(proposal.files.get(path, b"").splitlines())


def _line_of_limit(proposal: Proposal, evidence: Evidence) -> int | None:
    key = _LIMITS.get(evidence.check.rpartition(".")[2])
    lines = proposal.files.get(GOAL, b"").decode().splitlines()
    return next((n for n, text in enumerate(lines, 1) if key and text.startswith(f"{key} =")), None)
