"""Tokens of C source: without comments, with lines joined as the preprocessor joins them.

Source: ISO/IEC 9899:1999, 5.1.1.2 (phases of translation) and 6.4 (lexical elements).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      (?P<comment>/\*.*?(?:\*/|\Z)|//[^\n]*)
    | (?P<string>L?"(?:\\.|[^"\\\n])*"?)
    | (?P<character>L?'(?:\\.|[^'\\\n])*'?)
    | (?P<number>\.?[0-9](?:[eEpP][+-]|[A-Za-z0-9_.])*)
    | (?P<word>[A-Za-z_$][A-Za-z0-9_$]*)
    | (?P<newline>\n)
    | (?P<space>[ \t\r\f\v]+)
    | (?P<mark>\#\#|%:%:|%:|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|\.\.\.|.)
    """,
    re.VERBOSE | re.DOTALL,
)
_CONTINUED = re.compile(r"\\[ \t]*\r?\n")
_CONDITIONS = frozenset({"if", "ifdef", "ifndef"})
_CPLUSPLUS = (
    ("ifdef", ("__cplusplus",)),
    ("if", ("defined", "__cplusplus")),
    ("if", ("defined", "(", "__cplusplus", ")")),
)
_DIGRAPHS = {"%:": "#", "%:%:": "##"}


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind is 'string', 'character', 'number', 'word' or 'mark'."""

    kind: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Directive:
    """A line for the preprocessor: its name, and the tokens after it."""

    name: str
    line: int
    tokens: tuple[Token, ...]
    text: str  # what follows the name, with comments

    @property
    def words(self) -> tuple[str, ...]:
        """Return the texts of its tokens."""
        return tuple(token.text for token in self.tokens)


@dataclass(frozen=True, slots=True)
class CSource:
    """A file taken apart: `code` are the tokens outside directives."""

    code: tuple[Token, ...]
    directives: tuple[Directive, ...]

    @property
    def tokens(self) -> Iterator[Token]:
        """Yield all tokens, those of directives too: a macro may hide what code may not say."""
        yield from self.code
        for directive in self.directives:
            if directive.name != "include":
                yield from directive.tokens


def read_c(text: str) -> CSource:
    """Take C source apart. Anything is accepted; what is no C ends up as marks.

    What is for C++ only (`#ifdef __cplusplus`) is left out, as a C compiler leaves it out.
    """
    code: list[Token] = []
    directives: list[Directive] = []
    depth = 0  # of conditions within one for C++
    for tokens, raw in _lines(text):
        directive = _directive(tokens, raw)
        if depth:
            name = directive.name if directive else ""
            depth += (name in _CONDITIONS) - (name == "endif" or (name == "else" and depth == 1))
        elif directive and (directive.name, directive.words) in _CPLUSPLUS:
            depth = 1
        elif directive:
            directives.append(directive)
        else:
            code += tokens
    return CSource(tuple(code), tuple(directives))


def _directive(tokens: Sequence[Token], raw: str) -> Directive | None:
    if not tokens or tokens[0].kind != "mark" or tokens[0].text != "#":
        return None
    name = tokens[1].text if len(tokens) > 1 else ""
    rest = raw.partition(name)[2].strip() if name else ""
    return Directive(name, tokens[0].line, tuple(tokens[2:]), rest)


def _lines(text: str) -> Iterator[tuple[list[Token], str]]:
    """Yield the tokens and the text of each line, after lines that end in `\\` were joined."""
    joined, numbers = _join(text)
    tokens: list[Token] = []
    start = 0
    for match in _TOKEN.finditer(joined):
        kind = match.lastgroup or "mark"
        if kind == "newline":
            yield tokens, joined[start : match.start()]
            tokens, start = [], match.end()
        elif kind not in ("comment", "space"):
            word = _DIGRAPHS.get(match.group(), match.group()) if kind == "mark" else match.group()
            tokens.append(Token(kind, word, numbers[match.start()]))
    yield tokens, joined[start:]


def _join(text: str) -> tuple[str, Sequence[int]]:
    """Return the text with continued lines joined, and the line of each of its characters."""
    characters: list[str] = []
    numbers: list[int] = []
    line = 1
    position = 0
    while position < len(text):
        if continued := _CONTINUED.match(text, position):
            position = continued.end()
            line += 1
            continue
        characters.append(text[position])
        numbers.append(line)
        line += text[position] == "\n"
        position += 1
    return "".join(characters), numbers
