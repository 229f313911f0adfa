from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import SourceError
from bot.records import TableRecords
from bot.split import HELD_OUT_MIN, leaks, refuse_too_few, split


def records(values: list[list[float]], labels: list[str]) -> TableRecords:
    frame = pd.DataFrame(values, columns=[f"c{i}" for i in range(len(values[0]))])
    frame["label"] = labels
    return TableRecords(frame, "label", "csv:x.csv", "unknown")


def spread(rows: int, seed: int = 0) -> TableRecords:
    random = np.random.default_rng(seed)
    return records(random.random((rows, 2)).tolist(), ["ab"[i % 2] for i in range(rows)])


def rows_of(side: TableRecords) -> set[tuple[object, ...]]:
    return set(side.frame.itertuples(index=False, name=None))


def test_a_quarter_of_each_label_is_held_out() -> None:
    sides = split(spread(200), ("a", "b"), seed=1)
    assert sides.test.frame["label"].value_counts().to_dict() == {"a": 25, "b": 25}
    assert (len(sides.train.frame), sides.distinct, sides.duplicates) == (150, 200, 0)


def test_equal_inputs_stay_on_one_side() -> None:
    values = [[float(i // 4), 0.0] for i in range(160)]
    sides = split(records(values, ["ab"[i // 80] for i in range(160)]), ("a", "b"), seed=1)
    assert leaks(sides.train, sides.test) == 0
    assert (sides.distinct, sides.duplicates, len(sides.test.frame)) == (40, 120, 40)


def test_inputs_that_are_equal_in_float32_are_equal() -> None:
    values = [value for i in range(20) for value in ([i + 0.1], [float(np.float32(i + 0.1))])]
    sides = split(records(values, ["ab"[i // 20] for i in range(40)]), ("a", "b"), seed=1)
    assert (sides.distinct, sides.duplicates) == (20, 20)


def test_minus_zero_equals_zero() -> None:
    sides = split(records([[0.0], [-0.0], [1.0], [2.0], [3.0]], list("aaabb")), ("a", "b"), seed=1)
    assert sides.distinct == 4


def test_the_order_of_the_rows_does_not_matter() -> None:
    first = spread(100)
    shuffled = TableRecords(
        first.frame.sample(frac=1, random_state=3), "label", first.uri, first.licence
    )
    one, two = split(first, ("a", "b"), 5), split(shuffled, ("a", "b"), 5)
    assert rows_of(one.test) == rows_of(two.test)


def test_the_seed_matters() -> None:
    whole = spread(100)
    assert rows_of(split(whole, ("a", "b"), 1).test) != rows_of(split(whole, ("a", "b"), 2).test)


def test_conflicting_labels_are_counted_and_stay_together() -> None:
    whole = records([[float(i // 2)] for i in range(40)], ["a", "b"] * 2 + ["a"] * 18 + ["b"] * 18)
    sides = split(whole, ("a", "b"), 1)
    assert sides.conflicts == 2
    assert leaks(sides.train, sides.test) == 0


def test_a_leak_is_seen() -> None:
    whole = spread(40)
    assert leaks(whole, whole) == 40


def test_one_big_group_does_not_swallow_the_rest() -> None:
    values = [[0.0]] * 50 + [[float(i)] for i in range(1, 11)] + [[float(-i)] for i in range(1, 41)]
    sides = split(records(values, ["a"] * 60 + ["b"] * 40), ("a", "b"), 1)
    assert {"a", "b"} == set(sides.test.frame["label"]) == set(sides.train.frame["label"])


def test_a_label_that_cannot_be_split() -> None:
    with pytest.raises(SourceError, match=r"has 1 different input\(s\) for `b`"):
        split(records([[1.0], [2.0], [3.0], [3.0]], list("aabb")), ("a", "b"), 1)


def test_a_fraction_out_of_range() -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        split(spread(10), ("a", "b"), 1, fraction=1.0)


@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from("abc")), min_size=1, max_size=60),
    st.integers(-(2**31), 2**31),
    st.floats(0.05, 0.9),
)
def test_any_records(rows: list[tuple[int, str]], seed: int, fraction: float) -> None:
    whole = records([[float(value)] for value, _ in rows], [label for _, label in rows])
    labels = sorted({label for _, label in rows})
    try:
        sides = split(whole, labels, seed, fraction)
    except SourceError:
        return
    assert len(sides.train.frame) + len(sides.test.frame) == len(rows)
    assert leaks(sides.train, sides.test) == 0
    assert len(sides.train.frame) > 0 < len(sides.test.frame)


def test_too_few_records_to_judge_by_are_refused_with_the_number_needed() -> None:
    with pytest.raises(SourceError) as refused:
        refuse_too_few(spread(70), ("a", "b"))
    assert "70 samples with different inputs" in refused.value.problem
    assert "held out to judge by: 18" in refused.value.problem
    assert "38 different ones of each of the 2 classes: 76 in all" in refused.value.cure


def test_what_is_asked_for_is_enough() -> None:
    enough = spread(76)
    refuse_too_few(enough, ("a", "b"))
    assert len(split(enough, ("a", "b"), seed=1).test.frame) >= HELD_OUT_MIN
