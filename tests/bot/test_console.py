from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress as Bars

from bot.console import LiveProgress, PlainProgress, choose_progress
from bot.errors import ExitCode
from bot.evidence import Evidence, Relation, Stage, judge
from bot.forge import Published
from bot.progress import Progress
from bot.proposal import Proposal
from bot.rendering import measures
from bot.summary import accuracy_table, checks_table, exit_code, report_table, show
from tests.bot import proposals


def evidence(value: float) -> Evidence:
    return judge(
        "x.y", Stage.TRAIN, "It is right often", value, "%", Relation.AT_LEAST, 95, "counted",
        detail="Train longer.\nMuch longer.",
    )  # fmt: skip


def play(progress: Progress) -> None:
    progress.stage_started(Stage.TRAIN)
    for done in range(101):
        progress.advanced("epochs", done, 100)
    progress.note("one [bold] word")
    progress.stage_finished(Stage.TRAIN, [evidence(97), evidence(94)], 2.04, resumed=False)
    progress.stage_finished(Stage.CONVERT, [evidence(97)], 2.0, resumed=True)


def test_plain_lines_carry_times_and_what_failed() -> None:
    lines: list[str] = []
    ticks: Iterator[float] = iter(range(0, 1000, 7))
    play(PlainProgress(lines.append, lambda: next(ticks)))
    assert lines == [
        "[00:07] train: begins",
        "[00:14] epochs: 25 of 100",
        "[00:21] epochs: 50 of 100",
        "[00:28] epochs: 75 of 100",
        "[00:35] epochs: 100 of 100",
        "[00:42] one [bold] word",
        "[00:49] train: 2 checks: 1 hold, 1 failed, 2.0 s",
        "[00:56]   FAILED: It is right often: 94 % (limit >= 95). Train longer.",
        "[01:03] convert: 1 check: all hold, kept from the run before",
    ]


def test_the_live_display_keeps_what_matters() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=120, no_color=True)
    with Bars(console=console, transient=True, auto_refresh=False) as bars:
        play(LiveProgress(console, bars))
        assert not bars.tasks
    shown = stream.getvalue()
    assert "one [bold] word" in shown
    assert "2 checks: 1 hold, 1 failed, 2.0 s" in shown
    assert "It is right often: 94 % (limit >= 95). Train longer." in shown


def test_without_a_terminal_lines_are_plain(capsys: pytest.CaptureFixture[str]) -> None:
    with choose_progress() as progress:
        progress.note("hello")
    assert capsys.readouterr().out == "[00:00] hello\n"


def test_zero_of_zero_steps_do_no_harm() -> None:
    lines: list[str] = []
    progress = PlainProgress(lines.append, lambda: 0.0)
    progress.advanced("nothing", 0, 0)
    assert lines == ["[00:00] nothing: 0 of 0"]


def rendered(thing: object) -> str:
    stream = io.StringIO()
    Console(file=stream, width=160).print(thing)
    return stream.getvalue()


def test_every_check_is_in_the_table() -> None:
    text = rendered(checks_table([evidence(94.5)]))
    assert all(
        cell in text for cell in ("train", "It is right often", "94.5 %", "at least 95", "fail")
    )


@pytest.mark.parametrize(
    ("proposal", "code"),
    [
        (proposals.passing(), ExitCode.DONE),
        (proposals.missed(), ExitCode.LIMIT_MISSED),
        (proposals.infrastructure(), ExitCode.MACHINE),
    ],
)
def test_the_exit_code_follows_the_evidence(proposal: Proposal, code: ExitCode) -> None:
    assert exit_code(proposal) is code


def test_the_summary_names_figures_and_places() -> None:
    proposal = proposals.passing()
    body = Path("repo/.boardwright/digits/pull-request.md")
    published = Published("boardwright/digits", "abc", body, (Path("c/01-host.md"),), False, False)
    stream = io.StringIO()
    show(Console(file=stream, width=160), proposal, published)
    text = stream.getvalue()
    assert proposal.figures is not None
    host = measures.hits(proposal.figures.truth, measures.host_predictions(proposal.figures))
    assert f"{100 * host.share:.2f}" in text
    for place in ("boardwright/digits", str(body), "c/01-host.md"):
        assert place in text
    assert "All limits met" in text
    assert all(item.claim.split()[0] in text for item in proposal.evidence)


def test_boards_stand_side_by_side() -> None:
    proposal = proposals.passing()
    text = rendered(report_table(proposal.reports))
    footprint = next(r.footprint for r in proposal.reports if r.footprint)
    assert f"{footprint.flash_bytes:,} of {footprint.flash_limit_bytes:,} bytes" in text
    assert all(report.board in text for report in proposal.reports)


def test_without_figures_there_is_no_accuracy() -> None:
    assert rendered(accuracy_table(dataclasses.replace(proposals.passing(), figures=None))) == ""
