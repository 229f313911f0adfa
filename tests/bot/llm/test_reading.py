"""Which replies hold an answer, and what is said of those that hold none."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from bot.llm.completion import Completion, Ending
from bot.llm.language_model import Malformed, Usage
from bot.llm.reading import read

USAGE = Usage("m", 1, 2, 0, 3, 0.1, None)


class Wanted(BaseModel):
    path: str
    lines: tuple[int, ...] = ()


def value(text: str) -> Wanted:
    return read(Completion(text, "", Ending.COMPLETE, "m", None), Wanted, USAGE)


GOOD = [
    '{"path": "a"}',
    '  \n{"path": "a"}\n',
    '```json\n{"path": "a"}\n```',
    '```\n{"path": "a"}\n```',
    'Here it is: {"path": "a"} I hope { it } helps.',
    'It builds on {"files": 3}, so:\n{"path": "a"}',
    '<think>maybe {"path": "b"}?</think>\n{"path": "a"}',
    '{"path": "a"}\n\n{"path": "a"}',
    'The old one:\n```c\nint f(void) { return 1; }\n```\n```json\n{"path": "a"}\n```',
]


@pytest.mark.parametrize("text", GOOD)
def test_answers_are_found(text: str) -> None:
    assert value(text) == Wanted(path="a")


def test_code_in_strings_is_left_alone() -> None:
    code = 'int f(void)\n{\n    return "```json\\n{}\\n```"[0];\n}\n'
    answer = Wanted(path=code)
    assert value(answer.model_dump_json()) == answer
    assert value(f"```json\n{answer.model_dump_json(indent=2)}\n```") == answer


BAD = [
    ("", "is empty"),
    ("<think>hm</think>", "is empty"),
    ("[1, 2]", "no JSON"),
    ('{"path": "a"', "line 1, column 13"),
    ('{"path": "a",}', "line 1, column 1"),
    ("{'path': 'a'}", "property name enclosed in double quotes"),
    ('{"path": "a" "lines": []}', 'near: \'{"path": "a" "lines"'),
    ('{"path": "a", "path": "b"}', "'path' stands twice"),
    ('{"path": "a", "lines": [NaN]}', "NaN is no number"),
    ('{"lines": []}', "- path: Field required"),
    ('{"path": 1, "lines": ["x"]}', "- lines.0: Input should be a valid integer"),
    ('{"path": "a"} or {"path": "b"}', "two different answers"),
    ("no braces but words", "'no braces but words'"),
    ('{"path": "\\ud800"}', "not what was asked for"),
    ('{"path":' * 100_000, "JSON"),
    ("{" * 1_000_000, "JSON"),
    ('{"path": ' + "[" * 100_000, "JSON"),
    ('{"path": ' + "9" * 10_000 + "}", "JSON"),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_what_is_wrong_is_said(text: str, words: str) -> None:
    with pytest.raises(Malformed) as caught:
        value(text)
    assert words in str(caught.value)
    assert len(str(caught.value)) < 2000
    assert caught.value.usage == USAGE
