"""What a request says of task, sample and labels, brought together with what the data show."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import replace

from bot import quantities
from bot.goal import DataSource, RawInput, RawType, Task
from bot.issue_form import Field, is_empty_answer
from bot.questions import Asker
from bot.rendering.text import code
from bot.sources.loaded import Loaded, inputs

_TASK_WORDS: Mapping[Task, tuple[str, ...]] = {
    Task.IMAGE_CLASSIFICATION: ("image-classification", "image classification", "image", "images"),
    Task.KEYWORD_SPOTTING: (
        *("keyword-spotting", "keyword spotting", "keywords", "audio", "sound", "sounds"),
    ),
    Task.MOTION: ("motion", "imu", "accelerometer", "vibration", "gesture", "gestures", "window"),
    Task.TABULAR_SENSOR: ("tabular-sensor", "tabular sensor", "tabular", "sensor", "table"),
}
# What the columns of a table may be when they are not quantities of their own, and their size.
_SHAPED: Mapping[Task, tuple[str, str, tuple[int, ...]]] = {
    Task.IMAGE_CLASSIFICATION: ("pixels", "height and width", (2, 3)),
    Task.MOTION: ("readings one after the other", "readings and channels", (2,)),
}
_EXAMPLE_SIZES = {Task.IMAGE_CLASSIFICATION: "28 x 28", Task.MOTION: "50 x 3"}
# Arrays do not say what they are.
_ARRAY_TASKS = {2: (Task.IMAGE_CLASSIFICATION, Task.MOTION), 3: (Task.IMAGE_CLASSIFICATION,)}
_WIDTH = (RawType.UINT8, RawType.INT16, RawType.FLOAT32)  # each holds those before it


def read_task(answers: Mapping[Field, str], asker: Asker) -> Task | None:
    """Return the task that is named, or None where the data are to decide."""
    text = answers.get(Field.TASK, "")
    if is_empty_answer(text):
        return None
    for task, words in _TASK_WORDS.items():
        if text.strip().strip("`").lower() in words:
            return task
    known = ", ".join(code(task.value) for task in Task)
    asker.ask(
        Field.TASK.value,
        f"{code(text.strip()[:60])} is no kind of task that is supported.",
        f"Supported are {known}; leave the field empty to let the data decide.",
        Task.TABULAR_SENSOR.value,
    )
    return None


def settle_sample(
    loaded: Loaded, task: Task | None, answers: Mapping[Field, str], asker: Asker
) -> Loaded:
    """Return the data with task, shape, element type and unit as request and data agree on them."""
    text = answers.get(Field.RAW_SAMPLE, "")
    hint = quantities.SampleHint(None, None, "")
    if not is_empty_answer(text):
        try:
            hint = quantities.sample_hint(text)
        except ValueError as error:
            asker.ask(Field.RAW_SAMPLE.value, str(error), "Write the type of one value.", "uint8")
    kind = _settle_task(loaded, task, asker)
    source = DataSource(uri=loaded.records.uri).kind
    is_csv = source == "csv"
    is_free = source in ("csv", "npz")
    shape = _settle_shape(loaded, hint.shape, kind if is_csv else None, asker)
    raw = RawInput(
        shape=shape,
        dtype=_settle_type(loaded, hint.dtype, asker),
        unit=(hint.unit or loaded.raw.unit)[:200] if is_free else loaded.raw.unit,
        names=loaded.raw.names if kind is Task.TABULAR_SENSOR else (),
        rate_hz=loaded.raw.rate_hz,
    )
    return replace(loaded, task=kind, raw=raw)


def settle_labels(loaded: Loaded, answers: Mapping[Field, str], asker: Asker) -> tuple[str, ...]:
    """Return the labels in the order of the request, or in natural order where it names none."""
    text = answers.get(Field.LABELS, "")
    said = () if is_empty_answer(text) else quantities.items(text)
    if not said or set(said) == set(loaded.labels):
        return said or loaded.labels
    asker.ask(
        Field.LABELS.value,
        f"the request lists {_list(said)}, but the data hold {_list(loaded.labels)}.",
        "The two must be equal, letter by letter. Correct the list, or leave the field empty to "
        "take the labels of the data.",
        ", ".join(loaded.labels[:12]),
    )
    return loaded.labels


def _settle_task(loaded: Loaded, task: Task | None, asker: Asker) -> Task:
    """Return the task; columns of a table and arrays may be several things, other data one only."""
    uri = loaded.records.uri
    kind = DataSource(uri=uri).kind
    may_be: Collection[Task] = ()
    if kind == "csv":
        may_be = _SHAPED
    elif kind == "npz":
        may_be = _ARRAY_TASKS.get(len(loaded.raw.shape), ())
    if task in (None, loaded.task) or task in may_be:
        return task or loaded.task
    asker.ask(
        Field.TASK.value,
        f"the task is {code(task.value if task else '')}, but {code(uri)} holds data for "
        f"{code(loaded.task.value)}.",
        "Change the one or the other, or leave the task empty.",
        loaded.task.value,
    )
    return loaded.task


def _settle_shape(
    loaded: Loaded, said: tuple[int, ...] | None, task: Task | None, asker: Asker
) -> tuple[int, ...]:
    """Return the shape that is said, if it has as many values as a record and may be said.

    `task` is what the columns of a table are for; None where the source knows its shape.
    """
    count = loaded.raw.count
    uri = code(loaded.records.uri)
    shaped = _SHAPED.get(task) if task else None
    if task and shaped and (said is None or len(said) not in shaped[2]):
        shown = ", ".join(code(name) for name in loaded.raw.names[:6])
        more = ", ..." if count > 6 else ""
        asker.ask(
            Field.TASK.value,
            f"the task is {code(task.value)}, but {uri} has {count} number columns ({shown}{more}) "
            f"and the {shaped[1]} are not given.",
            f"If the columns are {shaped[0]}, give {shaped[1]} as raw sample, such as "
            f"{code(_EXAMPLE_SIZES[task])}; if not, the task is `tabular-sensor`.",
            Task.TABULAR_SENSOR.value,
        )
        return loaded.raw.shape
    if said is None:
        return loaded.raw.shape
    if math.prod(said) != count or not 1 <= len(said) <= 4:
        asker.ask(
            Field.RAW_SAMPLE.value,
            f"a sample is said to be {code(' x '.join(map(str, said)))}, which is "
            f"{math.prod(said):,} values, but {uri} has {count:,} in a record.",
            "Correct the size, or leave it out.",
            " x ".join(map(str, loaded.raw.shape)),
        )
    return said if shaped and math.prod(said) == count else loaded.raw.shape


def _settle_type(loaded: Loaded, said: RawType | None, asker: Asker) -> RawType:
    """Return the element type that is said, where it holds all values, else the one found."""
    found = loaded.raw.dtype
    if said is None or (said is found):
        return found
    is_csv = DataSource(uri=loaded.records.uri).kind == "csv"
    if is_csv and _WIDTH.index(said) > _WIDTH.index(found):
        return said
    values = inputs(loaded.records)
    whole = "" if found is not RawType.FLOAT32 else " and are not all whole or in its range"
    asker.ask(
        Field.RAW_SAMPLE.value,
        f"a value is said to be {code(said.value)}, but those of {code(loaded.records.uri)} are "
        f"{code(found.value)}: they reach from {values.min():g} to {values.max():g}{whole}.",
        "Correct the type, or leave it out.",
        found.value,
    )
    return found


def _list(labels: tuple[str, ...]) -> str:
    shown = ", ".join(code(label[:40]) for label in labels[:20])
    return f"{shown} and {len(labels) - 20} more" if len(labels) > 20 else shown
