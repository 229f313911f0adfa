"""Reading: the value that a reply holds, or where and why it holds none.

Servers without structured output answer with JSON in prose, in code fences, after thoughts. What
is found is taken as it stands: nothing is repaired, completed or guessed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from pydantic import ValidationError

from bot.llm.completion import Completion, Ending
from bot.llm.language_model import CutShort, Malformed, Refused, Usage, Value

_THOUGHTS = re.compile(r"\A\s*<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
_FENCE = re.compile(r"^```[a-zA-Z0-9]*[ \t]*\n(.*?)^```[ \t]*$", re.DOTALL | re.MULTILINE)
_AROUND = 60  # characters that are quoted on both sides of what is wrong
_PROBLEMS = 6
_QUOTE = 400
_STARTS = 500  # braces at which an object is looked for


class _Ambiguous(ValueError):
    """An object has the same key twice, or a number that JSON does not have."""


def read(completion: Completion, answer: type[Value], usage: Usage) -> Value:
    """Return the value in a reply.

    Raises:
        Refused: the model declined, or a filter did.
        CutShort: the reply is not whole.
        Malformed: it holds no value of the type, or two different ones.
    """
    if completion.refusal:
        raise Refused(f"The model declined: {_quote(completion.refusal)}", usage)
    if completion.ending is Ending.FILTERED:
        raise Refused("The server's content filter ended the reply.", usage)
    if completion.ending is Ending.CUT:
        raise CutShort(
            f"The reply was cut at the limit of output tokens, after {len(completion.text):,} "
            "characters. A smaller step, or a higher limit, may do.",
            usage,
        )
    return _find(completion.text, answer, usage)


def _find(text: str, answer: type[Value], usage: Usage) -> Value:
    body = _THOUGHTS.sub("", text).strip()
    if not body:
        raise Malformed("The reply is empty.", usage)
    first: Exception | None = None
    found: list[Value] = []
    for candidate in _candidates(body):
        try:
            json.loads(candidate, object_pairs_hook=_unique, parse_constant=_no_constant)
            found.append(answer.model_validate_json(candidate))
        except (ValueError, RecursionError) as error:  # ValidationError is a ValueError
            first = first or error
            continue
        if found[-1] != found[0]:
            raise Malformed(f"The reply holds two different answers: {_quote(body)}", usage)
    if found:
        return found[0]
    _complain(body, first, answer, usage)


def _candidates(body: str) -> Iterator[str]:
    """Yield each stretch of text that may be the answer, without those inside another."""
    if body.startswith("{") and _end_of_object(body, 0) == len(body):
        yield body
        return
    if fenced := [block.strip() for block in _FENCE.findall(body)]:
        objects = [block for block in fenced if block.startswith("{")]
        if objects:
            yield from objects
            return
    start = body.find("{")
    for _ in range(_STARTS):
        if start < 0:
            return
        end = _end_of_object(body, start)
        if end is not None:
            yield body[start:end]
        start = body.find("{", end or start + 1)


def _end_of_object(text: str, start: int) -> int | None:
    try:
        value, end = json.JSONDecoder().raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return end if isinstance(value, dict) else None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _Ambiguous(f"the key '{twice}' stands twice in one object")
    return table


def _no_constant(name: str) -> NoReturn:
    raise _Ambiguous(f"{name} is no number in JSON")


def _complain(body: str, error: Exception | None, answer: type[Value], usage: Usage) -> NoReturn:
    wanted = f"an object with the keys {', '.join(answer.model_fields)}"
    if isinstance(error, ValidationError):
        problems = [
            f"- {'.'.join(str(part) for part in problem['loc']) or 'the object'}: {problem['msg']}"
            for problem in error.errors()[:_PROBLEMS]
        ]
        message = "The reply's JSON is not what was asked for:\n" + "\n".join(problems)
    elif isinstance(error, _Ambiguous):
        message = f"The reply's JSON is ambiguous: {error}."
    elif "{" not in body:
        message = f"The reply holds no JSON; wanted is {wanted}. It says: {_quote(body)}"
    else:
        message = f"The reply holds no whole JSON object; wanted is {wanted}. {_where(body)}"
    raise Malformed(message, usage)


def _where(body: str) -> str:
    """Say at which line and column the first object stops being JSON."""
    start = body.find("{")
    try:
        json.JSONDecoder().raw_decode(body, start)
    except json.JSONDecodeError as error:
        near = body[max(0, error.pos - _AROUND) : error.pos + _AROUND]
        return f"{error.msg} at line {error.lineno}, column {error.colno}, near: {_quote(near)}"
    except (ValueError, RecursionError) as error:
        return f"{error}."
    return f"It says: {_quote(body)}"


def _quote(text: str) -> str:
    """Return a text in one short line, marked as somebody else's words."""
    line = " ".join(text.split())
    return f"'{line[:_QUOTE]}…'" if len(line) > _QUOTE else f"'{line}'"
