"""What a C file declares at its top level: functions with their heads, and variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bot.static_checks.c_tokens import Token

_OPEN = {"(": ")", "[": "]", "{": "}"}
_TYPES = frozenset({"struct", "union", "enum"})


class Kind(Enum):
    """What is declared."""

    FUNCTION = "function"  # with a body
    PROTOTYPE = "prototype"
    VARIABLE = "variable"
    TYPE = "type"


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declaration.

    Attributes:
        head: its tokens up to the body or the value.
    """

    kind: Kind
    name: str
    line: int
    head: tuple[str, ...]

    @property
    def internal(self) -> bool:
        """Say whether other files cannot see it."""
        return "static" in self.head


def declarations(code: Sequence[Token]) -> tuple[Declaration, ...]:
    """Return what is declared outside functions."""
    found: list[Declaration] = []
    start = position = 0
    while position < len(code):
        text = code[position].text
        if text == ";":
            found += _declare(code[start:position], body=False)
            start = position + 1
        elif text in _OPEN:
            end = _closing(code, position)
            if text == "{" and _is_function(code[start:position]):
                found += _declare(code[start:position], body=True)
                start = end + 1
            position = end
        position += 1
    return tuple(found)


def _closing(code: Sequence[Token], position: int) -> int:
    """Return where the bracket at a position is closed, or the end."""
    depth = 0
    for at in range(position, len(code)):
        if code[at].text in _OPEN:
            depth += 1
        elif code[at].text in _OPEN.values():
            depth -= 1
            if depth == 0:
                return at
    return len(code)


def _is_function(head: Sequence[Token]) -> bool:
    return bool(head) and head[-1].text == ")"


def _declare(tokens: Sequence[Token], body: bool) -> list[Declaration]:
    if not tokens:
        return []
    texts = [token.text for token in tokens]
    line = tokens[0].line
    if texts[0] == "typedef":
        return [Declaration(Kind.TYPE, texts[-1], line, tuple(texts))]
    head = texts[: texts.index("=")] if "=" in texts else texts
    plain = _outside_braces(head)
    if plain[0] in _TYPES and len(plain) <= 2:
        return [Declaration(Kind.TYPE, plain[-1], line, tuple(head))]
    bracket = plain.index("(") if "(" in plain else None
    if bracket is not None and bracket > 0 and plain[bracket - 1].isidentifier():
        kind = Kind.FUNCTION if body else Kind.PROTOTYPE
        return [Declaration(kind, plain[bracket - 1], line, tuple(head))]
    names = [text for text in plain[: _first(plain, "[")] if text.isidentifier()]
    return [Declaration(Kind.VARIABLE, names[-1] if names else "?", line, tuple(head))]


def _outside_braces(texts: Sequence[str]) -> list[str]:
    depth = 0
    plain = []
    for text in texts:
        depth -= text == "}"
        if depth == 0 and text not in "{}":
            plain.append(text)
        depth += text == "{"
    return plain or ["?"]


def _first(texts: Sequence[str], wanted: str) -> int:
    return texts.index(wanted) if wanted in texts else len(texts)
