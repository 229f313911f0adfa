"""The hidden marker by which a text that was published before is found again."""

from __future__ import annotations

from bot.rendering.text import Markdown

# Source: https://github.com/dead-claudia/github-limits ("Body is too long (maximum is 65536 ...)").
BODY_MAX_CHARACTERS = 65_536


def marker(key: str, part: str = "") -> Markdown:
    """Return an HTML comment that names the request and, for a comment, its part.

    HTML allows no `--` inside a comment, so that the second of two hyphens is written `%2D`.
    """
    name = f"{key}/{part}" if part else key
    return Markdown(f"<!-- boardwright:key={name.replace('--', '-%2D')} -->")
