"""Views: the rows of the tables that people read, as values ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome
from bot.proposal import Figures, Proposal
from bot.rendering import measures
from bot.rendering.numbers import interval, limit, number, percent, quantity
from bot.rendering.text import Markdown, inline
from bot.rendering.words import REPORTED, RUN_WORDS, outcome_word
from hardware_runner.report import RunReport

LABEL_MAX = 60  # escaped characters of a class label in a table
HOW_VERIFIED = {
    "hardware": "on the real board",
    "emulator": "emulated: instructions are counted, time is unknown",
    "host": "as a process on the host: no cost is measured",
    "build-only": "built, never run",
    "unverified": "never built nor run here",
}
MARKS = {
    Outcome.PASS: "✅",
    Outcome.FAIL: "❌",
    Outcome.INFRASTRUCTURE: "⚠️",
    Outcome.SKIPPED: "⚠️",
}
_NOTHING = Markdown("-")


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """One claim with what was measured for it."""

    check: str
    stage: str
    claim: Markdown
    measured: Markdown
    limit: Markdown
    method: Markdown
    outcome: Markdown
    detail: Markdown


@dataclass(frozen=True, slots=True)
class BoardRow:
    """What one board answered, and at what cost."""

    name: str
    core: str
    how: Markdown
    outcome: Markdown
    reason: Markdown
    accuracy: Markdown
    hits: Markdown
    same_answers: Markdown
    same_scores: Markdown
    features: Markdown
    model: Markdown
    cost_method: str
    flash: Markdown
    ram: Markdown
    stack: Markdown
    arena: Markdown
    model_code: Markdown
    decisions: Markdown
    firmware_sha256: str


@dataclass(frozen=True, slots=True)
class ClassRow:
    """How one class was recognised."""

    label: Markdown
    training: Markdown
    held_out: int
    recognised: int
    recall: Markdown
    taken_for: Markdown


def claim_rows(evidence: Iterable[Evidence], at_most: int = 400) -> list[ClaimRow]:
    """Lay out evidence; `at_most` bounds each text in escaped characters."""
    return [
        ClaimRow(
            check=e.check,
            stage=e.stage.value,
            claim=inline(e.claim, at_most),
            measured=quantity(e.value, e.unit, at_most),
            limit=limit(e) or _NOTHING,
            method=inline(e.method, at_most),
            outcome=_outcome(e),
            detail=inline(e.detail, 2 * at_most),
        )
        for e in evidence
    ]


def _outcome(evidence: Evidence) -> Markdown:
    word = outcome_word(evidence)
    return Markdown(word if word == REPORTED else f"{MARKS[evidence.outcome]} {word}")


def board_row(report: RunReport, figures: Figures | None, at_most: int = 1_000) -> BoardRow:
    """Lay out a board's report; without figures nothing is said about its answers."""
    accuracy = right = same_answers = same_scores = _NOTHING
    answers = figures.board_predictions.get(report.board) if figures else None
    if figures is not None and answers is not None and len(answers):
        found = measures.hits(figures.truth, answers)
        accuracy = Markdown(f"{percent(found.share)} ({interval(found.count, found.n)})")
        right = _of(found)
        same_answers = _of(measures.hits(measures.host_predictions(figures), answers))
        same_scores = _of(measures.same_scores(figures, report))
    cost, footprint = report.cost, report.footprint
    return BoardRow(
        name=report.board,
        core=report.core,
        how=Markdown(HOW_VERIFIED[report.verified]),
        outcome=Markdown(f"{MARKS[Outcome(report.outcome.value)]} {RUN_WORDS[report.outcome]}"),
        reason=inline(report.reason, at_most),
        accuracy=accuracy,
        hits=right,
        same_answers=same_answers,
        same_scores=same_scores,
        features=_cost(cost.features_median, cost.features_max, cost.unit) if cost else _NOTHING,
        model=_cost(cost.model_median, cost.model_max, cost.unit) if cost else _NOTHING,
        cost_method=cost.method if cost else "",
        flash=_share(footprint.flash_bytes, footprint.flash_limit_bytes) if footprint else _NOTHING,
        ram=_share(footprint.ram_bytes, footprint.ram_limit_bytes) if footprint else _NOTHING,
        stack=_bytes(footprint.stack_bytes if footprint else None),
        arena=_bytes(footprint.arena_bytes if footprint else None),
        model_code=Markdown(
            f"{number(footprint.model_code_bytes)} + {number(footprint.model_constant_bytes)} bytes"
        )
        if footprint
        else _NOTHING,
        decisions=_decisions(report),
        firmware_sha256=report.firmware_sha256,
    )


def class_rows(
    proposal: Proposal, answers: npt.NDArray[np.int64], training: Mapping[str, int]
) -> list[ClassRow]:
    """Lay out how each class was recognised in `answers`; needs the proposal's figures."""
    if proposal.figures is None:
        return []
    labels = proposal.goal.labels
    matrix = measures.confusion(proposal.figures.truth, answers, len(labels))
    rows = []
    for index, label in enumerate(labels):
        held_out, recognised = int(matrix[index].sum()), int(matrix[index, index])
        others = [
            (int(count), other) for other, count in enumerate(matrix[index]) if other != index
        ]
        mistaken = sorted((pair for pair in others if pair[0]), key=lambda p: (-p[0], p[1]))[:2]
        rows.append(
            ClassRow(
                label=inline(label, LABEL_MAX),
                training=Markdown(number(training[label])) if label in training else _NOTHING,
                held_out=held_out,
                recognised=recognised,
                recall=percent(recognised / held_out) if held_out else _NOTHING,
                taken_for=_mistaken(labels, mistaken),
            )
        )
    return rows


def _mistaken(labels: Sequence[str], counts: Sequence[tuple[int, int]]) -> Markdown:
    named = (f"{inline(labels[other], LABEL_MAX)} ({count})" for count, other in counts)
    return Markdown(", ".join(named))


def _of(found: measures.Hits) -> Markdown:
    return Markdown(f"{number(found.count)} of {number(found.n)}")


def _cost(median: float, most: float, unit: str) -> Markdown:
    return Markdown(f"{number(median)} ({number(most)}) {unit}")


def _share(used: int, limit_bytes: int) -> Markdown:
    share = 100 * used / limit_bytes if limit_bytes else 0.0
    shown = "under 0.1 %" if share < 0.1 else f"{share:.1f} %"
    return Markdown(f"{number(used)} of {number(limit_bytes)} bytes ({shown})")


def _bytes(value: int | None) -> Markdown:
    return Markdown(f"{number(value)} bytes") if value is not None else _NOTHING


def _decisions(report: RunReport) -> Markdown:
    if not report.decisions:
        return _NOTHING
    acted = sum(decision >= 0 for decision in report.decisions)
    return Markdown(f"{number(acted)} of {number(len(report.decisions))}")
