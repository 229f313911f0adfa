"""The live comment: what it shows in each phase, and that nothing in it can be misused."""

from __future__ import annotations

import pytest

from bot.evidence import Stage
from bot.rendering.live import Live, Phase, StageLine, live_comment
from bot.rendering.marker import BODY_MAX_CHARACTERS, marker
from tests.bot.markdown import check_tables

EVIL = "@everyone <img src=https://evil.example/x.png> #1 <!-- boardwright:key=x --> | [a](b) `c`"
STAGES = (
    StageLine(name="data", state="done", checks=12, seconds=2.4),
    StageLine(name="features", state="done", checks=10, seconds=9.0, resumed=True),
    StageLine(
        name="train",
        state="missed",
        checks=11,
        missed=("int8 accuracy on the held-out set: 88.9 % (limit >= 94)",),
        seconds=197.0,
    ),
    StageLine(name="convert", state="running"),
    StageLine(name="firmware", state="waiting"),
)


def live(phase: Phase, **more: object) -> Live:
    return Live.model_validate(
        {"key": "issue-7-fruit", "phase": phase, "requested_by": "ada", "delivery": "72d3", **more}
    )


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_its_marker_its_heading_and_the_delivery(phase: Phase) -> None:
    text = live_comment(live(phase))
    assert text.startswith(f"{marker('issue-7-fruit', 'live')}\n### ")
    assert "delivery `72d3`" in text
    assert "Asked for by `ada`" in text


def test_the_checklist_tells_checks_times_and_what_is_missed() -> None:
    text = live_comment(live(Phase.BUILDING, stages=STAGES, cost="3 calls, 12,345 tokens, $0.02"))
    assert check_tables(text) == 1
    assert "### 🔨 Building: convert, 3 of 5 stages done" in text
    assert "| ✅ | data | 12 of 12 hold | 2.4 s |" in text
    assert "| ✅ | features | 10 of 10 hold | kept from before |" in text
    assert "| ❌ | train | 10 of 11 hold | 3 min 17 s |" in text
    assert "| ⏳ | convert | at work |  |" in text
    assert "- ❌ train: int8 accuracy on the held-out set: 88.9 % (limit &gt;= 94)" in text
    assert "3 calls, 12,345 tokens" in text
    assert "`/boardwright cancel`" in text


def test_questions_and_the_plan_are_shown_when_a_person_must_act() -> None:
    asking = live_comment(live(Phase.ASKING, questions="**1. Boards:** which?"))
    assert "**1. Boards:** which?" in asking
    approving = live_comment(live(Phase.APPROVING, understood="- a", plan="- b"))
    assert approving.count("<details open>") == 2
    assert "`/boardwright approve`" in approving
    building = live_comment(live(Phase.BUILDING, plan="- b", questions="old"))
    assert "<details>" in building
    assert "old" not in building


def test_a_failure_says_what_to_do() -> None:
    text = live_comment(live(Phase.FAILED, problem="It is full.\n\nVery.", cure="Make room."))
    assert "> [!CAUTION]\n> It is full.\n>\n> Very.\n>\n> **What to do:** Make room." in text


def test_the_pull_request_is_linked_where_it_is_an_address() -> None:
    url = "https://github.com/o/r/pull/8"
    text = live_comment(live(Phase.REVIEWING, pull_url=url, headline="All met.", revisions=2))
    assert f"[**Pull request**]({url}), revised 2 times" in text
    assert "**All met.**" in text
    assert "Pull request**](" not in live_comment(live(Phase.REVIEWING, pull_url="javascript:x"))


def test_strings_from_outside_neither_mention_nor_format_nor_hide() -> None:
    lines = tuple(
        StageLine(name=s.value, state="missed", checks=2, missed=(EVIL,), unproven=(EVIL,))
        for s in Stage
    )
    text = live_comment(
        live(
            Phase.BUILDING,
            requested_by=EVIL,
            delivery=EVIL,
            headline=EVIL,
            cost=EVIL,
            notes=(EVIL,),
            stages=lines,
        )
    )
    assert text.count("<!--") == 1
    assert "<img" not in text.replace("`@everyone <img", "")  # in a code span it is only text
    check_tables(text)


@pytest.mark.parametrize("claims", [0, 3])
@pytest.mark.parametrize("piece", ["x\n```\n", "\n", "<!--", "@&<>|#", "words and words. "])
def test_no_text_makes_it_too_long(claims: int, piece: str) -> None:
    huge = piece * (200_000 // len(piece))
    claim = "<|#@" * 2_000
    lines = tuple(
        StageLine(name=s.value, state="missed", checks=9, missed=(claim,) * (50 * claims))
        for s in Stage
    )
    text = live_comment(
        live(
            Phase.ASKING,
            stages=lines,
            questions=huge,
            understood=huge,
            plan=huge,
            problem=huge,
            cure=huge,
            notes=(claim,) * 40,
        )
    )
    assert len(text) <= BODY_MAX_CHARACTERS
    assert text.rstrip().endswith("</sub>")
