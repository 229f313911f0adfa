"""The worked example of a prompt: a project of the same kind, with data that nobody asked for.

It shows layout, names and style. What depends on the data differs from the answer that is wanted;
what does not, as the conversion, is nearly that answer, and is meant to be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from bot.authors.facts import Facts, describe
from bot.authors.template_author import TemplateAuthor, has_templates
from bot.evidence import Stage
from bot.goal import DataSource, Goal, Limits, RawInput, RawType, Task
from bot.plan import FeatureKind, make_plan
from bot.records import ArrayRecords, Records, TableRecords

ANOTHER = (
    "From a project with other data. Take its layout and style, and the facts from above: shapes, "
    "names, labels and constants are others there."
)
WITH_FACTS = (
    "This is known to pass the checks of this stage, with the facts of this project filled in. "
    "Keep to it wherever the request does not ask for something else."
)


def another(facts: Facts, stage: Stage) -> Mapping[str, str]:
    """Return a stage's files in the nearest worked project; empty where there is none."""
    goal = facts.goal
    if not has_templates(goal.task):
        return {}
    made_up = _made_up(goal.task, goal.records_kind, facts.plan.features)
    return TemplateAuthor(goal.task).write(stage, made_up).files


def with_facts(facts: Facts, stage: Stage) -> Mapping[str, str]:
    """Return a stage's files in the nearest worked project, about the data at hand."""
    if not has_templates(facts.goal.task):
        return {}
    return TemplateAuthor(facts.goal.task).write(stage, facts).files


_LABELS: Mapping[Task, tuple[str, ...]] = {
    Task.IMAGE_CLASSIFICATION: ("left", "right", "none"),
    Task.KEYWORD_SPOTTING: ("go", "halt", "silence"),
    Task.MOTION: ("lifted", "shaken", "still"),
    Task.TABULAR_SENSOR: ("well", "worn", "dry"),
}
_SAMPLES: Mapping[Task, RawInput] = {
    Task.IMAGE_CLASSIFICATION: RawInput(
        shape=(12, 16), dtype=RawType.UINT8, unit="grey level, 0 to 255"
    ),
    Task.KEYWORD_SPOTTING: RawInput(
        shape=(8000,), dtype=RawType.INT16, unit="sound, 8,000 a second"
    ),
    Task.MOTION: RawInput(shape=(24, 3), dtype=RawType.INT16, unit="acceleration, 1/1000 g"),
    Task.TABULAR_SENSOR: RawInput(
        shape=(4,),
        dtype=RawType.INT16,
        unit="as the sensors say",
        names=("rms", "peak", "warmth", "current"),
    ),
}
_EACH = 12  # made-up records of each label


@cache
def _made_up(task: Task, source: str, kind: FeatureKind) -> Facts:
    """Return the facts of a project that does not exist, about values that were drawn at random."""
    raw, labels = _SAMPLES[task], _LABELS[task]
    random = np.random.default_rng(1)
    values = random.integers(0, 255, (_EACH * len(labels), *raw.shape)).astype(raw.dtype.value)
    records = _records(raw, source, values, tuple(label for label in labels for _ in range(_EACH)))
    goal = Goal(
        name="example",
        title="An example",
        statement="An example",
        task=task,
        data=DataSource(uri=f"{source}:example", label_column=records.label_column),
        labels=labels,
        raw=raw,
        boards=("host",),
        limits=Limits(),
    )
    plan = replace(make_plan(goal, records, 1), features=kind)
    return describe(goal, plan, plan.sizes[0], records, {})


def _records(
    raw: RawInput, source: str, values: npt.NDArray[Any], labels: tuple[str, ...]
) -> Records:
    if source != "csv":
        return ArrayRecords(values, labels, f"{source}:example", "")
    table = values.reshape(len(values), -1)
    names = raw.names or tuple(f"v{i}" for i in range(table.shape[1]))
    frame = pd.DataFrame(table, columns=list(names)).assign(kind=labels)
    return TableRecords(frame, "kind", "csv:example", "")
