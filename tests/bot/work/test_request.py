"""How answers count: by field, by number, in plain words; and what is left of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.free_text import extract
from bot.questions import Questions
from bot.understand import Understood
from bot.work.desk import asking
from bot.work.request import understand_wanted
from tests.bot.work.a_job import BODY, wanted, write_job

OPEN = BODY.replace("host", "_No response_").replace("80", "_No response_")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_job(tmp_path / "job")


def read(folder: Path, body: str, *answers: str) -> Understood | Questions:
    return understand_wanted(wanted(body=body, answers=answers), folder, extract, ())


def goal_of(found: Understood | Questions) -> tuple[tuple[str, ...], float | None]:
    assert isinstance(found, Understood), found.markdown()
    return found.goal.boards, found.goal.limits.accuracy_min


@pytest.mark.parametrize(
    "answer",
    [
        "### Boards\n\nhost\n\n### Accuracy (%)\n\n90",
        "Boards: host\nAccuracy: 90 %",
        "- **Boards:** host\n- **Accuracy (%)**: 90",
        "1. host\n2. 90 %",
        "> 1. Boards: mps2-an386\n\n1) host\n2) 90 %",
        "Please run it on the host, with at least 90 % accuracy.",
        "<!-- Boards: mps2-an386 -->\nboards: `host`\naccuracy: 90",
    ],
)
def test_an_answer_counts_in_each_way_that_people_write(folder: Path, answer: str) -> None:
    assert goal_of(read(folder, OPEN, answer)) == (("host",), 0.9)


def test_one_open_question_is_answered_in_plain_words(folder: Path) -> None:
    body = BODY.replace("host", "_No response_")
    assert goal_of(read(folder, body, "host"))[0] == ("host",)
    assert goal_of(read(folder, body, "the mps2-an386 would be great"))[0] == ("mps2-an386",)


def test_answers_that_come_one_by_one_add_up_and_the_later_one_counts(folder: Path) -> None:
    answers = ("Boards: mps2-an386", "90 %", "Boards: host")
    assert goal_of(read(folder, OPEN, *answers)) == (("host",), 0.9)


def test_an_answer_corrects_what_the_form_says(folder: Path) -> None:
    body = BODY.replace("80", "120")
    assert isinstance(read(folder, body), Questions)
    assert goal_of(read(folder, body, "95"))[1] == 0.95


def test_an_answer_to_a_free_text_counts_too(folder: Path) -> None:
    body = "Tell from csv:fruit.csv whether fruit is ripe, on the host."
    found = read(folder, body)
    assert isinstance(found, Questions)
    assert goal_of(read(folder, body, "85 %")) == (("host",), 0.85)
    assert goal_of(read(folder, body, "Accuracy: no limit")) == (("host",), None)


def test_other_words_become_part_of_the_request(folder: Path) -> None:
    found = read(folder, BODY, "The sensors drift in winter.")
    assert isinstance(found, Understood)
    assert "drift in winter" in found.goal.statement


def test_what_is_asked_says_how_it_is_answered(folder: Path) -> None:
    found = read(folder, OPEN)
    assert isinstance(found, Questions)
    text = asking(found).text
    assert "1. Boards: " in text
    assert "2. Accuracy (%): 95 %" in text
    assert "run it again" not in text
    suggested = text.partition("```text\n")[2].partition("```")[0]
    boards, accuracy = goal_of(read(folder, OPEN, suggested))
    assert boards
    assert accuracy == 0.95
