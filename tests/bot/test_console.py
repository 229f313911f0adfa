from __future__ import annotations

import dataclasses
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress as Bars

from bot.checks_table import checks_table
from bot.console import LiveProgress, PlainProgress, choose_progress, live_bars
from bot.errors import ExitCode
from bot.evidence import Evidence, Relation, Stage, judge
from bot.forge import Published
from bot.progress import Progress
from bot.proposal import Proposal
from bot.rendering import measures
from bot.summary import exit_code, report_table, show, show_reports
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
        "[00:49] train: 2 checks: 1 hold, 1 missed, 2.0 s",
        "[00:56]   missed: It is right often: 94 % (limit >= 95). Train longer.",
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
    assert "2 checks: 1 hold, 1 missed, 2.0 s" in shown
    assert "It is right often: 94 % (limit >= 95). Train longer." in shown


def test_work_of_unknown_length_shows_no_count() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, width=80, no_color=True)
    with live_bars(console, auto_refresh=False) as bars:
        progress = LiveProgress(console, bars)
        progress.stage_started(Stage.TRAIN)
        bars.refresh()
        assert "train" in stream.getvalue()
        assert " of " not in stream.getvalue()
        progress.advanced("samples", 113, 450)
        bars.refresh()
        assert "113 of 450" in stream.getvalue()


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
    assert all(cell in text for cell in ("train", "It is right often", "94.5 %", ">= 95", "missed"))


def test_what_the_request_asked_for_stands_first_and_once() -> None:
    asked = evidence(97).model_copy(update={"source": "goal", "claim": "What was asked for"})
    text = rendered(checks_table([evidence(96), asked]))
    assert (
        text.index("asked for by the request") < text.index("What was asked") < text.index("It is")
    )
    assert text.count("What was asked for") == 1


@pytest.mark.parametrize("width", [80, 100])
def test_tables_show_every_figure_in_a_narrow_terminal(width: int) -> None:
    proposal = proposals.passing()
    long = evidence(97).model_copy(
        update={
            "claim": "mps2-an386 answers every held-out sample as the compiled model on the host",
            "value": 64_951,
            "unit": "instructions",
            "limit": 4_194_304,
        }
    )
    stream = io.StringIO()
    console = Console(file=stream, width=width)
    console.print(checks_table([long]), report_table(proposal.reports, None))
    lines = stream.getvalue().splitlines()
    assert all(len(line) <= width for line in lines)
    assert any(">= 4,194,304" in line and "64,951 instructions" in line for line in lines)
    claim = lines[next(n for n, line in enumerate(lines) if "an386" in line) :]
    assert "host" in " ".join(claim[: 2 if width == 100 else 3])
    for figure in ("1,210 + 96,512", "instructions", "of 4,194,304", "6,212 + 612"):
        assert figure in stream.getvalue()


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
    assert f"{footprint.flash_bytes:,}" in text
    assert f"of {footprint.flash_limit_bytes:,}" in text
    assert all(report.board in text for report in proposal.reports)


def test_the_summary_ends_with_what_was_missed_and_tried() -> None:
    proposal = proposals.missed()
    published = Published("boardwright/digits", "abc", Path("pull-request.md"), (), True, True)
    stream = io.StringIO()
    show(Console(file=stream, width=160), proposal, published)
    end = stream.getvalue().rpartition("1 limit missed.")[2]
    assert "missed: Accuracy on mps2-an386: 93.1 % (limit >= 95.0)" in end
    assert f"tried: {proposal.tried[0]}" in end
    assert "no new commit" in end


def test_a_board_that_failed_says_why_under_the_table() -> None:
    proposal = proposals.infrastructure()
    stream = io.StringIO()
    show_reports(Console(file=stream, width=160), proposal.reports)
    assert "board or machine failed" in stream.getvalue()
    assert "mps2-an386: qemu-system-arm ended with signal 9" in stream.getvalue()


def test_without_figures_there_is_no_accuracy() -> None:
    proposal = dataclasses.replace(proposals.passing(), figures=None)
    published = Published("boardwright/digits", "abc", Path("pull-request.md"), (), False, False)
    stream = io.StringIO()
    show(Console(file=stream, width=160), proposal, published)
    assert "float32" not in stream.getvalue()
