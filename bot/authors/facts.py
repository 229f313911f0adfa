"""Facts: all that an author is told, so that the next file agrees with the others.

Nothing in here comes from the held-out records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bot.goal import Goal
from bot.plan import ModelSize, Plan
from bot.records import Records


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What the training records hold in one input column."""

    name: str
    minimum: float
    maximum: float
    mean: float
    deviation: float  # 0 where the column is constant


@dataclass(frozen=True, slots=True)
class Facts:
    """Every fact that the files of a project must agree with.

    Attributes:
        goal: the validated request.
        plan: the decisions.
        size: the candidate that `train.py` builds.
        label_column: the header of the labels in the CSV.
        columns: the input columns in their order.
        samples: the number of training records.
        files: the project's files so far, path to text.
    """

    goal: Goal
    plan: Plan
    size: ModelSize
    label_column: str
    columns: tuple[ColumnFacts, ...]
    samples: int
    files: Mapping[str, str]

    @property
    def minimum(self) -> float:
        """Return the smallest value of all columns."""
        return min(column.minimum for column in self.columns)

    @property
    def maximum(self) -> float:
        """Return the largest value of all columns."""
        return max(column.maximum for column in self.columns)


def describe(
    goal: Goal, plan: Plan, size: ModelSize, training: Records, files: Mapping[str, str]
) -> Facts:
    """Describe the training records, and nothing but them, for an author."""
    table = training.frame[list(training.value_columns)].to_numpy(dtype=np.float64)
    return Facts(
        goal=goal,
        plan=plan,
        size=size,
        label_column=training.label_column,
        columns=tuple(
            ColumnFacts(name, float(v.min()), float(v.max()), float(v.mean()), float(v.std(ddof=0)))
            for name, v in zip(training.value_columns, table.T, strict=True)
        ),
        samples=len(training.frame),
        files=files,
    )
