"""Quantities in a request: percent, sizes, times, shapes and lists, as people write them.

Each function takes text and returns a value, or raises ValueError with a sentence of markdown that
says what was found and what would be understood.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from bot.goal import RawType
from bot.rendering.text import code

# In this field a KB is 1,024 bytes: a part "with 64 KB of RAM" has 65,536 bytes.
BYTES_PER_UNIT = {
    "b": 1,
    "byte": 1,
    "bytes": 1,
    "k": 1024,
    "kb": 1024,
    "kib": 1024,
    "kbyte": 1024,
    "kbytes": 1024,
    "m": 1024**2,
    "mb": 1024**2,
    "mib": 1024**2,
}
MS_PER_UNIT = {
    "ms": 1.0,
    "msec": 1.0,
    "millisecond": 1.0,
    "milliseconds": 1.0,
    "s": 1000.0,
    "sec": 1000.0,
    "second": 1000.0,
    "seconds": 1000.0,
    "us": 0.001,
    "\u00b5s": 0.001,
    "\u03bcs": 0.001,
    "microseconds": 0.001,
}

NUMBER = r"(?:\d{1,3}(?:[,_ ]\d{3})+(?:\.\d+)?|\d+[.,]\d+|\.\d+|\d+)"
_AMOUNT = re.compile(rf"(?P<sign>[-\u2212])?\s*(?P<number>{NUMBER})\s*(?P<unit>%|[^\W\d_]*)")
_BOUND = re.compile(
    r"(?i)^(?:at least|at most|no more than|no less than|more than|less than|under|below|above|"
    r"over|up to|within|max(?:imum)?\.?|min(?:imum)?\.?|[<>=\u2264\u2265~]+)\s*:?\s*"
)
SIZE_MAX_BYTES = 1024**3
_SHAPE = re.compile(r"\b\d+(?:\s*[x\u00d7*]\s*\d+)+\b")
_RANGE = re.compile(r"(?P<first>\d{1,3})\s*(?:-|\u2013|to|\.\.\.?|\u2026)\s*(?P<last>\d{1,3})")


@dataclass(frozen=True, slots=True)
class SampleHint:
    """What a request says of one raw sample; None where it says nothing."""

    shape: tuple[int, ...] | None
    dtype: RawType | None
    unit: str


def number(text: str) -> float:
    """Return a number with `.` or `,` as decimal mark, and groups of three digits joined."""
    text = text.strip()
    if re.fullmatch(r"\d{1,3}(?:[,_ ]\d{3})+(?:\.\d+)?", text):
        text = re.sub("[,_ ]", "", text)
    return float(text.replace(",", "."))


def percent(text: str) -> float:
    """Return a fraction, 0 to 1, from `95 %`, `95` or `0.95`.

    Raises:
        ValueError: no number, not in the range, or `1`, which may mean 1 % or all.
    """
    value, unit = _amount(text, "an accuracy such as `95 %`")
    if unit not in ("", "%", "percent", "pct"):
        raise ValueError(
            f"{code(text)} has the unit {code(unit)}; an accuracy such as `95 %` is understood."
        )
    if not unit and value == 1:
        raise ValueError("`1` may mean 1 % or 100 %.")
    fraction = value if not unit and value < 1 else value / 100
    if fraction > 1:
        raise ValueError(f"{code(text)} is more than 100 %.")
    if fraction <= 0:
        raise ValueError(f"{code(text)} would be met by any model.")
    return fraction


def size_bytes(text: str, default_unit: str = "KB") -> int:
    """Return bytes from `64 KB`, `64`, `65536 bytes` or `1 MB`; 1 KB is 1,024 bytes.

    Raises:
        ValueError: no number, an unknown unit, less than one byte or more than 1 GB.
    """
    value, unit = _amount(text, "a size such as `64 KB`")
    factor = BYTES_PER_UNIT.get(unit or default_unit.lower())
    if factor is None:
        raise ValueError(
            f"{code(text)} has the unit {code(unit)}; bytes, KB and MB are understood."
        )
    size = value * factor
    if size < 1:
        raise ValueError(f"{code(text)} leaves room for nothing.")
    if size > SIZE_MAX_BYTES:
        raise ValueError(f"{code(text)} is more than a microcontroller has.")
    return int(size)


def time_ms(text: str) -> float:
    """Return milliseconds from `20 ms`, `20`, `0.02 s` or `500 us`.

    Raises:
        ValueError: no number, an unknown unit, or no time at all.
    """
    value, unit = _amount(text, "a time such as `20 ms`")
    factor = MS_PER_UNIT.get(unit or "ms")
    if factor is None:
        raise ValueError(f"{code(text)} has the unit {code(unit)}; us, ms and s are understood.")
    if value <= 0:
        raise ValueError(f"{code(text)} leaves no time to answer.")
    return value * factor


def instructions(text: str) -> int | None:
    """Return a count from `50,000 instructions`, or None where the text counts no instructions.

    Raises:
        ValueError: instructions, but not a positive number of them.
    """
    if not re.search(r"(?i)\b[kM]?\s?(?:instructions|instr)\b", text):
        return None
    value, unit = _amount(text, "a count such as `50000 instructions`")
    factor = {"k": 1000, "m": 1_000_000}.get(unit, 1)
    if value * factor < 1:
        raise ValueError(f"{code(text)} leaves no instruction to run.")
    return int(value * factor)


def items(text: str) -> tuple[str, ...]:
    """Return the items of a list: one a line, bulleted, or separated by commas or semicolons.

    `0-9` and `0 to 9` stand for the ten whole numbers.
    """
    if span := _RANGE.fullmatch(text.strip()):
        first, last = int(span["first"]), int(span["last"])
        if first < last:
            return tuple(str(value) for value in range(first, last + 1))
    found: list[str] = []
    for line in text.splitlines():
        bare = re.sub(r"^\s*(?:[-*+]|\d{1,3}[.)])\s+(?:\[[ xX]\]\s+)?", "", line)
        found += [part.strip().strip("`\"'").strip() for part in re.split(r"[,;]", bare)]
    return tuple(dict.fromkeys(part for part in found if part))


def sample_hint(text: str) -> SampleHint:
    """Read what is said of a raw sample: `8 x 8 grey levels, uint8`.

    Raises:
        ValueError: the element type is none that a board is fed with.
    """
    shape = _SHAPE.search(text)
    extents = tuple(int(n) for n in re.findall(r"\d+", shape[0])[:5]) if shape else None
    named = re.search(r"(?i)\b(u?int\d+|float\d*|double)\b", text)
    dtype: RawType | None = None
    if named:
        try:
            dtype = RawType({"float": "float32"}.get(named[1].lower(), named[1].lower()))
        except ValueError:
            raise ValueError(
                f"The element type {code(named[1])} is not known; uint8, int16 and float32 are."
            ) from None
    rest = text.replace(shape[0], "") if shape else text
    rest = re.sub(r"(?i)\b(u?int\d+|float\d*|double)\b", "", rest)
    return SampleHint(extents, dtype, " ".join(rest.split()).strip(" ,;:.()"))


def _amount(text: str, wanted: str) -> tuple[float, str]:
    """Return the one number in a text and the unit after it, in lower case."""
    bare = _BOUND.sub("", text.strip().strip("`*_ "))
    match = _AMOUNT.match(bare)
    if match is None:
        raise ValueError(f"{code(text.strip()[:80])} holds no number; write {wanted}.")
    if match["sign"]:
        raise ValueError(f"{code(text.strip()[:80])} is negative; write {wanted}.")
    if re.search(r"\d", bare[match.end() :]):
        raise ValueError(f"{code(text.strip()[:80])} holds more than one number; write {wanted}.")
    value = number(match["number"])
    if not math.isfinite(value):
        raise ValueError(f"{code(text.strip()[:80])} is too large; write {wanted}.")
    return value, match["unit"].lower()
