from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.free_text import extract
from bot.issue_form import Field
from bot.questions import Asker
from bot.request import Request
from hardware_runner.boards import BOARDS


def read(text: str) -> tuple[dict[Field, str], Asker]:
    asker = Asker()
    request = Request("", text, Path("issue.md"), Path())
    return dict(extract(request, BOARDS, asker)), asker


def test_what_is_plainly_said_is_found() -> None:
    text = (
        "Recognise fruit from data/fruit.csv on a Cortex-M4, with an accuracy of at least 95 %. It "
        "has 64 KB of flash and 16 KB RAM, and must answer within 20 ms. "
        "The labels are: apple, banana and orange."
    )
    found, asker = read(text)
    assert not asker.questions
    assert found == {
        Field.GOAL: text,
        Field.DATA: "csv:data/fruit.csv",
        Field.LABELS: "apple, banana, orange",
        Field.BOARDS: "mps2-an386",
        Field.ACCURACY: "95 %",
        Field.LATENCY: "20 ms",
        Field.FLASH: "64 KB",
        Field.RAM: "16 KB",
    }


def test_what_is_not_said_stays_out() -> None:
    found, asker = read("I want to recognise birds.")
    assert found == {Field.GOAL: "I want to recognise birds."}
    assert not asker.questions


@pytest.mark.parametrize(
    ("text", "field", "value"),
    [
        ("accuracy 0.95", Field.ACCURACY, "0.95"),
        ("get 9 of 10, that is 90 percent, right", Field.ACCURACY, "90 %"),
        ("flash: 60 KB, RAM: 20 KB", Field.RAM, "20 KB"),
        ("flash: 60 KB, RAM: 20 KB", Field.FLASH, "60 KB"),
        ("at most 60 KB flash", Field.FLASH, "60 KB"),
        ("60 KB of program memory", Field.FLASH, "60 KB"),
        ("32 KB SRAM", Field.RAM, "32 KB"),
        ("at most 50,000 instructions", Field.LATENCY, "50,000 instructions"),
        ("answers within 0.5 s", Field.LATENCY, "0.5 s"),
        ("use sklearn:wine.", Field.DATA, "sklearn:wine"),
        (
            "see <https://a.example/x/fruit.csv>, and https://a.example/help.html",
            Field.DATA,
            "https://a.example/x/fruit.csv",
        ),
        (
            "Data: [set](https://a.example/x.zip?download=1#sha256=00&samples=9).",
            Field.DATA,
            "https://a.example/x.zip?download=1#sha256=00&samples=9",
        ),
        ("the iris data set", Field.DATA, "sklearn:iris"),
        ("the column `Fruit` holds the labels", Field.LABEL_COLUMN, "Fruit"),
        ("label column: kind", Field.LABEL_COLUMN, "kind"),
        ("on my laptop", Field.BOARDS, "host"),
        ("an STM32F405 and a Cortex-M55", Field.BOARDS, "netduinoplus2, mps3-an547"),
        ("Cortex-M7", Field.BOARDS, "mps2-an500"),
        ("on mps2-an386", Field.BOARDS, "mps2-an386"),
    ],
)
def test_ways_to_say_it(text: str, field: Field, value: str) -> None:
    found, asker = read(text)
    assert found.get(field) == value
    assert not asker.questions


@pytest.mark.parametrize(
    "text", ["a 20 % discount on boards", "100 MHz", "3 samples", "ram it home"]
)
def test_other_figures_are_not_taken(text: str) -> None:
    found, asker = read(text)
    assert found == {Field.GOAL: text}
    assert not asker.questions


@pytest.mark.parametrize(
    ("text", "field", "both"),
    [
        ("accuracy 95 %. Later: accuracy 90 %.", Field.ACCURACY, ("95 %", "90 %")),
        ("a.csv or b.csv", Field.DATA, ("csv:a.csv", "csv:b.csv")),
        ("flash 60 KB. No, flash 64 KB.", Field.FLASH, ("60 KB", "64 KB")),
        ("in 20 ms, better 10 ms", Field.LATENCY, ("20 ms", "10 ms")),
    ],
)
def test_two_values_are_asked_about(text: str, field: Field, both: tuple[str, str]) -> None:
    _, asker = read(text)
    assert [question.field for question in asker.questions] == [field.value]
    assert all(f"`{value}`" in asker.questions[0].found for value in both)


def test_the_same_value_twice_is_no_contradiction() -> None:
    found, asker = read("accuracy 95 %, that is an accuracy of 0.95")
    assert found[Field.ACCURACY] == "95 %"
    assert not asker.questions


def test_a_size_of_no_memory_is_asked_about() -> None:
    _, asker = read("it must fit into 64 KB")
    assert "not of which memory" in asker.questions[0].found


WORDS = st.sampled_from(
    [
        "accuracy",
        "95",
        "%",
        "0.9",
        "flash",
        "RAM",
        "60",
        "KB",
        "20",
        "ms",
        "csv:",
        "a.csv",
        "labels",
        "are:",
        ",",
        "and",
        ".",
        "\n",
        "sklearn:digits",
        "Cortex-M4",
        "column",
    ]
)


@given(st.lists(WORDS | st.text(max_size=10), max_size=30))
def test_any_text_is_read(words: list[str]) -> None:
    read(" ".join(words))
