"""Understanding: from a request to a goal and its records, or to the questions that stand in the way.

Nothing is invented: what the request does not say and the data do not show is asked for, and what
contradicts itself is shown from both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import ValidationError

from bot import quantities, sources
from bot.board_names import find_board, near_boards
from bot.errors import RequestError
from bot.free_text import extract
from bot.goal import DataSource, Goal, RawInput, RawType, Task
from bot.issue_form import Field, is_empty_answer, is_form, parse_form
from bot.limits import compare_with_boards, read_limits
from bot.naming import slug
from bot.questions import Asker, Questions
from bot.records import Records
from bot.request import Request
from bot.sources.loaded import Loaded, inputs
from hardware_runner.board import Board
from hardware_runner.boards import BOARDS

DATA_EXAMPLE = "csv:data/fruit.csv"
_TASK_WORDS: Mapping[Task, tuple[str, ...]] = {
    Task.IMAGE_CLASSIFICATION: ("image-classification", "image classification", "image", "images"),
    Task.TABULAR_SENSOR: ("tabular-sensor", "tabular sensor", "tabular", "sensor", "table"),
}


@dataclass(frozen=True, slots=True)
class Understood:
    """The goal, and every record of the source that it names."""

    goal: Goal
    records: Records


def understand(
    request: Request, base_dir: Path, boards: Mapping[str, Board] = BOARDS
) -> Understood | Questions:
    """Turn a request into a goal, or into everything that must be asked, at once.

    Args:
        request: what was asked for, as a form or in free text.
        base_dir: the folder that paths in it are relative to.
        boards: the boards that can be named.
    """
    asker = Asker()
    try:
        answers = (
            parse_form(request.body) if is_form(request.body) else extract(request, boards, asker)
        )
    except RequestError as error:
        asker.ask(error.field, error.problem, error.cure, "")
        return Questions(tuple(asker.questions))
    statement = answers.get(Field.GOAL, "").strip()
    if not statement:
        asker.ask(
            Field.GOAL.value,
            "nothing is said.",
            "What shall the board recognise?",
            "Tell apples from oranges",
        )
    wanted = _boards(answers, boards, asker)
    limits = read_limits(answers, asker)
    compare_with_boards(limits, tuple(boards[name] for name in wanted), asker)
    loaded = _load(answers, base_dir, asker)
    task = _task(answers, asker)
    if loaded is not None:
        loaded = _sample(loaded, task, answers, asker)
        labels = _labels(loaded, answers, asker)
    if asker.questions or loaded is None:
        return Questions(tuple(asker.questions))
    title = request.title or _first_line(statement)
    goal = Goal(
        name=slug(title, loaded.name),
        title=title,
        statement=statement,
        task=loaded.task,
        data=DataSource(uri=loaded.records.uri, label_column=loaded.records.label_column),
        labels=labels,
        raw=loaded.raw,
        boards=wanted,
        limits=limits,
    )
    return Understood(goal, loaded.records)


def _boards(
    answers: Mapping[Field, str], boards: Mapping[str, Board], asker: Asker
) -> tuple[str, ...]:
    text = answers.get(Field.BOARDS, "")
    listed = ", ".join(f"`{name}`" for name in boards)
    if is_empty_answer(text):
        asker.ask(
            Field.BOARDS.value,
            "no board is named.",
            f"On which boards shall it run? There are {listed}.",
            "mps2-an386",
        )
        return ()
    found: list[str] = []
    for item in quantities.items(text):
        if name := find_board(item, boards):
            found.append(name)
            continue
        near = near_boards(item, boards)
        meant = f"Did you mean {' or '.join(f'`{n}`' for n in near)}? " if near else ""
        asker.ask(
            Field.BOARDS.value,
            f"`{item[:60]}` is no board that is known here.",
            f"{meant}There are {listed}.",
            near[0] if near else "mps2-an386",
        )
    return tuple(dict.fromkeys(found))


def _load(answers: Mapping[Field, str], base_dir: Path, asker: Asker) -> Loaded | None:
    text = answers.get(Field.DATA, "").strip().strip("`")
    if is_empty_answer(text):
        asker.ask(
            Field.DATA.value,
            "no data are named.",
            "Which labelled samples shall be learned from? A CSV file beside the request, or a data set "
            "such as `sklearn:digits`, `sklearn:wine`, `sklearn:iris`.",
            DATA_EXAMPLE,
        )
        return None
    column = answers.get(Field.LABEL_COLUMN, "").strip().strip("`")
    with asker.instead_of_errors(""):
        try:
            source = DataSource(
                uri=_uri(text), label_column=None if is_empty_answer(column) else column
            )
        except ValidationError:
            raise RequestError(
                f"`{text[:80]}` names no data.",
                "Write `csv:` and the path of a file, or `sklearn:` and the name of a data set.",
                Field.DATA.value,
            ) from None
        return sources.load(source, base_dir)
    return None


def _uri(text: str) -> str:
    """Return the address of the data; a bare path of a CSV file is one, too."""
    first = text.splitlines()[0].strip()
    return f"csv:{first}" if ":" not in first and first.lower().endswith(".csv") else first


def _task(answers: Mapping[Field, str], asker: Asker) -> Task | None:
    text = answers.get(Field.TASK, "")
    if is_empty_answer(text):
        return None
    for task, words in _TASK_WORDS.items():
        if text.strip().strip("`").lower() in words:
            return task
    known = ", ".join(f"`{task.value}`" for task in Task)
    asker.ask(
        Field.TASK.value,
        f"`{text.strip()[:60]}` is no kind of task that is supported.",
        f"Supported are {known}; leave the field empty to let the data decide.",
        Task.TABULAR_SENSOR.value,
    )
    return None


def _sample(
    loaded: Loaded, task: Task | None, answers: Mapping[Field, str], asker: Asker
) -> Loaded:
    """Bring what the request says of a sample together with what the data show."""
    text = answers.get(Field.RAW_SAMPLE, "")
    hint = quantities.SampleHint(None, None, "")
    if not is_empty_answer(text):
        try:
            hint = quantities.sample_hint(text)
        except ValueError as error:
            asker.ask(Field.RAW_SAMPLE.value, str(error), "Write the type of one value.", "uint8")
    shape = _shape(loaded, task, hint.shape, asker)
    dtype = _dtype(loaded, hint.dtype, asker)
    kind = task if task is not None and loaded.records.uri.startswith("csv:") else loaded.task
    names = loaded.raw.names if kind is Task.TABULAR_SENSOR else ()
    unit = hint.unit or loaded.raw.unit
    if loaded.records.uri.startswith("sklearn:"):
        unit = loaded.raw.unit
    return replace(
        loaded, task=kind, raw=RawInput(shape=shape, dtype=dtype, unit=unit[:200], names=names)
    )


def _shape(
    loaded: Loaded, task: Task | None, said: tuple[int, ...] | None, asker: Asker
) -> tuple[int, ...]:
    columns = loaded.raw.count
    uri = loaded.records.uri
    is_csv = uri.startswith("csv:")
    if (
        task is not None
        and task is not loaded.task
        and not (is_csv and task is Task.IMAGE_CLASSIFICATION)
    ):
        asker.ask(
            Field.TASK.value,
            f"the task is `{task.value}`, but `{uri}` holds data for `{loaded.task.value}`.",
            "Change the one or the other, or leave the task empty.",
            loaded.task.value,
        )
        return loaded.raw.shape
    image = task is Task.IMAGE_CLASSIFICATION and is_csv
    if image and (said is None or len(said) not in (2, 3)):
        asker.ask(
            Field.TASK.value,
            f"the task is `{task.value}`, but `{uri}` has {columns} number columns "
            f"({', '.join(loaded.raw.names[:6])}{', ...' if columns > 6 else ''}) and no size of an image is given."
            if task
            else "",
            "If its columns are the pixels of an image, say its height and width as raw sample; if not, "
            "the task is `tabular-sensor`.",
            Task.TABULAR_SENSOR.value if columns < 16 else "28 x 28",
        )
        return loaded.raw.shape
    if said is None:
        return loaded.raw.shape
    total = 1
    for extent in said:
        total *= extent
    if total != columns or len(said) > 4 or 0 in said:
        asker.ask(
            Field.RAW_SAMPLE.value,
            f"a sample is said to be {' x '.join(map(str, said))}, which is {total} values, but `{uri}` "
            f"has {columns} in a record.",
            "Correct the size, or leave it out.",
            " x ".join(map(str, loaded.raw.shape)),
        )
        return loaded.raw.shape
    return said if image else loaded.raw.shape


def _dtype(loaded: Loaded, said: RawType | None, asker: Asker) -> RawType:
    """Return the element type: the one said where it holds all values, else the one found."""
    found = loaded.raw.dtype
    order = [RawType.UINT8, RawType.INT16, RawType.FLOAT32]
    if said is None or order.index(said) >= order.index(found):
        return said or found
    values = inputs(loaded.records)
    asker.ask(
        Field.RAW_SAMPLE.value,
        f"a value is said to be `{said.value}`, but those in `{loaded.records.uri}` reach from "
        f"{values.min():g} to {values.max():g} and need `{found.value}`.",
        "Correct the type, or leave it out.",
        found.value,
    )
    return found


def _labels(loaded: Loaded, answers: Mapping[Field, str], asker: Asker) -> tuple[str, ...]:
    """Return the labels in the order of the request, or in natural order where it names none."""
    text = answers.get(Field.LABELS, "")
    said = () if is_empty_answer(text) else quantities.items(text)
    if not said or set(said) == set(loaded.labels):
        return said or loaded.labels
    asker.ask(
        Field.LABELS.value,
        f"the request lists {_list(said)}, but the data hold {_list(loaded.labels)}.",
        "The two must be equal, letter by letter. Correct the list, or leave the field empty to take "
        "the labels of the data.",
        ", ".join(loaded.labels[:12]),
    )
    return loaded.labels


def _list(labels: tuple[str, ...]) -> str:
    shown = ", ".join(f"`{label[:40]}`" for label in labels[:20])
    return f"{shown} and {len(labels) - 20} more" if len(labels) > 20 else shown


def _first_line(statement: str) -> str:
    line = statement.strip().splitlines()[0].strip(" #*_`")
    return line if len(line) <= 80 else line[:80].rpartition(" ")[0] or line[:80]
