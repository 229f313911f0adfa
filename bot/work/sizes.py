"""Sizes: whether a remark asks for a smaller or a larger network, in words that leave no doubt."""

from __future__ import annotations

import re

from bot.request import visible
from bot.size import Size

_NETWORK = r"(?:network|model|net|one|it|this|size)"
# What may follow the word: another noun would be what is to be smaller.
_ALONE = r"(?!\s+(?!(?:network|model|net|one|size|version|please|again|now|if|too|still)\b)\w)"
_SMALLER = re.compile(rf"\bsmaller\b{_ALONE}|\bshrink (?:the |this )?{_NETWORK}\b", re.IGNORECASE)
_LARGER = re.compile(
    rf"\b(?:larger|bigger)\b{_ALONE}|\bgrow (?:the |this )?{_NETWORK}\b", re.IGNORECASE
)
_DENIED = re.compile(r"\b(?:no|not|never|nor|why|than|how|what)\b|n't\b", re.IGNORECASE)
_OTHER_THINGS = re.compile(
    r"\b(?:LED|image|picture|sample|window|test|batch|threshold|step|rate|font|plot|table|file|"
    r"function|numbers?|board|data|epochs?)s?\b",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?;])\s+|\n+")


def wished_size(text: str) -> Size | None:
    """Return the size that a remark asks for; None where it speaks of none, or of both.

    A sentence that denies, compares, asks why, or speaks of something else that has a size says
    nothing: what is built from a misunderstanding costs more than an answer that nothing was done.
    """
    found: set[Size] = set()
    for sentence in _SENTENCE.split(visible(text)):
        if _DENIED.search(sentence) or _OTHER_THINGS.search(sentence):
            continue
        if _SMALLER.search(sentence):
            found.add(Size.SMALLER)
        if _LARGER.search(sentence):
            found.add(Size.LARGER)
    return found.pop() if len(found) == 1 else None
