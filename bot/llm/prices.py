"""Prices: what tokens cost, by the published lists that genai-prices carries, or as overridden."""

from __future__ import annotations

from collections.abc import Mapping

from genai_prices import Usage as PricedUsage
from genai_prices import calc_price

from bot.llm.completion import Tokens
from bot.llm.settings import Price

_MILLION = 1_000_000
_CACHE_WRITE = 1.25  # Source: https://developers.openai.com/api/docs/guides/prompt-caching


def cost_usd(
    model: str, tokens: Tokens, overrides: Mapping[str, Price], base_url: str
) -> float | None:
    """Return the price of a call; None where nobody knows it.

    A price of `overrides` goes first. Lists hold for the servers whose addresses they name: the
    same model on a machine of one's own has no list price.
    """
    if (own := overrides.get(model)) is not None:
        cached = own.input if own.cached_input is None else own.cached_input
        fresh = tokens.input - tokens.cached
        return (fresh * own.input + tokens.cached * cached + tokens.output * own.output) / _MILLION
    usage = PricedUsage(
        input_tokens=tokens.input, cache_read_tokens=tokens.cached, output_tokens=tokens.output
    )
    try:
        return float(calc_price(usage, model, provider_api_url=base_url).total_price)
    except (LookupError, ValueError):
        return None


def worst_case_usd(
    model: str, tokens: Tokens, overrides: Mapping[str, Price], base_url: str
) -> float | None:
    """Return the most that a call may cost: the whole prompt is written to the cache."""
    cost = cost_usd(model, tokens, overrides, base_url)
    if cost is None or model in overrides:
        return cost
    output = cost_usd(model, Tokens(0, 0, tokens.output), overrides, base_url) or 0.0
    return (cost - output) * _CACHE_WRITE + output


def most_tokens(*texts: str) -> int:
    """Return a number of tokens that the texts of a prompt cannot exceed.

    A token of a byte-level vocabulary covers at least one byte of UTF-8, so bytes are a bound that
    no tokenizer has to be downloaded for. Messages add a few tokens each.
    Source: https://github.com/openai/tiktoken, 'any text can be encoded'.
    """
    return sum(len(text.encode("utf-8", "surrogatepass")) + 50 for text in texts)
