"""The request of a job: what was wanted, with the answers that came since.

An answer is merged like this, and a later one replaces an earlier one:

1. What stands under a heading of the form (`### Boards`), or in a line `Boards: mps2-an386`, is the
   answer of that field.
2. Lines that begin with the number of a question (`2. mps2-an386`) answer that question.
3. Other text answers the one question that is open; with several of them, it is read as a request
   in free text is, and answers those that it speaks about.
4. What is left is added to the request: to a free text at its end, to a form as `Anything else`.

Lines that quote (`> ...`) are left out: mail programs repeat the question there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.errors import RequestError
from bot.issue_form import Field, field_named, is_form, parse_form
from bot.questions import Asker, Questions
from bot.rendering.text import plain
from bot.request import BODY_MAX_CHARACTERS, Request, visible
from bot.understand import Reader, Understood, understand
from bot.work.job import FILES, REQUEST, Wanted
from hardware_runner.board import Board
from hardware_runner.boards import BOARDS, find_board

_LINE = re.compile(
    r"\s*(?:[-*]\s+|\d+[.)]\s*)?[*_`]*(?P<label>[A-Za-z][^:*_`]{1,30})[*_`]*:[*_`]*(?P<value>.*)"
)
_NUMBERED = re.compile(r"\s*(?P<number>\d{1,2})[.)]\s+(?P<value>\S.*)")


def read_wanted(folder: Path) -> Wanted:
    """Return what is wanted of the job in a folder.

    Raises:
        OSError, pydantic.ValidationError: the service wrote no such file.
    """
    return Wanted.model_validate_json((folder / REQUEST).read_bytes())


@dataclass(frozen=True, slots=True)
class _Reading:
    """A request with what answers said so far: fields that replace its own, and further text."""

    request: Request
    fields: Mapping[Field, str] = field(default_factory=dict)

    def with_fields(self, fields: Mapping[Field, str]) -> _Reading:
        return replace(self, fields={**self.fields, **fields})

    def with_text(self, text: str) -> _Reading:
        if is_form(self.request.body):
            known = self.fields.get(Field.ANYTHING_ELSE)
            if known is None:
                known = _fields_of_form(self.request.body).get(Field.ANYTHING_ELSE, "")
            return self.with_fields({Field.ANYTHING_ELSE: f"{known}\n\n{text}".strip()})
        body = f"{self.request.body.rstrip()}\n\n{text}\n"
        return replace(self, request=replace(self.request, body=body))


def understand_wanted(
    wanted: Wanted, folder: Path, read: Reader, allowed_hosts: Sequence[str]
) -> Understood | Questions:
    """Turn what is wanted, with all answers, into a goal with its records, or into questions.

    Args:
        wanted: the request of the job.
        folder: of the job; paths of the request are relative to `files/` in it.
        read: reads a free text.
        allowed_hosts: from which data may be fetched.

    Raises:
        RequestError: the request is empty or too long.
    """
    instead = tuple(dict.fromkeys(find_board(name).name for name in wanted.boards))
    base_dir = folder / FILES

    def look(reading: _Reading) -> Understood | Questions:
        request = reading.request
        if is_form(request.body) and reading.fields:
            request = replace(request, body=_form_over(request.body, reading.fields))
        over = _reading_over(read, reading.fields)
        return understand(
            request, base_dir, instead=instead, read=over, allowed_hosts=allowed_hosts
        )

    reading = _Reading(_request(wanted, base_dir))
    for answer in wanted.answers:
        reading = _with_answer(reading, _unquoted(visible(answer)), look, read)
    return look(reading)


def _request(wanted: Wanted, base_dir: Path) -> Request:
    body = visible(wanted.body).strip()
    title = plain(visible(wanted.title))
    if len(body) > BODY_MAX_CHARACTERS:
        raise RequestError(
            f"The request has {len(body):,} characters; at most {BODY_MAX_CHARACTERS:,} are read.",
            "Shorten it; data belong in a file of the repository that the request names.",
        )
    if not body and not title:
        raise RequestError(
            "The issue holds no request.",
            "Write what is to be recognised, from which data and on which board; the issue form "
            "asks for all of it.",
        )
    return Request(title, body + "\n", base_dir / f"issue-{wanted.number}.md", base_dir)


def _with_answer(
    reading: _Reading,
    text: str,
    look: Callable[[_Reading], Understood | Questions],
    read: Reader,
) -> _Reading:
    fields, rest = _said_by_field(text)
    reading = reading.with_fields(fields)
    if not rest:
        return reading
    if fields:
        return reading.with_text(rest)
    found = look(reading)
    asked = found.questions if isinstance(found, Questions) else ()
    open_fields = [field_named(question.field) for question in asked]
    numbered, rest = _said_by_number(rest, open_fields)
    reading = reading.with_fields(numbered)
    if not rest:
        return reading
    left = [one for one in dict.fromkeys(open_fields) if one and one not in numbered]
    said = _said_freely(replace(reading.request, title="", body=rest), left, read) if left else {}
    if not said and len(left) == 1 and len(open_fields) == 1:
        said = {left[0]: rest}
    return reading.with_fields(said) if said else reading.with_text(rest)


def _said_by_field(text: str) -> tuple[dict[Field, str], str]:
    """Return what stands under headings and in lines `Field: value`, and the other text."""
    if any(field_named(m[1]) for m in re.finditer(r"(?m)^ {0,3}#{2,4}[ \t]+(.+?)[ \t]*$", text)):
        try:
            return dict(parse_form(text)), ""
        except RequestError:
            return {}, text
    fields: dict[Field, str] = {}
    rest: list[str] = []
    for line in text.splitlines():
        match = _LINE.fullmatch(line)
        named = field_named(match["label"]) if match else None
        if match and named and match["value"].strip(" *_"):
            fields[named] = match["value"].strip().strip("`")
        else:
            rest.append(line)
    return fields, "\n".join(rest).strip()


def _said_by_number(text: str, open_fields: Sequence[Field | None]) -> tuple[dict[Field, str], str]:
    fields: dict[Field, str] = {}
    rest: list[str] = []
    for line in text.splitlines():
        match = _NUMBERED.fullmatch(line)
        place = int(match["number"]) - 1 if match else -1
        named = open_fields[place] if 0 <= place < len(open_fields) else None
        if match and named:
            fields[named] = match["value"].strip().strip("`")
        else:
            rest.append(line)
    return fields, "\n".join(rest).strip()


def _said_freely(request: Request, wanted: Sequence[Field], read: Reader) -> dict[Field, str]:
    """Return what a free text says about some fields."""
    found: Mapping[Field, str] = {}
    asker = Asker()
    with asker.instead_of_errors():
        found = read(request, BOARDS, asker)
    return {one: found[one] for one in wanted if one is not Field.GOAL and one in found}


def _reading_over(read: Reader, fields: Mapping[Field, str]) -> Reader:
    """Return a reader whose fields are replaced by those that answers gave."""

    def over(request: Request, boards: Mapping[str, Board], asker: Asker) -> Mapping[Field, str]:
        own = Asker()
        found = read(request, boards, own)
        answered = {one.value for one in fields}
        for question in own.questions:
            if question.field not in answered:
                asker.ask(question.field, question.found, question.asked, question.example)
        return {**found, **fields}

    return over


def _fields_of_form(body: str) -> Mapping[Field, str]:
    try:
        return parse_form(body)
    except RequestError:
        return {}


def _form_over(body: str, fields: Mapping[Field, str]) -> str:
    """Return a form with other answers; one that cannot be read stays, so that this is asked."""
    own = _fields_of_form(body)
    return _form({**own, **fields}) if own or {Field.GOAL, Field.DATA} <= set(fields) else body


def _form(fields: Mapping[Field, str]) -> str:
    """Lay answers out as GitHub renders the form."""
    return "\n\n".join(f"### {one.value}\n\n{fields[one]}" for one in Field if one in fields) + "\n"


def _unquoted(text: str) -> str:
    return "\n".join(
        line for line in text.splitlines() if not line.lstrip().startswith(">")
    ).strip()
