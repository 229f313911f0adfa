"""What asking language models took: calls, tokens, seconds and money, in words and as sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.llm.language_model import Usage
from bot.proposal import Asked
from bot.rendering.text import Markdown, inline


def total(usages: Iterable[Usage]) -> Usage:
    """Add up; the cost is None where the price of any call is unknown."""
    listed = list(usages)
    costs = [usage.cost_usd for usage in listed]
    known = [cost for cost in costs if cost is not None]
    return Usage(
        model=", ".join(dict.fromkeys(usage.model for usage in listed)),
        calls=sum(usage.calls for usage in listed),
        input_tokens=sum(usage.input_tokens for usage in listed),
        cached_tokens=sum(usage.cached_tokens for usage in listed),
        output_tokens=sum(usage.output_tokens for usage in listed),
        seconds=sum(usage.seconds for usage in listed),
        cost_usd=sum(known) if len(known) == len(costs) else None,
    )


def spent(asked: Asked) -> str:
    """Return in one line who answered, at what cost, and whether it was taken."""
    usage = total(asked.usage)
    verdict = "" if not asked.causes else ", to be mended"
    return f"try {asked.number} by {asked.author}: {figures(usage)}{verdict}"


def figures(usage: Usage) -> str:
    """Return tokens, seconds and money in one line."""
    cached = f" ({usage.cached_tokens:,} cached)" if usage.cached_tokens else ""
    return (
        f"{usage.input_tokens:,}{cached} + {usage.output_tokens:,} tokens, "
        f"{usage.seconds:.1f} s, {money(usage.cost_usd)}"
    )


@dataclass(frozen=True, slots=True)
class AskedRow:
    """One time that a model was asked, as a row of a table."""

    purpose: str
    number: int
    author: str
    tokens: Markdown
    seconds: Markdown
    cost: Markdown
    outcome: Markdown


@dataclass(frozen=True, slots=True)
class AskedTotal:
    """All of them together."""

    calls: int
    figures: Markdown


def asked_rows(asked: Sequence[Asked], at_most: int = 400) -> list[AskedRow]:
    """Lay out what models were asked; `at_most` bounds each text in escaped characters."""
    rows = []
    for one in asked:
        usage = total(one.usage)
        causes = "; ".join(cause for cause in one.causes)
        rows.append(
            AskedRow(
                purpose=one.purpose,
                number=one.number,
                author=inline(one.author, at_most),
                tokens=Markdown(f"{usage.input_tokens:,} + {usage.output_tokens:,}"),
                seconds=Markdown(f"{usage.seconds:.1f}"),
                cost=Markdown(money(usage.cost_usd)),
                outcome=Markdown(f"repair: {inline(causes, at_most)}" if causes else "taken"),
            )
        )
    return rows


def asked_total(asked: Sequence[Asked]) -> AskedTotal:
    """Add up what models were asked."""
    usage = total(usage for one in asked for usage in one.usage)
    return AskedTotal(usage.calls, Markdown(figures(usage)))


def money(cost_usd: float | None) -> str:
    """Return an amount in US dollars, or that the price is unknown."""
    if cost_usd is None:
        return "price unknown"
    return f"{cost_usd:.4f} USD" if cost_usd < 1 else f"{cost_usd:,.2f} USD"
