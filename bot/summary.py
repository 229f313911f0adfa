"""The summary: what came out of a run, as tables for the terminal."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bot.checks_table import checks_table
from bot.console import PLAIN, claim_line
from bot.errors import ExitCode
from bot.evidence import Outcome
from bot.forge import Published
from bot.proposal import Figures, Proposal
from bot.rendering import measures
from bot.rendering.numbers import interval, number, percent
from bot.rendering.spent import asked_rows, asked_total
from bot.rendering.text import plain
from bot.rendering.verdict import judge
from bot.rendering.words import RUN_WORDS, outcome_word
from hardware_runner.report import RunOutcome, RunReport

_RUN_STYLES = {RunOutcome.PASS: "green", RunOutcome.FAIL: "bold red"}


def show(console: Console, proposal: Proposal, published: Published) -> None:
    """Print every check, the accuracies, the boards' figures, the verdict and the places."""
    console.print(checks_table(proposal.evidence))
    if proposal.figures is not None:
        console.print()
        console.print(accuracy_table(proposal.figures))
    if proposal.reports:
        console.print()
        truth = None if proposal.figures is None else proposal.figures.truth
        show_reports(console, proposal.reports, truth)
    if proposal.asked:
        console.print()
        console.print(asked_table(proposal))
    console.print()
    _show_verdict(console, proposal)
    commit = "held these very files already; no new commit" if published.adopted else "new commit"
    for name, place in (
        ("branch", f"{published.branch} ({commit})"),
        ("text", published.body_path),
        *(("comment", path) for path in published.comment_paths),
    ):
        console.print(f"{name:<9} {place}", markup=False, highlight=False, soft_wrap=True)


def _show_verdict(console: Console, proposal: Proposal) -> None:
    """Print the verdict, and what stands against it once more, where it is not scrolled away."""
    verdict = judge(proposal)
    console.print(Text(verdict.line, style="bold yellow" if verdict.draft else "bold green"))
    for item in (*verdict.missed, *verdict.unproven):
        line = f"  {outcome_word(item)}: {claim_line(item)}"
        console.print(line, markup=False, highlight=False)
    for line in proposal.tried if verdict.missed else ():
        console.print(f"  tried: {line}", markup=False, highlight=False)


def asked_table(proposal: Proposal) -> Table:
    """Return what language models were asked for, at what cost, and what came of it."""
    rows = asked_rows(proposal.asked, 160)
    table = Table(title=f"Language models: {asked_total(proposal.asked).figures}", **PLAIN)
    for name in ("for", "try", "model", "tokens in + out", "seconds", "cost"):
        table.add_column(name, justify="left" if name in ("for", "model") else "right")
    table.add_column("came of it")
    for asked, row in zip(proposal.asked, rows, strict=True):
        causes = "; ".join(asked.causes)[:160]
        outcome = Text(f"repair: {causes}" if causes else "taken")
        number = str(row.number)
        table.add_row(row.purpose, number, asked.author, row.tokens, row.seconds, row.cost, outcome)
    return table


def accuracy_table(figures: Figures) -> Table:
    """Return the accuracy of the float model, of int8 on the host and of int8 on each board."""
    quantised = measures.quantised(figures)
    rows = [
        ("float32 model in Keras", quantised.float_hits),
        ("int8 model in C, on the host", quantised.int8_hits),
    ]
    rows += [
        (f"int8 firmware on {board}", measures.hits(figures.truth, answers))
        for board, answers in figures.board_predictions.items()
    ]
    table = Table(title="Accuracy on the held-out set", **PLAIN)
    table.add_column("of")
    for name in ("right", "samples", "accuracy", "95 % interval"):
        table.add_column(name, justify="right")
    for name, hits in rows:
        spread = interval(hits.count, hits.n) if hits.n else ""
        table.add_row(name, number(hits.count), number(hits.n), percent(hits.share), spread)
    return table


def show_reports(
    console: Console,
    reports: Sequence[RunReport],
    truth: npt.NDArray[np.integer] | None = None,
) -> None:
    """Print the boards' figures, and under them why a board did not run to its end."""
    console.print(report_table(reports, truth))
    for report in reports:
        if report.reason:
            say_lines(console, report.board, report.reason)


def say_lines(console: Console, about: str, text: str) -> None:
    """Print what a tool or a bundle says of something, each line marked as a part of that.

    So no line of a stranger's can steer a terminal, or be a command to the runner of a workflow.
    """
    first, *more = map(plain, text.strip().splitlines() or [""])
    for line in (f"{about}: {first}", *(f"  | {line}" for line in more)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def report_table(
    reports: Sequence[RunReport], truth: npt.NDArray[np.integer] | None = None
) -> Table:
    """Return the boards, one a row: outcome, accuracy, cost, flash, RAM and stack, speed."""
    table = Table(title="Boards", **PLAIN)
    table.add_column("board", min_width=13)
    for name in (
        "accuracy",
        "features\n+ model",
        "flash\n(bytes)",
        "RAM + stack\n(bytes)",
        "samples\nper second",
    ):
        table.add_column(name, justify="right", no_wrap=True)
    for report in reports:
        outcome = Text(RUN_WORDS[report.outcome], style=_RUN_STYLES.get(report.outcome, "yellow"))
        how = f", {report.verified}" if report.outcome is RunOutcome.PASS else ""
        speed = report.samples_per_second
        table.add_row(
            Text(f"{report.board}\n").append(outcome).append(how),
            _accuracy(report, truth),
            _cost(report),
            _flash(report),
            _ram(report),
            "" if speed is None else f"{speed:,.0f}",
        )
    return table


def _accuracy(report: RunReport, truth: npt.NDArray[np.integer] | None) -> str:
    if truth is None or len(report.scores) != len(truth) or not len(truth):
        return ""
    answers = np.array(report.scores).argmax(axis=1)
    return percent(float(np.mean(answers == truth)))


def _cost(report: RunReport) -> str:
    cost = report.cost
    if cost is None:
        return ""
    return f"{number(cost.features_median)} + {number(cost.model_median)}\n{cost.unit}"


def _flash(report: RunReport) -> str:
    if report.footprint is None:
        return ""
    return f"{report.footprint.flash_bytes:,}\nof {report.footprint.flash_limit_bytes:,}"


def _ram(report: RunReport) -> str:
    footprint = report.footprint
    if footprint is None:
        return ""
    stack = "?" if footprint.stack_bytes is None else number(footprint.stack_bytes)
    return f"{footprint.ram_bytes:,} + {stack}\nof {footprint.ram_limit_bytes:,}"


def exit_code(proposal: Proposal) -> ExitCode:
    """Return how the command line ends: a missed limit counts before a machine that failed."""
    verdict = judge(proposal)
    if not verdict.draft:
        return ExitCode.DONE
    broken = any(e.outcome is Outcome.INFRASTRUCTURE for e in verdict.unproven)
    if (broken or verdict.broken_runs) and not (verdict.missed or verdict.failed_runs):
        return ExitCode.MACHINE
    return ExitCode.LIMIT_MISSED
