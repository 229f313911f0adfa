"""What asking language models took: calls, tokens, seconds and money, in words and as sums."""

from __future__ import annotations

from collections.abc import Iterable

from bot.llm.language_model import Usage
from bot.proposal import Asked


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


def money(cost_usd: float | None) -> str:
    """Return an amount in US dollars, or that the price is unknown."""
    if cost_usd is None:
        return "price unknown"
    return f"${cost_usd:.4f}" if cost_usd < 1 else f"${cost_usd:,.2f}"
