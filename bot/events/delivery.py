"""From a delivery to what it says: signature, then payload, then an event or why it is none."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from bot.events import access, checks, issues, pulls, runs
from bot.events.event import Event, Sender
from bot.events.heeded import Heeded, Ignored, sender_of
from bot.events.payload import Payload

MAX_BODY_BYTES = 25 * 1024 * 1024
"""Source: https://docs.github.com/webhooks/webhook-events-and-payloads, no more than 25 MB."""

_SIGNATURE = re.compile(r"sha256=[0-9a-f]{64}")
_DELIVERY_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,63}")

_Reader = Callable[[str, Sender, Payload, Heeded], Event | Ignored]
_READERS: Mapping[str, _Reader] = MappingProxyType(
    {
        "issues": issues.issue,
        "issue_comment": issues.issue_comment,
        "pull_request": pulls.pull,
        "pull_request_review": pulls.review,
        "check_run": checks.check_run,
        "check_suite": checks.check_suite,
        "workflow_run": runs.workflow_run,
        "repository": access.repository,
        "installation": access.app,
        "installation_repositories": access.app_repositories,
    }
)
HEEDED_EVENTS = tuple(_READERS)
"""The events that an App subscribes to, by their names at GitHub."""


def looks_signed(signature: str) -> bool:
    """Say whether a header could be a signature; what cannot need not be read further."""
    return _SIGNATURE.fullmatch(signature) is not None


def is_signed(body: bytes, signature: str, secret: bytes) -> bool:
    """Say whether the header `X-Hub-Signature-256` is right for a raw body, in constant time.

    Source: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries.
    """
    right = "sha256=" + hmac.digest(secret, body, "sha256").hex()
    return hmac.compare_digest(right.encode(), signature.encode("utf-8", "replace"))


def is_delivery_id(value: str) -> bool:
    """Say whether the header `X-GitHub-Delivery` can name a delivery."""
    return _DELIVERY_ID.fullmatch(value) is not None


def read(name: str, body: bytes, heeded: Heeded) -> Event | Ignored:
    """Read a delivery whose signature is right.

    Bots start nothing and say nothing; an issue that a bot closes is closed all the same.

    Args:
        name: the header `X-GitHub-Event`.
        body: raw.
        heeded: what counts.

    Raises:
        Malformed: it is not what GitHub sends.
    """
    payload = Payload.parse(body)
    reader = _READERS.get(name)
    if reader is None:
        return Ignored("Nothing is done about events of this kind.")
    action = payload.word("action")
    sender = sender_of(payload)
    return reader(action, sender, payload, heeded)
