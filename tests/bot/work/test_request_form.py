"""The issue form as GitHub renders it is understood as the goal that was filled in."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from bot.free_text import extract
from bot.goal import RawType, Task
from bot.issue_form import Field
from bot.understand import Understood
from bot.work.request import understand_wanted
from tests.bot.work.a_job import wanted, write_job

FILLED = {
    Field.GOAL: "Tell whether fruit is ripe.",
    Field.DATA: "csv:fruit.csv",
    Field.BOARDS: "host, mps2-an386",
    Field.ACCURACY: "95",
    Field.LATENCY: "50000 instructions",
    Field.FLASH: "60",
    Field.RAM: "20",
}


def form() -> dict[str, Any]:
    path = resources.files("templates") / "issue_forms" / "tinyml-request.yml"
    loaded: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))
    return loaded


def rendered(answers: dict[Field, str]) -> str:
    """Render the form as GitHub does; a dropdown that is left alone has its default."""
    parts = []
    for element in form()["body"]:
        if element["type"] == "markdown":
            continue
        given = element["attributes"]
        default = ""
        if element["type"] == "dropdown" and "default" in given:
            default = given["options"][given["default"]]
        answer = answers.get(Field(given["label"]), default) or "_No response_"
        parts.append(f"### {given['label']}\n\n{answer}")
    return "\r\n\r\n".join(part.replace("\n", "\r\n") for part in parts)


def test_the_form_sets_the_label_that_starts_work() -> None:
    assert form()["labels"] == ["tinyml"]


def test_a_form_that_is_filled_in_becomes_the_goal(tmp_path: Path) -> None:
    folder = write_job(tmp_path / "job")
    found = understand_wanted(wanted(body=rendered(FILLED)), folder, extract, ())
    assert isinstance(found, Understood), found.markdown()
    goal = found.goal
    assert goal.statement == "Tell whether fruit is ripe."
    assert goal.task is Task.TABULAR_SENSOR
    assert goal.data.uri == "csv:fruit.csv"
    assert set(goal.labels) == {"green", "ripe", "spoilt"}
    assert (goal.raw.shape, goal.raw.dtype) == ((4,), RawType.FLOAT32)
    assert goal.boards == ("host", "mps2-an386")
    limits = goal.limits
    assert (limits.accuracy_min, limits.instructions_max) == (0.95, 50_000)
    assert (limits.flash_max_bytes, limits.ram_max_bytes) == (60 * 1024, 20 * 1024)


def test_placeholders_are_answers_that_can_be_read(tmp_path: Path) -> None:
    folder = write_job(tmp_path / "job")
    shown = {
        Field(e["attributes"]["label"]): e["attributes"]["placeholder"]
        for e in form()["body"]
        if "placeholder" in e["attributes"]
    }
    about_other_data = (Field.LABELS, Field.LABEL_COLUMN, Field.RAW_SAMPLE, Field.DATA)
    answers = {f: text for f, text in shown.items() if f not in about_other_data}
    answers[Field.DATA] = "csv:fruit.csv"
    # Time is measured on real boards only, so that there is one question, and it is about that.
    del answers[Field.LATENCY]
    found = understand_wanted(wanted(body=rendered(answers)), folder, extract, ())
    assert isinstance(found, Understood), found.markdown()
    assert len(shown) == len(Field) - 2  # all but the task, a dropdown, and further words
