"""Deliveries for tests: small ones made here, and the recorded ones of an npm package."""

from __future__ import annotations

import copy
import functools
import hashlib
import hmac
import json
import os
from pathlib import Path
from typing import Any

import pytest

SECRET = "It's a Secret to Everybody, and longer"  # noqa: S105
EXAMPLES = "BOARDWRIGHT_WEBHOOK_EXAMPLES"
_PACKAGE = "node_modules/@octokit/webhooks-examples/api.github.com/index.json"
_INSTALLED = Path(__file__).parents[2] / "github" / "emulator" / _PACKAGE

PERSON = {"login": "ada", "id": 7, "type": "User"}
BOT = {"login": "renovate[bot]", "id": 8, "type": "Bot"}
REPOSITORY = {"id": 11, "full_name": "octo-org/fruit_sorter.c", "private": False}


@functools.cache
def recorded() -> tuple[tuple[str, dict[str, Any]], ...]:
    """Return the recorded deliveries as names of events and payloads.

    Source: @octokit/webhooks-examples, MIT; recorded at github.com.
    """
    path = Path(os.environ.get(EXAMPLES) or _INSTALLED)
    if not path.is_file():
        pytest.skip(f"the npm package @octokit/webhooks-examples is not installed at {path}")
    events = json.loads(path.read_text(encoding="utf-8"))
    return tuple((event["name"], example) for event in events for example in event["examples"])


def signed(body: bytes, secret: str = SECRET) -> str:
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def of(action: str, **parts: Any) -> dict[str, Any]:
    """Return a payload with a sender, an installation and a repository, all its own."""
    common = {
        "action": action,
        "sender": PERSON,
        "repository": REPOSITORY,
        "installation": {"id": 3},
    }
    return copy.deepcopy(common | parts)


def issue(**parts: Any) -> dict[str, Any]:
    base = {"number": 5, "title": "Sort fruit", "body": "please", "state": "open", "labels": []}
    return base | parts


def labelled(number: int = 5) -> dict[str, Any]:
    return of("labeled", issue=issue(number=number), label={"name": "tinyml"})


def comment(body: str, **parts: Any) -> dict[str, Any]:
    return of("created", issue=issue(**parts), comment={"id": 21, "body": body, "user": PERSON})


def pull(action: str, head_repository: int | None = 11, **parts: Any) -> dict[str, Any]:
    head = {
        "ref": "boardwright/issue-5-sort-fruit",
        "repo": None if head_repository is None else {"id": head_repository},
    }
    return of(action, pull_request={"number": 6, "merged": False, "head": head}, **parts)
