from __future__ import annotations

import tomllib

import pytest
import tomli_w
from pydantic import ValidationError

from bot.goal import DataSource, Goal, Limits, RawInput, RawType, Task

GOAL = Goal(
    name="fruit",
    title="Fruit",
    statement="Tell fruit apart.",
    task=Task.TABULAR_SENSOR,
    data=DataSource(uri="csv:fruit.csv"),
    labels=("apple", "pear"),
    raw=RawInput(shape=(3,), dtype=RawType.INT16, unit="counts", names=("r", "g", "b")),
    boards=("mps2-an386",),
    limits=Limits(accuracy_min=0.9),
)


def test_a_goal_survives_toml() -> None:
    text = tomli_w.dumps(GOAL.model_dump(mode="json", exclude_none=True))
    assert Goal.model_validate(tomllib.loads(text)) == GOAL


def test_the_elements_of_a_sample_are_counted() -> None:
    assert RawInput(shape=(96, 96, 3), dtype=RawType.UINT8, unit="").count == 27_648


def test_a_goal_cannot_be_changed() -> None:
    with pytest.raises(ValidationError):
        GOAL.limits.accuracy_min = 0.1  # type: ignore[misc]


@pytest.mark.parametrize(
    "change",
    [
        {"name": "../fruit"},
        {"name": ""},
        {"labels": ("apple",)},
        {"labels": ("apple", "apple")},
        {"boards": ()},
        {"data": {"uri": "http://somewhere/a.csv"}},
        {"raw": {"shape": (), "dtype": "uint8", "unit": ""}},
        {"raw": {"shape": (0,), "dtype": "uint8", "unit": ""}},
        {"limits": {"accuracy_min": 95}},
        {"limits": {"flash_max_bytes": 0}},
        {"limits": {"latency_max_ms": -1}},
        {"mood": "good"},
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Goal.model_validate({**GOAL.model_dump(), **change})
