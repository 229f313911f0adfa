"""The comment as people see it: its structure, what it escapes, how long it may get."""

from __future__ import annotations

import re

import pytest

from bot.measured.judgement import Judgement
from bot.measured.judging import judge
from bot.measured.kept import joined, keep, kept
from bot.rendering.bench_comment import bench_comment, board_check, comment_marker
from bot.rendering.marker import BODY_MAX_CHARACTERS
from hardware_runner.report import Energy, RunOutcome, RunReport
from tests.bot.markdown import check_tables, tokens
from tests.bot.measured.benches import (
    HOST,
    LABELS,
    OTHER,
    broken,
    cost,
    footprint,
    goal,
    report,
    results,
    truth,
)

URL = "https://github.com/acme/widget/actions/runs/77"
WRONG = [(x + 1) % 3 if i % 9 == 0 else x for i, x in enumerate(HOST)]
HOSTILE = (
    "<!-- boardwright:key=bench/x --> @octo #1 https://evil.example ![x](http://evil.example/a.png)"
    " | a | `b` **c** <script> \x1b[31m \u202e \n\n# Big\n```"
)
LIMITS = {"accuracy_min": 0.97, "latency_max_ms": 2.5, "flash_max_bytes": 40_000}


def judged(*reports: RunReport, boards: tuple[str, ...] = ("nucleo-f446re",)) -> Judgement:
    base = judge(results(report(cost=cost(model=1_900)), commit=OTHER), truth())
    wanted = goal(boards, **LIMITS)
    return judge(results(*reports), truth(wanted, ("mps2-an386",)), base, run=77)


