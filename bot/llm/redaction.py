"""Redaction: take out of a text whatever is, or looks like, a key."""

from __future__ import annotations

import re
from collections.abc import Iterable

REMOVED = "[removed]"

_SHAPES = re.compile(
    r"""
      \b(?:sk|pk|rk)-[A-Za-z0-9_*-]{12,}                        # OpenAI and its imitators
    | \bgh[opsur]_[A-Za-z0-9]{20,} | \bgithub_pat_[A-Za-z0-9_]{20,}
    | \bglpat-[A-Za-z0-9_-]{16,} | \bxox[abposr]-[A-Za-z0-9-]{10,} | \bhf_[A-Za-z0-9]{20,}
    | \b(?:AKIA|ASIA)[A-Z0-9]{16}\b | \bAIza[A-Za-z0-9_-]{30,}
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}  # JSON web token
    | (?<=Bearer\ )[A-Za-z0-9._~+/=-]{12,}
    | -----BEGIN\ [A-Z ]*PRIVATE\ KEY-----.*?(?:-----END\ [A-Z ]*PRIVATE\ KEY-----|\Z)
    """,
    re.VERBOSE | re.DOTALL,
)
_SHORTEST = 8


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the secrets, and without anything that has the shape of a key."""
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, REMOVED)
    return _SHAPES.sub(REMOVED, text)
