"""Quoting: texts from outside as data in a prompt, in a fence that they cannot close."""

from __future__ import annotations

import json
import re

from bot.request import visible

REQUEST_MAX_CHARACTERS = 6_000
KEPT = "\x1e"
"""Stands before each line end of a fenced text, until the prompt is laid out: none may be lost."""

_ELLIPSIS = "\n[... {left:,} characters left out ...]\n"


def fenced(text: str, what: str = "") -> str:
    """Lay a text out between two rows of backticks, longer than any row in it.

    Args:
        text: anything.
        what: the word after the opening row, such as 'python'.
    """
    shown = text.strip("\n").replace("\n", f"{KEPT}\n")
    longest = max((len(run) for run in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{what}\n{shown}\n{fence}"


def request_words(text: str) -> str:
    """Return what a person asked for, bounded, fenced, and without what a reader cannot see."""
    return fenced(clipped(visible(text), REQUEST_MAX_CHARACTERS), "text")


def quoted(text: str, at_most: int = 200) -> str:
    """Write a short text as a JSON string in one line of ASCII."""
    shown = " ".join(visible(text).split())
    if len(shown) > at_most:
        shown = shown[:at_most] + "..."
    return json.dumps(shown)


def clipped(text: str, at_most: int) -> str:
    """Return a text of bounded length: its beginning and its end, where it is longer."""
    if len(text) <= at_most:
        return text
    half = at_most // 2
    return text[:half] + _ELLIPSIS.format(left=len(text) - 2 * half) + text[-half:]
