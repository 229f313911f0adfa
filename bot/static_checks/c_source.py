"""C source by its tokens: the contract's functions, allowed headers, no way round the harness.

Comments and strings are not looked into; what macros hide is. That the rest is right, the compiler
says with -Werror. See the package: this explains, the sandbox protects.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from bot.static_checks.c_declarations import Declaration, Kind, declarations
from bot.static_checks.c_lists import (
    ADDRESS,
    ATTRIBUTE_WORDS,
    ATTRIBUTES,
    BANS,
    DIRECTIVES,
    HEADERS,
    INTEGER_TYPES,
    KEYWORDS,
    OWN_HEADERS,
    PROTOTYPES,
    PROVIDED,
    UNDERSCORED,
)
from bot.static_checks.c_tokens import CSource, Token, read_c
from bot.static_checks.finding import Finding, check_text

_TRIGRAPH = re.compile(r"\?\?[=/'()!<>-]")
_UNIVERSAL = re.compile(r"\\[uU][0-9A-Fa-f]{4}")


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    source: CSource
    declared: tuple[Declaration, ...]

    def finding(self, line: int, rule: str, message: str, cure: str) -> Finding:
        return Finding(self.path, line, rule, message, cure)


def check_c(path: str, text: str) -> tuple[Finding, ...]:
    """Return what is wrong with a C file, in the order of its lines.

    Args:
        path: 'features.h', 'features.c' or 'app.c', which decides the contract.
        text: its content.
    """
    found = list(check_text(path, text))
    if any(finding.rule == "source.size" for finding in found):
        return tuple(found)
    source = read_c(text)
    # A header's guard and C++ brackets are directives, so its code is its declarations.
    file = _File(path, source, declarations(source.code))
    found += _disguises(path, text)
    for check in (_words, _includes, _directives, _underscored, _addresses, _linkage, _contract):
        found += check(file)
    return tuple(sorted(set(found)))


def _disguises(path: str, text: str) -> Iterator[Finding]:
    for number, line in enumerate(text.split("\n"), start=1):
        for pattern, what in ((_TRIGRAPH, "a trigraph"), (_UNIVERSAL, "a universal character")):
            if match := pattern.search(line):
                message = f"'{match.group()}' is {what}, which C reads as something else."
                yield Finding(path, number, "c.disguise", message, "Write the character itself.")


def _words(file: _File) -> Iterator[Finding]:
    for token, after in _with_next(file.source.tokens):
        for ban in BANS:
            if token.text in ban.words or (token.text in ban.calls and after == "("):
                message = f"'{token.text}' {ban.what}."
                yield file.finding(token.line, ban.rule, message, ban.cure)


def _with_next(tokens: Iterable[Token]) -> Iterator[tuple[Token, str]]:
    """Yield each word with the text of the token after it."""
    for token, after in pairwise((*tokens, Token("mark", "", 0))):
        if token.kind == "word":
            yield token, after.text


def _includes(file: _File) -> Iterator[Finding]:
    own = OWN_HEADERS.get(file.path, frozenset())
    cure = f"Include only {', '.join(f'<{h}>' for h in sorted(HEADERS))}, {', '.join(sorted(own))}."
    for directive in file.source.directives:
        if directive.name != "include":
            continue
        name = re.fullmatch(
            r'<([^>"]*)>|"([^"]*)"', re.sub(r"/\*.*?\*/|//.*", "", directive.text).strip()
        )
        if name is None:
            message = "The header's name must stand in the #include itself."
        elif name[1] in HEADERS or name[2] in own:
            continue
        else:
            message = f"'{name[1] or name[2]}' is not a header that this file may include."
        yield file.finding(directive.line, "c.include", message, cure)


def _directives(file: _File) -> Iterator[Finding]:
    guarded = {*PROTOTYPES.get(file.path, ()), *KEYWORDS}
    for directive in file.source.directives:
        line, words = directive.line, directive.words
        if directive.name and directive.name not in DIRECTIVES:
            message = f"'#{directive.name}' changes how the file is compiled."
            yield file.finding(line, "c.directive", message, "The harness chooses the options.")
        if directive.name in ("define", "undef") and words and words[0] in guarded:
            message = f"'{words[0]}' is given another meaning."
            yield file.finding(line, "c.macro", message, "Choose another name for the macro.")
        if directive.name == "undef" and words and words[0].startswith("BW_"):
            message = f"'{words[0]}' belongs to goal.h."
            yield file.finding(line, "c.macro", message, "Use the contract's macros as they are.")
        if directive.name == "define" and "##" in words:
            message = "'##' glues names together, so that they cannot be read."
            yield file.finding(line, "c.paste", message, "Write the names out.")
    for token in file.source.tokens:
        if token.text == "_Pragma":
            message = "'_Pragma' changes how the file is compiled."
            yield file.finding(
                token.line, "c.directive", message, "The harness chooses the options."
            )


def _underscored(file: _File) -> Iterator[Finding]:
    tokens = list(file.source.tokens)
    for at, token in enumerate(tokens):
        if token.text in ATTRIBUTE_WORDS:
            named = _attribute_names(tokens, at + 1)
            if wrong := sorted(named - ATTRIBUTES):
                message = f"The attribute '{wrong[0]}' changes where code stands or when it runs."
                cure = f"Leave it out; allowed are {', '.join(sorted(ATTRIBUTES))}."
                yield file.finding(token.line, "c.attribute", message, cure)
        elif (
            token.kind == "word"
            and token.text.startswith("__")
            and token.text not in UNDERSCORED
            and token.text.strip("_") not in ATTRIBUTES
            and not any(token.text in ban.words for ban in BANS)
        ):
            message = f"'{token.text}' belongs to the compiler."
            yield file.finding(token.line, "c.builtin", message, "Write plain C99.")


def _attribute_names(tokens: list[Token], at: int) -> set[str]:
    """Return the words in the double brackets that begin at a position."""
    names: set[str] = set()
    depth = 0
    for token in tokens[at:]:
        depth += (token.text == "(") - (token.text == ")")
        if depth <= 0:
            break
        if depth == 2 and token.kind in ("word", "string"):
            names.add(token.text.strip("_"))
    return names


def _addresses(file: _File) -> Iterator[Finding]:
    """Find casts to a pointer of what is a number."""
    numbers = {
        directive.words[0]
        for directive in file.source.directives
        if directive.name == "define"
        and len(directive.tokens) > 1
        and any(token.kind == "number" for token in directive.tokens[1:])
    }
    tokens = list(file.source.tokens)
    for at, token in enumerate(tokens):
        if token.text != "*" or at + 1 >= len(tokens):
            continue
        end = at + 1
        while end < len(tokens) and tokens[end].text in ("*", "const", "volatile", "restrict"):
            end += 1
        if end >= len(tokens) or tokens[end].text != ")" or not _is_cast(tokens, at):
            continue
        operand = tokens[end + 1 : end + 4]
        while operand and operand[0].text in ("(", "-", "+", "~"):
            operand = operand[1:]
        first = operand[0] if operand else None
        if first is None or first.text in ("0", "0u", "0U"):
            continue
        if first.kind == "number" or first.text in numbers | INTEGER_TYPES:
            message = "A number is cast to an address."
            yield file.finding(token.line, ADDRESS.rule, message, ADDRESS.cure)


def _is_cast(tokens: list[Token], star: int) -> bool:
    """Say whether the bracket that holds a star begins with a type, as a cast's does."""
    at = star - 1
    while at >= 0 and (tokens[at].kind == "word" or tokens[at].text == "*"):
        at -= 1
    return at >= 0 and tokens[at].text == "(" and at < star - 1


