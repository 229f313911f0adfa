"""The summary: what came out of a run, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from bot.errors import ExitCode
from bot.evidence import Evidence, Outcome, Relation
from bot.forge import Published
from bot.proposal import Proposal
from bot.rendering import measures
from bot.rendering.numbers import number
from bot.rendering.verdict import judge
from hardware_runner.report import RunReport

_STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.INFRASTRUCTURE: "yellow",
    Outcome.SKIPPED: "yellow",
}
_RELATIONS = {
    Relation.AT_LEAST: "at least",
    Relation.AT_MOST: "at most",
    Relation.EQUAL: "exactly",
    Relation.NONE: "",
}


def show(console: Console, proposal: Proposal, published: Published) -> None:
    """Print every check, the boards' figures, the accuracies and where everything is."""
    console.print(checks_table(proposal.evidence))
    if proposal.figures is not None:
        console.print(accuracy_table(proposal))
    if proposal.reports:
        truth = None if proposal.figures is None else proposal.figures.truth
        console.print(report_table(proposal.reports, truth))
    for line in proposal.tried:
        console.print(f"tried     {line}", markup=False, highlight=False)
    verdict = judge(proposal)
    console.print(Text(verdict.line, style="bold yellow" if verdict.draft else "bold green"))
    for name, place in (
        ("branch", published.branch),
        ("text", published.body_path),
        *(("comment", path) for path in published.comment_paths),
    ):
        console.print(f"{name:<9} {place}", markup=False, highlight=False, soft_wrap=True)


def checks_table(evidence: Sequence[Evidence]) -> Table:
    """Return every check with value, unit, limit and outcome."""
    table = Table("stage", "claim", "value", "limit", "outcome", title="Checks")
    for item in evidence:
        value = "-" if item.value is None else _value(item.value, item.unit)
        limited = item.limit is not None and item.relation is not Relation.NONE
        limit = f"{_RELATIONS[item.relation]} {_plain(item.limit)}" if limited else ""
        table.add_row(
            item.stage.value,
            Text(item.claim),
            Text(value),
            Text(limit),
            Text(item.outcome.value, style=_STYLES[item.outcome]),
        )
    return table


def accuracy_table(proposal: Proposal) -> RenderableType:
    """Return the accuracy of the float model, of int8 on the host and of int8 on each board."""
    figures = proposal.figures
    if figures is None:
        return Group()
    quantised = measures.quantised(figures)
    rows = [("float32, Keras", quantised.float_hits), ("int8, compiled C", quantised.int8_hits)]
    rows += [
        (f"int8, {board}", measures.hits(figures.truth, answers))
        for board, answers in figures.board_predictions.items()
    ]
    table = Table("accuracy of", "right", "of", "%", title="Held-out set")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, hits in rows:
        table.add_row(name, str(hits.count), str(hits.n), f"{100 * hits.share:.2f}")
    return table


def report_table(
    reports: Sequence[RunReport], truth: npt.NDArray[np.integer] | None = None
) -> Table:
    """Return the boards side by side: answers, accuracy, cost, flash, RAM and stack."""
    table = Table("", *(report.board for report in reports), title="Boards")
    for column in table.columns[1:]:
        column.justify = "right"
    for name, cells in (
        ("outcome", [report.outcome.value for report in reports]),
        ("why", [report.reason for report in reports]),
        ("verified by", [report.verified for report in reports]),
        ("samples answered", [f"{report.samples:,}" for report in reports]),
        ("accuracy", [_accuracy(report, truth) for report in reports]),
        ("features, median", [_cost(report, "features") for report in reports]),
        ("model, median", [_cost(report, "model") for report in reports]),
        ("flash", [_of(report, "flash") for report in reports]),
        ("RAM, without stack", [_of(report, "ram") for report in reports]),
        ("stack, high-water mark", [_stack(report) for report in reports]),
    ):
        if any(cells):
            table.add_row(name, *(Text(cell) for cell in cells))
    return table


def _accuracy(report: RunReport, truth: npt.NDArray[np.integer] | None) -> str:
    if truth is None or len(report.scores) != len(truth) or not len(truth):
        return ""
    answers = np.array(report.scores).argmax(axis=1)
    return f"{100 * float(np.mean(answers == truth)):.2f} %"


def _cost(report: RunReport, part: str) -> str:
    if report.cost is None:
        return ""
    median = report.cost.features_median if part == "features" else report.cost.model_median
    return f"{number(median)} {report.cost.unit}"


def _of(report: RunReport, memory: str) -> str:
    if report.footprint is None:
        return ""
    footprint = report.footprint
    used, limit = (
        (footprint.flash_bytes, footprint.flash_limit_bytes)
        if memory == "flash"
        else (footprint.ram_bytes, footprint.ram_limit_bytes)
    )
    return f"{used:,} of {limit:,} bytes"


def _stack(report: RunReport) -> str:
    if report.footprint is None or report.footprint.stack_bytes is None:
        return ""
    return f"{report.footprint.stack_bytes:,} bytes"


def _plain(value: float | int | str | None) -> str:
    return "" if value is None else value if isinstance(value, str) else number(value)


def _value(value: float | int | str, unit: str) -> str:
    return f"{_plain(value)} {unit}".strip()


def exit_code(proposal: Proposal) -> ExitCode:
    """Return how the command line ends: a missed limit counts before a machine that failed."""
    verdict = judge(proposal)
    if not verdict.draft:
        return ExitCode.DONE
    broken = any(e.outcome is Outcome.INFRASTRUCTURE for e in verdict.unproven)
    if (broken or verdict.broken_runs) and not (verdict.missed or verdict.failed_runs):
        return ExitCode.MACHINE
    return ExitCode.LIMIT_MISSED
