"""What GitHub says of accounts, labels and issues, wherever it says so.

Source: https://docs.github.com/rest/issues/issues
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

GHOST = "ghost"
"""Whom GitHub shows where an account was deleted."""


class Account(BaseModel):
    """Somebody, or an App."""

    login: str
    id: int = 0
    type: str = "User"


class Label(BaseModel):
    """A label."""

    name: str


class IssueAnswer(BaseModel):
    """An issue, or what a pull request has in common with one."""

    number: int
    title: str
    body: str | None = None
    user: Account | None = None
    labels: list[Label | str] = []
    state: str
    pull_request: object = None
    updated_at: datetime
    html_url: str


def login_of(account: Account | None) -> str:
    """Return the name of an account; a deleted one has GitHub's own."""
    return account.login if account else GHOST
