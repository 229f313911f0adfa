from __future__ import annotations

from importlib import resources

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import RequestError
from bot.issue_form import Field, is_form, parse_form

FORM = """### Goal

Tell fruit apart
by colour

### Data

csv:fruit.csv

### Flash (KB)

_No response_
"""


def test_answers_by_field() -> None:
    assert parse_form(FORM) == {
        Field.GOAL: "Tell fruit apart\nby colour",
        Field.DATA: "csv:fruit.csv",
    }


@pytest.mark.parametrize(
    "heading", ["### Accuracy (%)", "## accuracy", "### **Accuracy:**", "#### ACCURACY ###"]
)
def test_headings_are_known_without_unit_case_and_marks(heading: str) -> None:
    assert parse_form(f"{heading}\n\n95\n") == {Field.ACCURACY: "95"}


def test_other_headings_and_fenced_ones_belong_to_the_answer() -> None:
    body = "### Goal\n\nSee\n\n### Background\n\n```\n### Data\n```\nend\n"
    assert parse_form(body) == {Field.GOAL: "See\n\n### Background\n\n```\n### Data\n```\nend"}


def test_a_field_that_stands_twice() -> None:
    with pytest.raises(RequestError, match=r"“Data” stands twice \(again in line 5\)"):
        parse_form("### Data\n\na\n\n### Data\n\nb\n")


def test_a_misspelt_field() -> None:
    with pytest.raises(RequestError, match=r"“Acuracy \(%\)”.*“Accuracy \(%\)”") as caught:
        parse_form("### Goal\n\na\n\n### Acuracy (%)\n\n95\n")
    assert caught.value.field == "Accuracy (%)"


def test_free_text_is_no_form() -> None:
    assert is_form(FORM)
    assert not is_form("I want\n\n### Goal\n\nonly")
    assert not is_form("Accuracy: 95 %, Data: csv:x.csv")


def test_the_form_that_users_copy_has_the_same_fields() -> None:
    text = (
        resources.files("templates")
        .joinpath("issue_forms", "tinyml-request.yml")
        .read_text("utf-8")
    )
    labels = [
        line.split(":", 1)[1].strip()
        for line in text.splitlines()
        if line.startswith("      label:")
    ]
    assert labels == [field.value for field in Field]


HEADINGS = st.sampled_from([f"### {field.value}" for field in Field] + ["### Daat", "```", "# x"])


@given(st.lists(HEADINGS | st.text(max_size=40), max_size=20))
def test_any_body_is_parsed_or_refused(lines: list[str]) -> None:
    body = "\n".join(lines)
    is_form(body)
    try:
        answers = parse_form(body)
    except RequestError:
        return
    assert all(answer == answer.strip() and answer for answer in answers.values())
