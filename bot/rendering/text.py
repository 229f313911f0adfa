"""Strings from outside as data in Markdown: nothing in them formats, links, mentions or hides.

A value that a template prints is escaped unless it is `Markdown`, which says that it was made here.
"""

from __future__ import annotations

import re
import unicodedata

_ZERO_WIDTH = "&#8203;"
_ELLIPSIS = "…"

# Source: GitHub Flavored Markdown 0.29, 2.4 (backslash escapes) and 6.9 (autolinks, extension).
_BACKSLASHED = frozenset("`*_[]~$")
# A backslash before a pipe is read differently by different parsers of tables; an entity by none.
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "|": "&#124;", "\\": "&#92;"}

# GitHub turns these into links and notifications after Markdown was rendered, so that an entity or
# a backslash does not stop it; a zero-width space after the sign does.
# Source: https://docs.github.com/get-started/writing-on-github (autolinked references and URLs).
_BROKEN = {
    "@": "@" + _ZERO_WIDTH,
    "#": "\\#" + _ZERO_WIDTH,
}
_AUTOLINK = re.compile(r"(?i)(?<=:)//|(?<=www)\.|(?<=GH)-(?=\d)")
_LINE_START = re.compile(r"^(\s*)([-+=>]|\d+(?=[.)]))")
_VARIATION_SELECTORS = range(0xE0100, 0xE01F0)


class Markdown(str):
    """Markdown that is safe to print as it stands."""

    __slots__ = ()


def plain(text: str) -> str:
    """Return the text as one line without characters that a reader would not see."""
    spaced = "".join(" " if c in "\t\n\r\v\f\u2028\u2029" else c for c in text)
    return " ".join("".join(c for c in spaced if _visible(c)).split())


def _visible(character: str) -> bool:
    return (
        unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn")
        and ord(character) not in _VARIATION_SELECTORS
    )


def file_name(text: str) -> str:
    """Return a name of a-z, 0-9 and single '-' for a path, a shell or a marker; never empty."""
    return re.sub("[^a-z0-9]+", "-", text.lower()).strip("-")[:60] or "unnamed"


def inline(text: str, at_most: int = 400) -> Markdown:
    """Escape a string for any place inside a line or a table's cell.

    `at_most` bounds the escaped length, so that a text of bounded size can be promised.
    """
    return Markdown(_clipped(_tokens(plain(_head(text, at_most))), at_most))


def quote(text: str, at_most: int = 1_500) -> Markdown:
    """Escape a string of several lines and lay it out as a block quote."""
    rows = []
    for row in text.splitlines():
        escaped = _clipped(_tokens(plain(_head(row, at_most))), at_most)
        at_most -= len(escaped)
        rows.append("> " + _LINE_START.sub(r"\1&#8203;\2", escaped))
        if at_most <= 0:
            break
    return Markdown("\n".join(rows) or "> ")


def code(text: str, at_most: int = 200) -> Markdown:
    """Lay a string out as a code span that also holds in a table's cell."""
    content = plain(_head(text, at_most)).replace(
        "<!--", "<! --"
    )  # whoever looks for a marker finds ours only
    if len(content) > at_most:
        content = content[: at_most - 1] + _ELLIPSIS
    content = re.sub(r"\\*\|", r"\\|", content)
    longest = max((len(run) for run in re.findall("`+", content)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if content.startswith("`") or content.endswith("`") or not content else ""
    return Markdown(f"{fence}{pad}{content}{pad}{fence}")


def verbatim(text: str, at_most: int = 200) -> Markdown:
    """Return a string as one line of a fenced block, which it cannot close."""
    content = plain(_head(text, at_most)).replace("<!--", "<! --")[:at_most]
    return Markdown(re.sub("`{3,}|~{3,}", "'", content))


def _head(text: str, at_most: int) -> str:
    """Return what can matter of a long text, so that its length costs nothing."""
    enough = 16 * at_most
    return text if len(text) <= enough else text[:enough] + _ELLIPSIS


def _tokens(text: str) -> list[str]:
    breaks = {match.start() for match in _AUTOLINK.finditer(text)}
    return [
        (_ZERO_WIDTH if position in breaks else "") + _escaped(character)
        for position, character in enumerate(text)
    ]


def _escaped(character: str) -> str:
    if character in _BACKSLASHED:
        return "\\" + character
    return _ENTITIES.get(character) or _BROKEN.get(character) or character


def _clipped(tokens: list[str], at_most: int) -> str:
    if sum(map(len, tokens)) <= at_most:
        return "".join(tokens)
    kept: list[str] = []
    room = at_most - 1
    for token in tokens:
        room -= len(token)
        if room < 0:
            break
        kept.append(token)
    return "".join(kept).rstrip() + _ELLIPSIS
