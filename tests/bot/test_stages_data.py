"""The data stage: each check passes once on sound data and is seen to fail on a planted fault."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from bot.evidence import Evidence, Outcome
from bot.records import TableRecords
from bot.split import Split
from bot.stages import arrays, data
from bot.stages.data_checks import Samples, check_repeatable, check_split, check_values
from tests.bot import small_project

CONTEXT = small_project.context()


def samples(records: TableRecords) -> Samples:
    x = records.frame[list(records.value_columns)].to_numpy(dtype=np.float32).copy()
    y = [small_project.LABELS.index(label) for label in records.frame["state"]]
    return x, np.array(y)


def failed(evidence: tuple[Evidence, ...]) -> list[str]:
    return [e.check for e in evidence if e.outcome is Outcome.FAIL]


def values(train: Samples) -> list[str]:
    return failed(check_values(CONTEXT.goal, CONTEXT.split.train, train))


def test_sound_samples_pass() -> None:
    assert values(samples(CONTEXT.split.train)) == []
    assert failed(check_split(CONTEXT.goal, CONTEXT.split)) == []


def test_one_scaled_value_is_found() -> None:
    x, y = samples(CONTEXT.split.train)
    x[3, 2] *= 1.001
    assert values((x, y)) == ["data.values"]


def test_one_wrong_label_is_found() -> None:
    x, y = samples(CONTEXT.split.train)
    y[0] = (y[0] + 1) % 3
    assert values((x, y)) == ["data.labels"]


def test_records_in_another_order_are_found() -> None:
    x, y = samples(CONTEXT.split.train)
    assert values((x[::-1], y[::-1])) == ["data.values", "data.labels"]


def test_a_dropped_record_is_found() -> None:
    x, y = samples(CONTEXT.split.train)
    assert values((x[1:], y[1:])) == ["data.shape", "data.values", "data.labels"]


def test_another_type_is_found() -> None:
    x, y = samples(CONTEXT.split.train)
    assert "data.shape" in values((x.astype(np.float64), y))


def test_a_value_that_is_not_finite_is_found() -> None:
    x, y = samples(CONTEXT.split.train)
    x[0, 0] = np.nan
    assert "data.finite" in values((x, y))


def test_bytes_that_differ_are_found() -> None:
    assert check_repeatable(b"a", b"a").outcome is Outcome.PASS
    assert check_repeatable(b"a", b"b").outcome is Outcome.FAIL


def with_train(frame: pd.DataFrame) -> Split:
    split = CONTEXT.split
    train = TableRecords(frame, "state", "csv:x", "unknown")
    return Split(train, split.test, split.distinct, split.duplicates, split.conflicts)


def test_a_leak_is_found() -> None:
    frame = pd.concat([CONTEXT.split.train.frame, CONTEXT.split.test.frame.head(1)])
    assert failed(check_split(CONTEXT.goal, with_train(frame))) == ["data.leaks"]


def test_a_class_with_few_training_records_is_found() -> None:
    frame = CONTEXT.split.train.frame
    few = pd.concat([frame[frame["state"] != "ripe"], frame[frame["state"] == "ripe"].head(5)])
    assert failed(check_split(CONTEXT.goal, with_train(few))) == ["data.classes"]


def test_few_held_out_records_are_found() -> None:
    split = CONTEXT.split
    test = split.test.frame[split.test.frame["state"] != "ripe"]
    few = Split(split.train, TableRecords(test, "state", "csv:x", "unknown"), 0, 0, 0)
    assert failed(check_split(CONTEXT.goal, few)) == ["data.held_out_classes", "data.held_out"]


def test_duplicates_and_conflicts_are_reported() -> None:
    split = CONTEXT.split
    found = check_split(CONTEXT.goal, Split(split.train, split.test, 80, 7, 2))
    assert {e.check: e.value for e in found if e.unit} == {
        "data.classes": 22,
        "data.held_out_classes": 8,
        "data.held_out": 24,
        "data.leaks": 0,
        "data.duplicates": 7,
        "data.conflicts": 2,
    }


def test_the_template_passes_every_check() -> None:
    result = data.run(CONTEXT)
    assert failed(result.evidence) == []
    x = arrays.load(result.made["train.npz"])["x"]
    assert x.shape == (len(CONTEXT.split.train.frame), 4)


def with_data_py(text: str) -> list[str]:
    workspace = CONTEXT.workspace.with_files({"data.py": text.encode()})
    result = data.run(small_project.replaced(CONTEXT, workspace=workspace))
    assert not result.usable or failed(result.evidence)
    return failed(result.evidence)


def test_random_data_are_found() -> None:
    template = CONTEXT.workspace.files["data.py"].decode()
    noisy = template.replace(
        "    labels = [",
        "    readings += np.random.default_rng().normal(size=readings.shape)\n    labels = [",
    ).replace("np.float32)", "np.float64)")
    assert {"data.repeatable", "data.values"} <= set(with_data_py(noisy))


@pytest.mark.parametrize(
    ("planted", "checks"),
    [
        (
            "order = np.random.default_rng(1).permutation(len(x)); x, y = x[order], y[order]",
            ["data.values", "data.labels"],
        ),
        ("x, y = x[1:], y[1:]", ["data.shape", "data.values", "data.labels"]),
        (
            "x, y = np.vstack([x, x[:1] * 1.01]), np.append(y, y[:1])",
            ["data.shape", "data.values", "data.labels"],
        ),
        ("x = x / x.max(axis=0)", ["data.values"]),
        ("y = (y + 1) % 3", ["data.labels"]),
        ("x = x * np.float32(np.nan)", ["data.finite", "data.values"]),
    ],
    ids=["shuffled", "dropped", "fabricated", "scaled", "other label order", "not a number"],
)
def test_records_that_are_not_passed_on_as_they_are_are_found(
    planted: str, checks: list[str]
) -> None:
    template = CONTEXT.workspace.files["data.py"].decode().replace("def load(", "def sound(")
    wrapped = f"def load(path):\n    x, y = sound(path)\n    {planted}\n    return x, y\n"
    assert with_data_py(f"{template}\n\n{wrapped}") == checks


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("def load(path):\n    raise ValueError('broken')\n", "data.loads"),
        (
            "import numpy as np\ndef load(path):\n    return np.zeros((2, 4)), np.zeros(3)\n",
            "data.arrays",
        ),
        (
            "import numpy as np\ndef load(path):\n    return np.array([{}]), np.array([0])\n",
            "data.loads",
        ),
    ],
)
def test_broken_loaders_are_found(text: str, check: str) -> None:
    assert with_data_py(text) == [check]
