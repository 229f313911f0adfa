"""Finding: one thing in authored source that will not do, and what to write instead."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

LARGEST_BYTES = 200_000


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What was found.

    Attributes:
        path: of the file, relative to the project folder.
        line: from 1; 0 where the file as a whole is meant.
        rule: stable identifier: 'python.import'.
        message: what is wrong, in one sentence.
        cure: what to do instead, in one sentence.
    """

    path: str
    line: int
    rule: str
    message: str
    cure: str


def check_text(path: str, text: str) -> Iterator[Finding]:
    """Find what no source may be: too large to be read, or not what it looks like."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > LARGEST_BYTES:
        message = f"The file has {size:,} bytes; {LARGEST_BYTES:,} are allowed."
        yield Finding(path, 0, "source.size", message, "Compute large tables instead.")
    for number, line in enumerate(text.split("\n"), start=1):
        for character in line:
            if unicodedata.category(character) in ("Cf", "Cs", "Co") or (
                unicodedata.category(character) == "Cc" and character not in "\t\r\f"
            ):
                message = f"Here stands the invisible character U+{ord(character):04X}."
                yield Finding(
                    path, number, "source.hidden", message, "Remove it: what is read must be seen."
                )
                break