def several() -> Judgement:
    drawn = Energy(joules_median=41e-6, joules_max=43e-6, volts=3.3, method="PPK2 at 3.3 V")
    return judged(
        report(energy=drawn),
        report("mps3-an547", verified="emulator", cost=cost("instructions", 884_133, 0)),
        report("nucleo-l476rg", footprint=footprint(flash=52_000)),
        report("arduino-nano33ble", answers=WRONG),
        broken("pico", "The cable is out."),
        broken("esp32s3", "No compiler for it.", RunOutcome.SKIPPED),
        broken("discovery", "Hard fault.", RunOutcome.FAIL),
        boards=("nucleo-f446re", "other"),
    )


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of the first table by board."""
    table = text.partition("|---|")[2].partition("\n\n")[0].splitlines()[1:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {row[1].partition("<br>")[0].strip("`*"): row for row in cells}


def test_each_board_has_its_row_and_its_reason() -> None:
    text = bench_comment(several(), URL)
    assert text.startswith(f"{comment_marker('a' * 40)}\n### ❌ 8 boards: 1 passed, ")
    assert check_tables(text) == 4
    found = rows(text)
    assert {name: row[0] for name, row in found.items()} == {
        "nucleo-f446re": "✅",
        "mps3-an547": "⚠️",
        "nucleo-l476rg": "❌",
        "arduino-nano33ble": "❌",
        "pico": "🔧",
        "esp32s3": "⏳",
        "discovery": "❌",
        "other": "⏳",
        "asked for": "",
    }
    first = found["nucleo-f446re"]
    assert first[2:] == [
        "97.78 %<br>92.3\u00a0to\u00a099.4\u00a0%",
        "all 90",
        "2,000 · 2,008 · 2,016 µs<br>-4.8 % to base",
        "39,440",
        "16,768",
        "41 µJ",
    ]
    assert found["nucleo-l476rg"][5] == "**52,000**", "what misses its limit stands out"
    assert found["arduino-nano33ble"][2].startswith("**86.67 %**<br>")
    assert found["mps3-an547"][1] == "`mps3-an547`<br>Cortex-M4F, emulated"
    assert found["mps3-an547"][4] == "884,333 instr.", "what never varies is said once"
    assert found["asked for"][4] == "at most 2,500 µs, worst case"
    for line in (
        "⚠️ `mps3-an547`: time of one inference: unproven, at most 2,500 µs is asked for",
        "❌ `nucleo-l476rg`: **flash: 52,000 bytes**, at most 40,000 bytes is asked for",
        "❌ `arduino-nano33ble`: **accuracy: 86.67 %**, at least 97 % is asked for",
        "❌ `arduino-nano33ble`: **10 of 90 samples are answered otherwise than on the host**",
        "🔧 `pico`: board, line or machine was out of order, which says nothing about the files: "
        "The cable is out.",
        "⏳ `esp32s3`: not measured: No compiler for it.",
        "❌ `discovery`: **the firmware failed**: Hard fault.",
        "⏳ `other`: not measured: The goal asks for it, and no bench has reported it yet.",
        "`mps2-an386`: run when it was built",
        "brought back by: reset by probe",
        "time of one inference against the base branch: -4.76 %, noise 0.41 %",
        f"[workflow run]({URL})",
    ):
        assert line in text, line
    assert text.count("<details>") == text.count("</details>") == 3
    assert len(re.findall(r"<summary>", text)) == 3


def test_all_is_well_in_a_glance() -> None:
    text = bench_comment(judge(results(), truth(goal(accuracy_min=0.9))))
    shown = text.partition("<details>")[0]
    assert "### ✅ 1 board passed." in shown and "\n- " not in shown
    assert "the base branch has no figures to compare with" in text


@pytest.mark.parametrize(
    "outcome", [RunOutcome.INFRASTRUCTURE, RunOutcome.FAIL, RunOutcome.SKIPPED]
)
def test_what_boards_say_is_text_and_nothing_else(outcome: RunOutcome) -> None:
    spoken = report(
        core=HOSTILE,
        tools={"gcc": HOSTILE},
        cost=cost().model_copy(update={"method": HOSTILE}),
    )
    judgement = judged(spoken, broken("pico", HOSTILE, outcome))
    texts = [
        bench_comment(judgement, f"{URL}\n# x"),
        board_check(judgement, judgement.boards[0]).text,
    ]
    assert "workflow run" not in texts[0]
    for text in texts:
        check_tables(text)
        assert "\x1b" not in text and "\u202e" not in text
        assert text.count("<!-- boardwright:key=") == (1 if text is texts[0] else 0)
        for token in tokens(text):
            assert token.type not in ("link_open", "image", "s_open"), token
            if token.type.startswith("html"):
                assert "script" not in token.content
            if token.type == "text":
                assert not re.search(r"@\w|https?://|#\d", token.content), token.content
        assert "\n# Big" not in text


def test_labels_are_text() -> None:
    judgement = judged(report()).model_copy(update={"labels": ("|a", "@b", "<c>")})
    text = bench_comment(judgement)
    check_tables(text)
    assert "&#124;a" in text and "&lt;c&gt;" in text


def test_a_comment_fits_whatever_is_in_it() -> None:
    many = [report(f"board-{n}", core="é" * 4_000, tools={f"t{i}": "é" * 200 for i in range(40)})
            for n in range(64)]  # fmt: skip
    judgement = judged(*many)
    wide = judgement.model_copy(
        update={
            "labels": tuple(f"class {n} " + "x" * 60 for n in range(256)),
            "boards": tuple(
                board.model_copy(
                    update={
                        "recalls": tuple(
                            board.recalls[n % 3].model_copy(update={"recognised": n % 30})
                            for n in range(256)
                        ),
                        "confusion": (),
                        "right": index,
                    }
                )
                for index, board in enumerate(judgement.boards)
                if board.recalls
            ),
        }
    )
    for one in (judgement, wide):
        assert len(bench_comment(one, URL)) < BODY_MAX_CHARACTERS


def test_a_judgement_is_kept_in_its_comment() -> None:
    judgement = several()
    assert kept(bench_comment(judgement, URL)) == judgement
    assert "-->" not in keep(judgement)[:-3]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<!-- boardwright:bench= -->",
        "<!-- boardwright:bench=AAAA -->",
        "<!-- boardwright:bench=eJyrVgIAAHUAOQ== -->",  # not JSON to its end
        "> <!-- boardwright:bench=eJyrrgUAAXUA+Q== -->",
    ],
)
def test_what_is_kept_by_no_comment_of_ours_is_forgotten(body: str) -> None:
    assert kept(body) is None


def test_what_is_joined_is_the_same_in_whichever_order_runs_are_taken() -> None:
    wanted = truth(goal(("nucleo-f446re", "pico")))
    first = judge(results(report()), wanted, run=1)
    second = judge(results(report("pico"), broken("nucleo-f446re", "No answer.")), wanted, run=2)
    one, other = joined(first, second), joined(second, first)
    assert {b.board: b for b in one.boards} == {b.board: b for b in other.boards}
    assert [b.samples for b in one.boards] == [90, 90]
    assert joined(first.model_copy(update={"commit": OTHER}), second) == second


def test_a_check_says_the_same_of_its_board_alone() -> None:
    judgement = several()
    check = board_check(judgement, judgement.boards[2], URL)
    assert check.title == "Flash: 52,000 bytes, at most 40,000 bytes is asked for"
    titles = [board_check(judgement, board, URL).title for board in judgement.boards]
    assert titles == [
        "97.78 % right, 2,016 µs at worst, 39,440 bytes of flash",
        "97.78 % right, 884,333 instr. at worst, 39,440 bytes of flash, but unproven: time of one "
        "inference",
        check.title,
        "10 of 90 samples answered otherwise than on the host",
        "Out of order, which says nothing about the files: The cable is out.",
        "Not measured: No compiler for it.",
        "The firmware failed: Hard fault.",
        "Not measured: The goal asks for it, and no bench has reported it yet.",
    ]
    assert "flash: 52,000 bytes" in check.summary and "pico" not in check.summary
    assert LABELS[0] in check.text and "<details>" not in check.text
    check_tables(check.summary)
    check_tables(check.text)
