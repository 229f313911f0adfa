"""Facts: all that an author is told, so that the next file agrees with the others.

Nothing in here comes from the held-out records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.goal import Goal, Task
from bot.plan import ModelSize, Plan
from bot.records import Records


@dataclass(frozen=True, slots=True)
class ColumnFacts:
    """What the training records hold in one input column, or in one channel of all samples."""

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
        label_column: the header of the labels in the CSV; None where the source is no table.
        columns: the input columns of a table in their order; empty for other sources.
        channels: the last axis of windows and of coloured pictures; empty for other samples.
        samples: the number of training records.
        minimum, maximum: of all values.
        entry: the file or folder that `load()` is given.
        files: the project's files so far, path to text.
    """

    goal: Goal
    plan: Plan
    size: ModelSize
    label_column: str | None
    columns: tuple[ColumnFacts, ...]
    channels: tuple[ColumnFacts, ...]
    samples: int
    minimum: float
    maximum: float
    entry: str
    files: Mapping[str, str]


def describe(
    goal: Goal, plan: Plan, size: ModelSize, training: Records, files: Mapping[str, str]
) -> Facts:
    """Describe the training records, and nothing but them, for an author."""
    samples = len(training.labels)
    values = training.values.astype(np.float64)
    table = values.reshape(samples, -1)
    shaped = values.reshape(samples, *goal.raw.shape)
    depth = goal.raw.shape[-1]
    has_channels = len(goal.raw.shape) == 3 or goal.task is Task.MOTION
    by_channel = shaped.reshape(-1, depth) if has_channels else table[:, :0]
    return Facts(
        goal=goal,
        plan=plan,
        size=size,
        label_column=training.label_column,
        columns=_describe(
            training.value_columns, table if training.value_columns else table[:, :0]
        ),
        channels=_describe(tuple(str(i) for i in range(by_channel.shape[1])), by_channel),
        samples=samples,
        minimum=float(values.min()),
        maximum=float(values.max()),
        entry=training.entry("train"),
        files=files,
    )


def _describe(names: tuple[str, ...], table: npt.NDArray[np.float64]) -> tuple[ColumnFacts, ...]:
    return tuple(
        ColumnFacts(name, float(v.min()), float(v.max()), float(v.mean()), float(v.std(ddof=0)))
        for name, v in zip(names, table.T, strict=True)
    )
