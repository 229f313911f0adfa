"""The issue form: its fields, and the markdown that GitHub renders from it.

The same fields, in the same order, stand in `templates/issue_forms/tinyml-request.yml`.

Source: a field becomes `### label`, an empty line and the answer; no answer becomes `_No response_`
(https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-githubs-form-schema).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from enum import Enum
from itertools import pairwise

from bot.errors import RequestError


class Field(Enum):
    """The fields of the form; the value is the label that people see."""

    GOAL = "Goal"
    TASK = "Task"
    DATA = "Data"
    LABEL_COLUMN = "Label column"
    LABELS = "Labels"
    RAW_SAMPLE = "Raw sample"
    BOARDS = "Boards"
    ACCURACY = "Accuracy (%)"
    LATENCY = "Latency (ms)"
    FLASH = "Flash (KB)"
    RAM = "RAM (KB)"
    ANYTHING_ELSE = "Anything else"


LABEL = "tinyml"
"""What the form puts on an issue to ask for work; a service may heed another label."""
NO_RESPONSE = "_No response_"
# What a dropdown or a person writes where a field is left to us or to the data.
_EMPTY_ANSWERS = frozenset({"", NO_RESPONSE.lower(), "none", "n/a", "-", "from the data"})

_HEADING = re.compile(r" {0,3}#{2,4}[ \t]+(?P<label>.+?)[ \t]*#*[ \t]*")
_FENCE = re.compile(r" {0,3}(```|~~~)")


def _key(label: str) -> str:
    """Return a label without its unit, case, bold marks and colon, for comparison."""
    bare = re.sub(r"\(.*?\)", "", label)
    return " ".join(re.sub(r"[*_:`]", " ", bare).casefold().split())


_BY_KEY = {_key(field.value): field for field in Field}


def is_form(body: str) -> bool:
    """Tell whether a body is laid out as the form: at least two of its headings."""
    return len({field for field, _ in _headings(body.splitlines()).values() if field}) >= 2


def parse_form(body: str) -> Mapping[Field, str]:
    """Return the answers that were given, by field; a field without an answer is absent.

    An unknown heading belongs to the answer above it, unless it is nearly the name of a field.

    Raises:
        RequestError: a field stands twice, or a heading is misspelt.
    """
    lines = body.splitlines()
    headings = _headings(lines)
    starts: dict[int, Field] = {}
    for number, (field, label) in headings.items():
        if field is None:
            _refuse_near_miss(label, number)
        elif field in starts.values():
            raise RequestError(
                f"The field “{field.value}” stands twice (again in line {number + 1}).",
                "Keep one of them, or write the heading inside the text as plain text.",
                field.value,
            )
        else:
            starts[number] = field
    answers: dict[Field, str] = {}
    for start, end in pairwise([*sorted(starts), len(lines)]):
        answer = "\n".join(lines[start + 1 : end]).strip()
        if answer != NO_RESPONSE and answer:
            answers[starts[start]] = answer
    return answers


def field_named(label: str) -> Field | None:
    """Return the field that a label names, whatever its case, unit and marks; None for none."""
    return _BY_KEY.get(_key(label))


def is_empty_answer(text: str) -> bool:
    """Tell whether an answer leaves the matter open: 'none', '-', 'from the data'."""
    return text.strip().lower() in _EMPTY_ANSWERS


def _headings(lines: list[str]) -> dict[int, tuple[Field | None, str]]:
    """Return, by line index, the headings outside fenced code."""
    found: dict[int, tuple[Field | None, str]] = {}
    fence = ""
    for number, line in enumerate(lines):
        if match := _FENCE.match(line):
            if not fence:
                fence = match[1]
            elif match[1] == fence:
                fence = ""
        elif not fence and (heading := _HEADING.fullmatch(line)):
            label = heading["label"]
            found[number] = (_BY_KEY.get(_key(label)), label)
    return found


def _refuse_near_miss(label: str, number: int) -> None:
    near = get_close_matches(_key(label), _BY_KEY, n=1, cutoff=0.8)
    if near:
        meant = _BY_KEY[near[0]].value
        raise RequestError(
            f"Line {number + 1} has the heading “{label}”, which is no field of the form.",
            f"If “{meant}” is meant, write it so.",
            meant,
        )