def _linkage(file: _File) -> Iterator[Finding]:
    contract = PROTOTYPES.get(file.path, {})
    for declared in file.declared:
        if declared.kind is Kind.FUNCTION and file.path.endswith(".h") and not declared.internal:
            message = f"'{declared.name}' is defined in a header."
            yield file.finding(declared.line, "c.linkage", message, "Define it in the .c file.")
        elif (
            declared.kind in (Kind.FUNCTION, Kind.VARIABLE)
            and not declared.internal
            and declared.name not in contract
        ):
            message = f"'{declared.name}' is visible to other files, where the name may be taken."
            yield file.finding(
                declared.line, "c.linkage", message, f"Declare '{declared.name}' static."
            )


def _contract(file: _File) -> Iterator[Finding]:
    wanted = PROTOTYPES.get(file.path, {})
    kind = Kind.PROTOTYPE if file.path.endswith(".h") else Kind.FUNCTION
    for name, prototype in wanted.items():
        same = [d for d in file.declared if d.kind is kind and d.name == name]
        if not same:
            verb = "declare" if kind is Kind.PROTOTYPE else "define"
            message = f"The file must {verb} '{prototype}'; it does not."
            yield file.finding(0, "c.prototype", message, f"{verb.capitalize()} '{prototype}'.")
        elif not _pattern(prototype).fullmatch(" ".join(same[0].head)):
            message = f"'{' '.join(same[0].head)}' is not the function that is called."
            yield file.finding(
                same[0].line, "c.prototype", message, f"Its head must be '{prototype}'."
            )
    known = {d.name for d in file.declared} | {
        directive.words[0]
        for directive in file.source.directives
        if directive.name == "define" and directive.words
    }
    provided = PROVIDED.get(file.path, frozenset())
    for token, after in _with_next(file.source.code):
        name = token.text
        if name.startswith("bw_") and after == "(" and name not in known | provided:
            message = f"'{name}' is nothing that this file may call."
            names = ", ".join(sorted(provided)) or "nothing"
            cure = f"The harness runs features and model; provided for this file is {names}."
            yield file.finding(token.line, "c.call", message, cure)


def _pattern(prototype: str) -> re.Pattern[str]:
    """Return what matches the head of a function, whatever its parameters are called."""
    words = [token.text for token in read_c(prototype).code]
    pattern = re.escape(" ".join(words))
    # `T name [ COUNT ]` may as well be `T * name`.
    return re.compile(
        re.sub(
            r"(raw|features|scores)\\ \\\[\\ (\w+)\\ \\\]", r"(?:\\w+ \\[ \2 \\]|\\* \\w+)", pattern
        )
    )
