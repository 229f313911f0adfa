"""Understanding: from a request to a goal and its records, or to the questions in between.

Nothing is invented: what the request does not say and the data do not show is asked for, and what
contradicts itself is shown from both sides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from bot import quantities, sources
from bot.board_names import find_board, near_boards
from bot.errors import RequestError
from bot.free_text import extract
from bot.goal import DataSource, Goal
from bot.issue_form import Field, is_empty_answer, is_form, parse_form
from bot.limits import compare_with_boards, read_limits
from bot.naming import slug
from bot.questions import Asker, Questions
from bot.records import Records
from bot.rendering.text import code
from bot.request import Request
from bot.sample import read_task, settle_labels, settle_sample
from bot.sources.loaded import Loaded
from bot.split import refuse_too_few
from hardware_runner.board import Board
from hardware_runner.boards import BOARDS

TITLE_CHARACTERS = 80

Reader = Callable[[Request, Mapping[str, Board], Asker], Mapping[Field, str]]


@dataclass(frozen=True, slots=True)
class Understood:
    """The goal, and every record of the source that it names."""

    goal: Goal
    records: Records


def understand(
    request: Request,
    base_dir: Path,
    boards: Mapping[str, Board] = BOARDS,
    instead: Sequence[str] = (),
    read: Reader = extract,
    allowed_hosts: Sequence[str] = (),
) -> Understood | Questions:
    """Turn a request into a goal, or into everything that must be asked, at once.

    Args:
        request: what was asked for, as a form or in free text.
        base_dir: the folder that paths in it are relative to.
        boards: the boards that can be named.
        instead: names that stand in for the boards of the request.
        read: returns the answers that a free text gives, by field of the form.
        allowed_hosts: from which data may be fetched.
    """
    asker = Asker()
    answers: Mapping[Field, str] = {}
    with asker.instead_of_errors():
        answers = (
            parse_form(request.body) if is_form(request.body) else read(request, boards, asker)
        )
    if asker.questions and not answers:
        return Questions(tuple(asker.questions))
    if instead:
        answers = {**answers, Field.BOARDS: ", ".join(instead)}
    statement = _statement(answers, asker)
    wanted = _boards(answers, boards, asker)
    limits = read_limits(answers, asker)
    compare_with_boards(limits, tuple(boards[name] for name in wanted), asker)
    task = read_task(answers, asker)
    loaded = _load(answers, base_dir, allowed_hosts, asker)
    if loaded is None:
        return Questions(tuple(asker.questions))
    loaded = settle_sample(loaded, task, answers, asker)
    labels = settle_labels(loaded, answers, asker)
    with asker.instead_of_errors():
        refuse_too_few(loaded.records, loaded.labels)
    if asker.questions:
        return Questions(tuple(asker.questions))
    title = request.title or _first_line(statement)
    goal = Goal(
        name=slug(title, loaded.name),
        title=title,
        statement=statement,
        task=loaded.task,
        data=DataSource(
            uri=loaded.records.uri,
            label_column=loaded.records.label_column,
            fetched_bytes=loaded.fetched_bytes,
        ),
        labels=labels,
        raw=loaded.raw,
        boards=wanted,
        limits=limits,
    )
    return Understood(goal, loaded.records)


def _statement(answers: Mapping[Field, str], asker: Asker) -> str:
    """Return the goal in the person's own words, with what else they said."""
    goal = answers.get(Field.GOAL, "").strip()
    if not goal:
        asker.ask(
            Field.GOAL.value,
            "nothing is said.",
            "What shall the board recognise?",
            "Tell apples, bananas and oranges apart by their colour.",
        )
    more = answers.get(Field.ANYTHING_ELSE, "")
    return goal if is_empty_answer(more) else f"{goal}\n\n{more.strip()}"


def _boards(
    answers: Mapping[Field, str], boards: Mapping[str, Board], asker: Asker
) -> tuple[str, ...]:
    text = answers.get(Field.BOARDS, "")
    listed = ", ".join(code(name) for name in boards)
    example = next((name for name, board in boards.items() if board.machine), next(iter(boards)))
    if is_empty_answer(text):
        asker.ask(
            Field.BOARDS.value,
            "no board is named.",
            f"On which boards shall it run? There are {listed}.",
            example,
        )
        return ()
    found: list[str] = []
    for item in quantities.items(text):
        if name := find_board(item, boards):
            found.append(name)
            continue
        near = near_boards(item, boards)
        meant = f"Did you mean {' or '.join(code(n) for n in near)}? " if near else ""
        asker.ask(
            Field.BOARDS.value,
            f"{code(item[:60])} is no board that is known here.",
            f"{meant}There are {listed}.",
            near[0] if near else example,
        )
    return tuple(dict.fromkeys(found))


def _load(
    answers: Mapping[Field, str], base_dir: Path, allowed_hosts: Sequence[str], asker: Asker
) -> Loaded | None:
    text = answers.get(Field.DATA, "").strip().strip("`").strip()
    if is_empty_answer(text):
        asker.ask(
            Field.DATA.value,
            "no data are named.",
            "Which labelled samples shall be learned from? A CSV file (`csv:`), arrays (`npz:`), "
            "a folder of pictures (`images:`) or of sounds (`wav:`) beside the request, the "
            "`https://` address of a file, or a data set such as `sklearn:digits` or "
            "`sklearn:wine`.",
            "csv:data/fruit.csv",
        )
        return None
    column = answers.get(Field.LABEL_COLUMN, "").strip().strip("`")
    with asker.instead_of_errors():
        source = _source(text, None if is_empty_answer(column) else column)
        return sources.load(source, base_dir, allowed_hosts)
    return None


def _source(text: str, label_column: str | None) -> DataSource:
    """Return the source that an answer names; a bare path of a CSV file is one, too."""
    first = text.splitlines()[0].strip().removeprefix("<").removesuffix(">")
    if first.startswith("http://"):
        raise RequestError(
            f"{code(first[:80])} is not encrypted: on its way, anybody could change the data.",
            "Write `https://`, or put the file beside the request.",
            Field.DATA.value,
        )
    uri = first
    for suffix, kind in ((".csv", "csv"), (".npz", "npz")):
        if ":" not in first and first.lower().endswith(suffix):
            uri = f"{kind}:{first}"
    try:
        return DataSource(uri=uri, label_column=label_column)
    except ValidationError:
        raise RequestError(
            f"{code(first[:80])} names no data.",
            "Write `csv:` or `npz:` and the path of a file, `images:` or `wav:` and that of a "
            "folder, `sklearn:` and the name of a data set, or an `https://` address.",
            Field.DATA.value,
        ) from None


def _first_line(statement: str) -> str:
    """Return the beginning of a text as a title."""
    line = statement.strip().splitlines()[0].strip(" #*_`")
    if len(line) <= TITLE_CHARACTERS:
        return line
    return line[:TITLE_CHARACTERS].rpartition(" ")[0] or line[:TITLE_CHARACTERS]
