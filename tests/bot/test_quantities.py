from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot import quantities
from bot.goal import RawType
from bot.naming import slug
from bot.quantities import SampleHint


@pytest.mark.parametrize(
    ("text", "fraction"),
    [
        ("95 %", 0.95), ("95", 0.95), ("0.95", 0.95), ("97,5%", 0.975), (">= 95 %", 0.95),
        ("at least 90 percent", 0.9), ("100", 1.0), ("0.5 %", 0.005), ("`95`", 0.95),
        ("\u226595%", 0.95),
    ],
)  # fmt: skip
def test_percent(text: str, fraction: float) -> None:
    assert quantities.percent(text) == pytest.approx(fraction)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("120 %", "more than 100 %"), ("101", "more than 100 %"), ("0", "met by any model"),
        ("1", "1 % or 100 %"), ("-5 %", "negative"), ("good", "no number"), ("95 ms", "unit `ms`"),
        ("90 to 95 %", "more than one number"), ("", "no number"),
    ],
)  # fmt: skip
def test_percent_refuses(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        quantities.percent(text)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("60", 61_440), ("60 KB", 61_440), ("60kB", 61_440), ("60 KiB", 61_440), ("64 k", 65_536),
        ("61440 bytes", 61_440), ("1 MB", 1_048_576), ("0.5 KB", 512), ("< 20 KB", 20_480),
        ("65,536 bytes", 65_536), ("1,5 KB", 1536), ("max. 16 KB", 16_384),
    ],
)  # fmt: skip
def test_size_counts_1024_bytes(text: str, size: int) -> None:
    assert quantities.size_bytes(text) == size


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 KB", "room for nothing"), ("0", "room for nothing"), ("20 ms", "unit `ms`"),
        ("-1 KB", "negative"), ("much", "no number"), ("5 MB and 3 KB", "more than one"),
        ("99999999 MB", "more than a microcontroller"), ("9" * 400, "too large"),
    ],
)  # fmt: skip
def test_size_refuses(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        quantities.size_bytes(text)


@pytest.mark.parametrize(
    ("text", "ms"), [("20 ms", 20), ("20", 20), ("0.02 s", 20), ("500 us", 0.5), ("500 µs", 0.5)]
)
def test_time(text: str, ms: float) -> None:
    assert quantities.time_ms(text) == pytest.approx(ms)


@pytest.mark.parametrize(("text", "said"), [("0 ms", "no time"), ("3 KB", "unit `kb`")])
def test_time_refuses(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        quantities.time_ms(text)


@pytest.mark.parametrize(
    ("text", "count"),
    [("50,000 instructions", 50_000), ("50k instructions", 50_000), ("20 ms", None)],
)
def test_instructions(text: str, count: int | None) -> None:
    assert quantities.instructions(text) == count


@pytest.mark.parametrize(
    ("text", "listed"),
    [
        ("apple, banana; orange", ("apple", "banana", "orange")),
        ("- apple\n- banana", ("apple", "banana")),
        ("1. left\n2. right", ("left", "right")),
        ("`a`, \"b\", 'c'", ("a", "b", "c")),
        ("0-3", ("0", "1", "2", "3")),
        ("0 to 2", ("0", "1", "2")),
        ("a, a, b", ("a", "b")),
        ("class_0, class-1", ("class_0", "class-1")),
        ("", ()),
    ],
)
def test_items(text: str, listed: tuple[str, ...]) -> None:
    assert quantities.items(text) == listed


def test_sample_hint() -> None:
    assert quantities.sample_hint("8 x 8 grey levels, uint8") == SampleHint(
        (8, 8), RawType.UINT8, "grey levels"
    )
    assert quantities.sample_hint("raw counts, 0 to 65535") == SampleHint(
        None, None, "raw counts, 0 to 65535"
    )
    with pytest.raises(ValueError, match="`int32` is not known"):
        quantities.sample_hint("3 int32")


@pytest.mark.parametrize(
    ("texts", "name"),
    [
        (("Fruit by colour",), "fruit-by-colour"),
        (("10 digits",), "project-10-digits"),
        (("水果", "fruit_data"), "fruit-data"),
        (("!?",), "project"),
        (("Größe",), "grosse"),
        (("a" * 60,), "a" * 40),
        (("word " * 20,), "word-word-word-word-word-word-word-word"),
    ],
)
def test_slug(texts: tuple[str, ...], name: str) -> None:
    assert slug(*texts) == name


PARSERS: tuple[Callable[[str], object], ...] = (
    quantities.percent, quantities.size_bytes, quantities.time_ms, quantities.instructions,
    quantities.items, quantities.sample_hint,
)  # fmt: skip
NUMERIC = st.text(alphabet="0123456789.,_ -+eE%KkMmBbsuµxX*<>=\n", max_size=30)


@given(NUMERIC | st.text(max_size=60))
def test_any_text_gives_a_value_or_a_sentence(text: str) -> None:
    for parse in PARSERS:
        try:
            value = parse(text)
        except ValueError as error:
            assert str(error).endswith("."), error
        else:
            assert not isinstance(value, float) or math.isfinite(value)
    assert 1 <= len(slug(text)) <= 40
