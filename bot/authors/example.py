"""The worked example that a prompt shows: a project of the same kind, with data that nobody asked for.

It shows layout, names and style. What depends on the data differs from the answer that is wanted;
what does not, as the conversion, is nearly that answer, and is meant to be.
"""

from __future__ import annotations

from collections.abc import Mapping

from bot.authors.facts import ColumnFacts, Facts
from bot.authors.template_author import TemplateAuthor, has_templates
from bot.evidence import Stage
from bot.goal import DataSource, Goal, Limits, RawInput, RawType, Task
from bot.plan import FeatureKind, ModelSize, Plan

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
    task = facts.goal.task
    if not has_templates(task):
        return {}
    made_up = _PICTURES if task is Task.IMAGE_CLASSIFICATION else _readings(facts.plan.features)
    return TemplateAuthor(task).write(stage, made_up).files


def with_facts(facts: Facts, stage: Stage) -> Mapping[str, str]:
    """Return a stage's files in the nearest worked project, about the data at hand."""
    if not has_templates(facts.goal.task):
        return {}
    return TemplateAuthor(facts.goal.task).write(stage, facts).files


def _facts(
    goal: Goal,
    kind: FeatureKind,
    shape: tuple[int, ...],
    size: ModelSize,
    columns: tuple[ColumnFacts, ...],
) -> Facts:
    plan = Plan(kind, shape, (size,), 40, 32, 1, goal.boards, ())
    return Facts(
        goal=goal,
        plan=plan,
        size=size,
        label_column=goal.data.label_column,
        columns=columns,
        channels=(),
        samples=1200,
        minimum=min(column.minimum for column in columns),
        maximum=max(column.maximum for column in columns),
        entry="train.csv",
        files={},
    )


def _goal(task: Task, title: str, labels: tuple[str, ...], raw: RawInput) -> Goal:
    return Goal(
        name="example",
        title=title,
        statement=title,
        task=task,
        data=DataSource(uri="csv:example.csv", label_column="kind"),
        labels=labels,
        raw=raw,
        boards=("host",),
        limits=Limits(),
    )


_PICTURES = _facts(
    _goal(
        Task.IMAGE_CLASSIFICATION,
        "Arrows on a belt",
        ("left", "right", "none"),
        RawInput(shape=(12, 16), dtype=RawType.UINT8, unit="grey level, 0 to 255"),
    ),
    FeatureKind.SCALE,
    (12, 16, 1),
    ModelSize("small", (4, 8, 16), (1, 2, 2), 2_083, 35_136),
    tuple(ColumnFacts(f"pixel{i}", 0.0, 255.0, 90.5, 61.25) for i in range(192)),
)


def _readings(kind: FeatureKind) -> Facts:
    columns = (
        ColumnFacts("rms", 12.0, 911.0, 203.25, 88.5),
        ColumnFacts("peak", 40.0, 4_011.0, 1_012.75, 402.5),
        ColumnFacts("warmth", 180.0, 911.0, 431.5, 120.125),
        ColumnFacts("current", 3.0, 77.0, 31.0625, 9.75),
    )
    names = tuple(column.name for column in columns)
    raw = RawInput(shape=(4,), dtype=RawType.INT16, unit="as the sensors say", names=names)
    labels = ("well", "worn", "dry")
    goal = _goal(Task.TABULAR_SENSOR, "State of a pump", labels, raw)
    return _facts(goal, kind, (4,), ModelSize("small", (16,), (), 131, 112), columns)
