"""What GitHub's refusals mean for people: the one place where an answer becomes an exception."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from bot.github.hub import HubError, Missing, Refused, Unavailable
from bot.llm.redaction import redact
from bot.rendering.text import plain

_REASON_MAX_CHARACTERS = 300
_SECONDARY_WAIT_S = 60.0  # "wait for at least one minute before retrying"
_LIMITS = re.compile(
    r"(?i)rate limit exceeded|secondary rate limit|abuse detection|submitted too quickly"
    r"|retry your request again later|wait a few minutes"
)
"""Texts by which GitHub says "later" with 403 or 422.

Source: https://docs.github.com/rest/using-the-rest-api/troubleshooting-the-rest-api, and PyGithub
2.10, `Requester.isSecondaryRateLimitError`.
"""


def translate(
    asked: str, status: int, message: str, headers: Mapping[str, str], now: datetime
) -> HubError:
    """Return the exception for an answer of 300 or above.

    Args:
        asked: what was asked, as an infinitive: "write a comment on acme/widget#7".
        status: HTTP's.
        message: GitHub's own words; may be empty.
        headers: of the answer, names in lower case.
        now: by which absolute times are turned into a wait.
    """
    why = reason(message) or f"no reason given (HTTP {status})"
    limited = status in (403, 422) and _LIMITS.search(message)
    told = status == 403 and ("retry-after" in headers or _exhausted(headers))
    if status in (408, 429) or status >= 500 or limited or told:
        wait_s = _retry_after_s(headers, now)
        if wait_s is None and (limited or status == 429):
            wait_s = _SECONDARY_WAIT_S
        return unavailable(asked, f"{why} (HTTP {status})", wait_s)
    if status == 409 and "empty" not in message.lower():
        return unavailable(asked, f"{why} (HTTP {status})")
    if status in (404, 410, 451) or status < 400:
        moved = "it has moved" if status < 400 else why
        return Missing(f"GitHub did not find what it takes to {asked}: {moved}.")
    return refused(asked, why)


def refused(asked: str, why: str) -> Refused:
    """Return the exception that says why GitHub does not do what was asked."""
    return Refused(f"GitHub refused to {asked}: {why.rstrip('.')}.")


def unavailable(asked: str, why: str, retry_after_s: float | None = None) -> Unavailable:
    """Return the exception that says why trying later may do."""
    return Unavailable(f"GitHub could not {asked} just now: {why.rstrip('.')}.", retry_after_s)


def reason(message: str) -> str:
    """Return GitHub's words as one line without secrets."""
    text = redact(plain(message)).rstrip(".")
    if len(text) > _REASON_MAX_CHARACTERS:
        text = text[: _REASON_MAX_CHARACTERS - 1] + "…"
    return text


def _exhausted(headers: Mapping[str, str]) -> bool:
    return headers.get("x-ratelimit-remaining", "").strip() == "0"


def _retry_after_s(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return how long GitHub asks to wait.

    Source: https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api; a date
    instead of seconds is RFC 9110, 10.2.3.
    """
    if value := headers.get("retry-after", "").strip():
        if value.isascii() and value.isdigit():
            return float(value)
        try:
            return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
        except (ValueError, TypeError):
            return None
    reset = headers.get("x-ratelimit-reset", "").strip()
    if _exhausted(headers) and reset.isascii() and reset.isdigit():
        at = datetime.fromtimestamp(min(int(reset), 2**33), UTC)
        return max(0.0, (at - now).total_seconds()) + 1  # when in that second is not said
    return None
