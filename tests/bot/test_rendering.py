import json
import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from bot.card.card import card_text, render_card
from bot.errors import ExitCode
from bot.evidence import Evidence, Outcome, Relation, Stage
from bot.forge import Origin
from bot.proposal import AuthoredFile, Proposal
from bot.rendering import evidence_file
from bot.rendering.comment import board_comment
from bot.rendering.marker import BODY_MAX_CHARACTERS, marker
from bot.rendering.publication import render
from bot.rendering.pull_request import pull_request
from bot.rendering.text import code, file_name, inline, plain, quote
from bot.rendering.verdict import judge
from bot.summary import exit_code
from hardware_runner.report import RunOutcome
from tests.bot import proposals
from tests.bot.markdown import check_harmless, check_tables, tokens

GOLDEN = Path(__file__).parent / "golden"
ORIGIN = Origin("digits", 7)
FIXTURES: dict[str, Callable[[], Proposal]] = {
    "passing": proposals.passing,
    "missed": proposals.missed,
    "infrastructure": proposals.infrastructure,
}
HOSTILE = (
    "<script>alert(1)</script>",
    "a | b",
    "\\| \\",
    "@org/team fixes #12, GH-3, o/r#4",
    "![x](https://evil.example/x.png)",
    "[x](javascript:alert(1))",
    "</details><!-- boardwright:key=other -->",
    "`code` **bold** _em_ ~~gone~~ $x$",
    "\u202egnirts\u200b\x00\x1b[31m",
    "# heading\n- item\n> quote\n| a | b |\n|---|---|",
    "https://a.example www.b.example mailto:me@c.example",
    "&lt;img src=x onerror=alert(1)&gt;",
)
hostile = st.sampled_from(HOSTILE) | st.text(max_size=60)


@pytest.mark.parametrize("name", FIXTURES)
def test_texts_are_as_agreed(name: str) -> None:
    rendered = render(FIXTURES[name](), ORIGIN)
    texts = {
        "pull-request.md": rendered.body,
        "README.md": rendered.files["README.md"].decode(),
        "status.md": rendered.status,
        **{f"comment-{comment.board}.md": comment.text for comment in rendered.comments},
    }
    for part, text in texts.items():
        golden = GOLDEN / name / part
        if os.environ.get("UPDATE_GOLDEN"):
            golden.parent.mkdir(parents=True, exist_ok=True)
            golden.write_text(text, encoding="utf-8")
        assert text == golden.read_text(encoding="utf-8"), (
            f"{golden} differs; UPDATE_GOLDEN=1 writes it"
        )
        assert check_tables(text) >= 1
        check_harmless(text)


def test_same_proposal_same_bytes() -> None:
    assert render(proposals.passing(), ORIGIN) == render(proposals.passing(), ORIGIN)


def test_what_the_wall_clock_decides_is_not_published() -> None:
    good = proposals.passing()
    slower = {"samples_per_second": 0.5, "resends": 3}
    again = replace(good, reports=tuple(r.model_copy(update=slower) for r in good.reports))
    assert render(again, ORIGIN) == render(good, ORIGIN)


def test_only_measured_and_met_is_ready() -> None:
    assert not render(proposals.passing(), ORIGIN).draft
    assert render(proposals.missed(), ORIGIN).draft
    assert render(proposals.infrastructure(), ORIGIN).draft


def test_nothing_measured_is_a_draft() -> None:
    empty = replace(proposals.passing(), evidence=(), reports=(), figures=None)
    assert judge(empty).draft
    assert "Nothing was measured" in pull_request(empty, ORIGIN, "tinyml/digits")


def test_a_board_without_a_report_is_a_draft() -> None:
    good = proposals.passing()
    text = pull_request(replace(good, reports=good.reports[:1]), ORIGIN, "tinyml/digits")
    assert "1 board not run" in text
    assert "Board mps2-an386**: was asked for and has no report" in text


@pytest.mark.parametrize(
    "outcome", [RunOutcome.FAIL, RunOutcome.INFRASTRUCTURE, RunOutcome.SKIPPED]
)
def test_a_run_that_did_not_pass_is_a_draft(outcome: RunOutcome) -> None:
    good = proposals.passing()
    failed = good.reports[1].model_copy(update={"outcome": outcome, "reason": "because"})
    proposal = replace(good, reports=(good.reports[0], failed))
    assert judge(proposal).draft
    assert "because" in pull_request(proposal, ORIGIN, "tinyml/digits")
    assert "because" in render_card(proposal)["README.md"].decode()


