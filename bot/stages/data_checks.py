"""What must hold for the samples of a project, each as a function of values."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Relation, Stage, judge
from bot.goal import Goal
from bot.records import Records
from bot.split import HELD_OUT_MIN, Split, leaks
from bot.stages.stage_result import verdict

TRAIN_PER_CLASS_MIN = 6
HELD_OUT_PER_CLASS_MIN = 2

Samples = tuple[npt.NDArray[np.generic], npt.NDArray[np.int64]]
"""Raw samples `[N, *shape]` and their labels `[N]`."""

_STAGE = Stage.DATA


def check_repeatable(first: bytes, second: bytes) -> Evidence:
    """Compare what two processes read from the same records."""
    return verdict(
        "data.repeatable",
        _STAGE,
        "Reading the data twice gives the same bytes",
        first == second,
        "load() on the training records in two processes, compared byte for byte",
        "Something random or time-dependent is left in load(); seed it or take it out.",
    )


def read_records(goal: Goal, records: Records) -> Samples:
    """Return the samples of records as the harness reads them, `[N, *shape]` and `[N]`."""
    index = {label: i for i, label in enumerate(goal.labels)}
    labels = np.array([index.get(label, -1) for label in records.labels], dtype=np.int64)
    values = records.values.reshape(len(labels), *goal.raw.shape)
    return values.astype(goal.raw.dtype.value), labels


def check_values(goal: Goal, records: Records, loaded: Samples) -> tuple[Evidence, ...]:
    """Compare what `load()` returned with the records: shape, type, finite, values, labels."""
    shape = goal.raw.shape
    (x, y), (wanted_x, wanted_y) = loaded, read_records(goal, records)
    shapes = x.shape == wanted_x.shape and x.dtype == wanted_x.dtype
    finite = bool(np.all(np.isfinite(x.astype(np.float64))))
    wrong_labels = _differing(y, wanted_y)
    wrong_values = _differing(x.reshape(len(x), -1), wanted_x.reshape(len(wanted_x), -1))
    wanted = f"[N, {', '.join(map(str, shape))}] {wanted_x.dtype}"
    return (
        verdict(
            "data.shape",
            _STAGE,
            f"Samples are {wanted}",
            shapes,
            "shape and type against the goal",
            f"expected {wanted}, got {list(x.shape)} {x.dtype}",
        ),
        verdict("data.finite", _STAGE, "Every value is finite", finite, "numpy.isfinite"),
        judge(
            "data.values",
            _STAGE,
            "Samples hold the values of the records, in their order",
            wrong_values,
            "values",
            Relation.EQUAL,
            0,
            "values that differ from the records as the harness reads them",
            detail="load() must return the columns as they stand; scaling belongs in features.c",
        ),
        judge(
            "data.labels",
            _STAGE,
            "Labels are those of the records, as indices into the goal's labels",
            wrong_labels,
            "labels",
            Relation.EQUAL,
            0,
            "labels that differ from the records as the harness reads them",
            detail=f"the order is {', '.join(goal.labels)}",
        ),
    )


def _differing(got: npt.NDArray[np.generic], expected: npt.NDArray[np.generic]) -> int:
    if got.shape != expected.shape:
        return max(got.size, expected.size)
    return int(np.sum(got != expected))


def check_split(goal: Goal, split: Split) -> tuple[Evidence, ...]:
    """Count what each side holds, and what stands on both."""
    counts = [_counts(goal, side) for side in (split.train, split.test)]
    rows = len(split.train.labels) + len(split.test.labels)
    return (
        judge(
            "data.classes",
            _STAGE,
            "Every class has enough training records",
            min(counts[0]),
            "records",
            Relation.AT_LEAST,
            TRAIN_PER_CLASS_MIN,
            "records of the rarest class on the training side",
            detail="Record more samples of the rarest class, or leave it out.",
        ),
        judge(
            "data.held_out_classes",
            _STAGE,
            "Every class is judged",
            min(counts[1]),
            "records",
            Relation.AT_LEAST,
            HELD_OUT_PER_CLASS_MIN,
            "records of the rarest class on the held-out side",
            detail="Record more samples of the rarest class.",
        ),
        judge(
            "data.held_out",
            _STAGE,
            "Enough records are held out to judge by",
            len(split.test.labels),
            "records",
            Relation.AT_LEAST,
            HELD_OUT_MIN,
            f"records on the held-out side, of {rows}",
            detail="With so few held-out records an accuracy says little; record more.",
        ),
        judge(
            "data.leaks",
            _STAGE,
            "No held-out sample was trained on",
            leaks(split.train, split.test),
            "records",
            Relation.EQUAL,
            0,
            "held-out records whose input equals that of a training record",
        ),
        judge(
            "data.duplicates",
            _STAGE,
            "Records whose input occurs more than once; equal ones stay on one side",
            split.duplicates,
            "records",
            Relation.NONE,
            None,
            f"equal inputs as the board receives them, among {rows} records",
        ),
        judge(
            "data.conflicts",
            _STAGE,
            "Inputs that stand under more than one label, which no model can get right",
            split.conflicts,
            "inputs",
            Relation.NONE,
            None,
            "equal inputs with different labels",
        ),
    )


def _counts(goal: Goal, records: Records) -> list[int]:
    occurring = Counter(records.labels)
    return [occurring[label] for label in goal.labels]
