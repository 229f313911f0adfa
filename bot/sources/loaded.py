"""Loaded: what a source hands over, and the rules that the records of every source obey."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.errors import SourceError
from bot.goal import RawInput, Task
from bot.records import Records
from bot.rendering.text import code

CLASSES_MAX = 64
LABEL_MAX_CHARACTERS = 40
# Of 10 distinct inputs a quarter is held out: 2 or 3 to judge a class by, 7 to learn it from and to
# validate with. With fewer, one held-out sample moves the class's accuracy by more than half.
DISTINCT_PER_CLASS_MIN = 10


@dataclass(frozen=True, slots=True)
class Loaded:
    """The records of a source and what is known of them.

    Attributes:
        records: every record, labels as text.
        task: the task that the data are made for.
        raw: one sample.
        labels: the labels that occur, in natural order.
        name: a short name for the project where the request has none: letters, digits, '-'.
        fetched_bytes: the size of the file that was fetched; None where none was.
    """

    records: Records
    task: Task
    raw: RawInput
    labels: tuple[str, ...]
    name: str
    fetched_bytes: int | None = None


Load = Callable[[str, str | None, Path], Loaded]


def natural_order(labels: set[str]) -> tuple[str, ...]:
    """Sort labels: whole numbers by value, everything else as text."""
    if all(label.isascii() and label.isdigit() for label in labels):
        return tuple(sorted(labels, key=lambda label: (int(label), label)))
    return tuple(sorted(labels))


def inputs(records: Records) -> npt.NDArray[np.float32]:
    """Return the values of the records, `[N, values of a sample]`, as a board would receive them.

    float32 holds every uint8 and int16 exactly, so two records are equal here if and only if the
    board cannot tell them apart.
    """
    values = records.values.astype(np.float32).reshape(len(records.labels), -1)
    return np.asarray(values + np.float32(0.0))  # -0.0 becomes 0.0


def check_classes(records: Records) -> tuple[str, ...]:
    """Return the labels in natural order, or refuse records that no classifier can be judged by.

    Raises:
        SourceError: one class, too many, an unusable name, or a class with too few distinct inputs.
    """
    labels = natural_order(set(records.labels))
    where = f"{code(records.uri)}"
    if records.label_column is not None:
        where = f"Column {code(records.label_column)} of {where}"
    if len(labels) < 2:
        raise SourceError(
            f"{where} holds one class only: {code(labels[0])}.",
            "Add records of at least one other class, or name another label column.",
            "Data",
        )
    if len(labels) > CLASSES_MAX:
        shown = ", ".join(code(label[:20]) for label in labels[:5])
        raise SourceError(
            f"{where} holds {len(labels)} different values ({shown}, ...); "
            f"at most {CLASSES_MAX} classes are supported.",
            "Name another label column, or group the values into classes first.",
            "Label column",
        )
    for label in labels:
        if len(label) > LABEL_MAX_CHARACTERS or not label.isprintable():
            raise SourceError(
                f"{where} holds the label {code(repr(label[:50]))}; labels are printable and "
                f"at most {LABEL_MAX_CHARACTERS} characters long.",
                "Shorten the label in the data.",
                "Data",
            )
    _check_counts(records, labels)
    return labels


def _check_counts(records: Records, labels: tuple[str, ...]) -> None:
    values, names = inputs(records), np.array(records.labels)
    few = []
    for label in labels:
        own = values[names == label]
        distinct = len(np.unique(own, axis=0))
        if distinct < DISTINCT_PER_CLASS_MIN:
            few.append(f"{code(label)} {distinct} (in {len(own)} records)")
    if few:
        listed = ", ".join(few[:5]) + (f" and {len(few) - 5} more" if len(few) > 5 else "")
        raise SourceError(
            f"Too few different samples in {code(records.uri)}: {listed}. Each class "
            f"needs at least {DISTINCT_PER_CLASS_MIN} samples with different inputs, since a "
            "quarter is held out to judge by.",
            "Record more samples of these classes, or leave the classes out.",
            "Data",
        )