def test_a_board_that_is_left_to_a_bench_did_not_fail() -> None:
    good = proposals.passing()
    left = good.reports[1].model_copy(update={"outcome": RunOutcome.SKIPPED, "reason": "a bench"})
    proposal = replace(good, reports=(good.reports[0], left))
    assert judge(proposal).line == "1 board not run."
    assert exit_code(proposal) is ExitCode.LIMIT_MISSED  # a machine that failed would be another
    broken = left.model_copy(update={"outcome": RunOutcome.INFRASTRUCTURE})
    assert exit_code(replace(good, reports=(good.reports[0], broken))) is ExitCode.MACHINE


def test_missed_limits_stand_before_everything_else() -> None:
    for text in (
        pull_request(proposals.missed(), ORIGIN, "tinyml/digits"),
        render_card(proposals.missed())["README.md"].decode(),
    ):
        assert text.index("93.1 %") < text.index("| claim |")
        assert text.index("width 16: 93.1 %") < text.index("| claim |")


def test_closes_only_where_a_number_exists() -> None:
    good = proposals.passing()
    assert "Closes #7\n" in pull_request(good, Origin("digits", 7), "tinyml/digits")
    assert "Closes" not in pull_request(good, Origin("digits"), "tinyml/digits")


def test_board_figures_are_counted_from_the_answers() -> None:
    good = proposals.passing()
    assert good.figures is not None
    answers = good.figures.board_predictions["mps2-an386"].copy()
    answers[:100] = (good.figures.truth[:100] + 1) % 10
    changed = replace(
        good,
        figures=replace(
            good.figures,
            board_predictions={**good.figures.board_predictions, "mps2-an386": answers},
        ),
    )
    right = int(np.sum(answers == good.figures.truth))
    text = board_comment(changed, changed.reports[1], ORIGIN)
    assert f"| right answers | {right} of 450 |" in text
    same = int(np.sum(answers == good.figures.int8_scores.argmax(axis=1)))
    assert f"| same answer as the host | {same} of 450 |" in text


def test_each_text_carries_one_marker() -> None:
    rendered = render(proposals.passing(), ORIGIN)
    for text, key in (
        (rendered.body, "digits"),
        (rendered.status, "digits/status"),
        (rendered.comments[0].text, "digits/host"),
        (rendered.comments[1].text, "digits/mps2-an386"),
    ):
        assert re.findall(r"boardwright:key=(\S+)", text) == [key]


def test_marker_is_a_comment_whatever_the_key() -> None:
    for key in ("a--b", "a---b", "a-"):
        inside = marker(key)[4:-3].strip()
        assert "--" not in inside
    assert len({marker("a--b"), marker("a-b"), marker("a---b")}) == 3


# Shrinking a drawing of sixty strings takes minutes and says little more.
@settings(
    max_examples=30,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)
@given(st.data())
def test_strings_from_outside_stay_data(data: st.DataObject) -> None:
    draw = lambda: data.draw(hostile)  # noqa: E731
    good = proposals.missed()
    goal = good.goal.model_copy(
        update={
            "title": draw(),
            "statement": draw() + "\n" + draw(),
            "labels": tuple(f"{draw()}{digit}" for digit in range(10)),
            "raw": good.goal.raw.model_copy(update={"unit": draw()}),
            "data": good.goal.data.model_copy(update={"uri": "csv:x" + plain(draw())}),
            "boards": ("host", draw()),
        }
    )
    evidence = (
        *(
            e.model_copy(update={name: draw() for name in ("claim", "method", "detail", "unit")})
            for e in good.evidence
        ),
        Evidence(
            check=draw(),
            stage=Stage.DATA,
            claim=draw(),
            value=draw(),
            unit="",
            relation=Relation.EQUAL,
            limit=draw(),
            method=draw(),
            outcome=data.draw(st.sampled_from(Outcome)),
            detail=draw(),
        ),
    )
    assert good.reports[1].cost is not None
    report = good.reports[1].model_copy(
        update={
            "reason": draw(),
            "core": draw(),
            "outcome": data.draw(st.sampled_from(RunOutcome)),
            "tools": {draw(): draw()},
            "cost": good.reports[1].cost.model_copy(update={"method": draw()}),
        }
    )
    proposal = replace(
        good,
        goal=goal,
        evidence=evidence,
        reports=(good.reports[0], report),
        authored=(AuthoredFile(draw(), Stage.DATA, draw()),),
        tried=(draw(),),
        tools={draw(): draw()},
        inputs_sha256={draw(): draw()},
    )
    for text in (
        pull_request(proposal, ORIGIN, "tinyml/digits"),
        board_comment(proposal, report, ORIGIN),
        card_text(proposal),
    ):
        check_tables(text)
        check_harmless(text)
        assert len(re.findall("<!-- boardwright", text)) <= 1
        assert len(text) <= BODY_MAX_CHARACTERS
    evidence_file.EvidenceFile.model_validate_json(evidence_file.evidence_json(proposal))


