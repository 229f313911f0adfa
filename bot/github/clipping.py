"""Texts cut to what GitHub takes, without losing the marker by which they are found again."""

from __future__ import annotations

from bot.rendering.marker import BODY_MAX_CHARACTERS

CHECK_TEXT_MAX_CHARACTERS = 65_535
"""Source: https://docs.github.com/rest/checks/runs, `output.summary` and `output.text`."""

_CUT = "\n\n… (cut: GitHub takes no longer text)\n"


def clip(text: str, at_most: int = BODY_MAX_CHARACTERS) -> str:
    """Return a text of at most so many characters that says where it was cut."""
    if len(text) <= at_most:
        return text
    return text[: at_most - len(_CUT)] + _CUT


def marked(text: str, marker: str) -> str:
    """Return the text of a comment or pull request, with its marker and of bounded length."""
    clipped = clip(text)
    if marker in clipped:
        return clipped
    return f"{marker}\n{clip(text, BODY_MAX_CHARACTERS - len(marker) - 1)}"


def same(one: str, other: str) -> bool:
    """Return whether two texts read alike: GitHub may trim them, and browsers send CRLF."""
    return _normal(one) == _normal(other)


def _normal(text: str) -> str:
    return "\n".join(text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))
