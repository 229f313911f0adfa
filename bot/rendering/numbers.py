"""Numbers for people: grouped digits, units, limits, intervals."""

from __future__ import annotations

from bot.evidence import Evidence, Relation
from bot.rendering.text import Markdown, inline
from bot.rendering.words import limited

_SIGNS = {
    Relation.AT_LEAST: "at least ",
    Relation.AT_MOST: "at most ",
    Relation.EQUAL: "exactly ",
    Relation.NONE: "",
}
Value = float | int | str | None


def number(value: float | int) -> str:
    """Return a number with grouped digits; fractions keep four significant digits."""
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.1f}"
    text = f"{value:.4g}"
    return text if "e" in text else text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: Value, unit: str, at_most: int = 160) -> Markdown:
    """Return a value with its unit, escaped where it is text."""
    if value is None:
        return Markdown("not measured")
    shown = inline(value, at_most) if isinstance(value, str) else number(value)
    return Markdown(f"{shown} {inline(unit, 40)}" if unit else shown)


def limit(evidence: Evidence) -> Markdown:
    """Return the limit of a claim in words; empty where there is none."""
    if evidence.limit is None or not limited(evidence):
        return Markdown("")
    if isinstance(evidence.limit, str):
        return inline(evidence.limit)
    return Markdown(_SIGNS[evidence.relation] + quantity(evidence.limit, evidence.unit))


def percent(fraction: float) -> Markdown:
    """Return a fraction as a percentage with two decimals at most."""
    return Markdown(f"{number(round(100 * fraction, 2))} %")


def interval(successes: int, n: int) -> Markdown:
    """Return the 95 % Wilson interval of a proportion, in percent."""
    from bot.statistics import wilson_interval  # noqa: PLC0415  (NumPy, which a web process lacks)

    low, high = wilson_interval(successes, n)
    return Markdown(f"{100 * low:.1f} to {100 * high:.1f} %")