@pytest.mark.slow
@pytest.mark.parametrize("filler", ["@", "|", "中"])
def test_a_text_is_never_longer_than_github_takes(filler: str) -> None:
    good = proposals.missed()
    long = filler * 2_000
    labels = tuple(f"{filler * 500}{number}" for number in range(256))
    evidence = tuple(
        e.model_copy(update={"claim": long, "method": long, "detail": long, "check": long})
        for e in good.evidence * 41
    )
    broken = good.reports[1].model_copy(update={"outcome": RunOutcome.FAIL, "reason": long})
    proposal = replace(
        good,
        goal=good.goal.model_copy(
            update={"title": long, "statement": long, "labels": labels, "boards": (long,) * 300}
        ),
        evidence=evidence,
        reports=(broken,) * 10,
        authored=(AuthoredFile(long, Stage.DATA, long),) * 300,
        tried=(long,) * 300,
        figures=proposals.figures(256, 2),
    )
    text = pull_request(proposal, ORIGIN, "tinyml/digits")
    assert len(text) <= BODY_MAX_CHARACTERS
    assert "more, all in `evidence.json`" in text
    check_harmless(text)
    assert len(board_comment(proposal, proposal.reports[0], ORIGIN)) <= BODY_MAX_CHARACTERS


@given(hostile)
def test_inline_shows_what_was_said(text: str) -> None:
    shown = "".join(t.content for t in tokens(f"x {inline(text, 10_000)} x") if t.type == "text")
    assert shown.replace("\u200b", "") == f"x {plain(text)} x".replace("x  x", "x  x")


@given(hostile)
def test_code_spans_hold_in_tables(text: str) -> None:
    table = f"| a | b |\n|---|---|\n| {code(text)} | {code(text)} |\n"
    assert check_tables(table) == 1
    assert sum(token.type == "code_inline" for token in tokens(table)) == 2


@given(st.text(alphabet="-+=>#*1.) \n\tab`~|<", max_size=80))
def test_quotes_open_no_block(text: str) -> None:
    opened = {token.type for token in tokens(str(quote(text))) if token.nesting == 1}
    assert opened <= {"blockquote_open", "paragraph_open"}


@given(st.text())
def test_file_names_are_tame(text: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*-?", file_name(text))


def test_clipped_text_ends_in_an_ellipsis_and_breaks_no_escape() -> None:
    for at_most in range(10, 40):
        clipped = inline("a@b|c&d<e" * 20, at_most)
        assert len(clipped) <= at_most
        assert clipped.endswith("…")
        assert not re.search(r"&[a-z#0-9]*…", clipped)


def test_evidence_file_holds_every_check_and_validates() -> None:
    proposal = proposals.passing()
    content = evidence_file.evidence_json(proposal)
    read = evidence_file.EvidenceFile.model_validate_json(content)
    assert read.schema_version == evidence_file.SCHEMA_VERSION
    assert read.evidence == proposal.evidence
    assert read.goal == proposal.goal
    assert [run.board for run in read.runs] == ["host", "mps2-an386"]
    assert read.host is not None
    assert read.runs[1].scores_sha256 == read.host.scores_sha256
    assert read.runs[1].predictions == read.host.predictions
    assert set(read.files_sha256) == set(proposal.files)
    assert content == evidence_file.evidence_json(proposals.passing())
    assert len(content) < 40_000


def test_evidence_schema_names_every_field() -> None:
    schema = evidence_file.schema()
    assert schema["additionalProperties"] is False
    written = json.loads(evidence_file.evidence_json(proposals.missed()))
    properties = schema["properties"]
    assert isinstance(properties, dict)
    assert set(written) == set(properties) - {"model_calls"}


def test_one_changed_score_changes_the_hash() -> None:
    proposal = proposals.passing()
    first = proposal.reports[1]
    scores = ((first.scores[0][0] ^ 1, *first.scores[0][1:]), *first.scores[1:])
    changed = replace(
        proposal, reports=(proposal.reports[0], first.model_copy(update={"scores": scores}))
    )
    runs = evidence_file.collect(changed).runs
    assert runs[1].scores_sha256 != runs[0].scores_sha256
