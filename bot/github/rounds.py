"""Rounds: looks for what GitHub wanted of the service while it was away."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol
from urllib.parse import quote

from pydantic import BaseModel

from bot.github.access import AppAccess, Connection, TokenAccess
from bot.github.issue import Account, IssueAnswer, Label
from bot.github.signing import app_auth, token_auth
from bot.github.wire import Nothing, Wire

MOST_ATTEMPTS = 5
"""A delivery that failed as often as this is left alone."""


@dataclass(frozen=True, slots=True)
class Home:
    """A repository that the service works in."""

    full_name: str
    installation_id: int | None


@dataclass(frozen=True, slots=True)
class Awaiting:
    """An open issue with the label that asks for work, and who put the label there.

    `label_id` tells one labelling from the next; 0 where GitHub keeps no record of it.
    """

    number: int
    title: str
    body: str
    login: str
    person_id: int
    is_bot: bool
    label_id: int


class Rounds(Protocol):
    """What is looked through; all methods raise what those of `Hub` raise."""

    def homes(self) -> tuple[Home, ...]:
        """Return the repositories that the service may work in."""

    def awaiting(self, home: Home, label: str) -> tuple[Awaiting, ...]:
        """Return the open issues with a label."""

    def failed(self, since: datetime) -> tuple[int, ...]:
        """Return the newest attempt of each delivery that never arrived; an App's only.

        Args:
            since: with time zone; GitHub keeps deliveries for three days.
        """

    def redeliver(self, attempt: int) -> None:
        """Let a delivery be sent again."""


class _Happened(BaseModel):
    id: int
    event: str
    actor: Account | None = None
    label: Label | None = None


class _Attempt(BaseModel):
    id: int
    guid: str
    delivered_at: datetime
    status_code: int


class _Installation(BaseModel):
    id: int
    suspended_at: datetime | None = None


class _Repository(BaseModel):
    full_name: str
    archived: bool = False
    has_issues: bool = True


class _Repositories(BaseModel):
    repositories: list[_Repository]


class _Token(BaseModel):
    token: str


class GitHubRounds:
    """GitHub's own lists.

    Source: https://docs.github.com/rest/apps/webhooks, "List deliveries for an app webhook".
    """

    def __init__(self, access: AppAccess | TokenAccess, connection: Connection) -> None:
        self._is_app = isinstance(access, AppAccess)
        self._connection = replace(connection, seconds_between_writes=0)
        auth = app_auth(access) if isinstance(access, AppAccess) else token_auth(access.token)
        self._self = Wire(self._connection, auth)
        self._installed: dict[int | None, Wire] = {None: self._self}

    def homes(self) -> tuple[Home, ...]:
        """Return the repositories that the service may work in."""
        if not self._is_app:
            asked = "list the repositories of the account"
            found = self._self.all(asked, "/user/repos", _Repository)
            return tuple(Home(one.full_name, None) for one in found if _works(one))
        return tuple(self._of_installations())

    def _of_installations(self) -> Iterator[Home]:
        asked = "list where the App is installed"
        for installation in self._self.all(asked, "/app/installations", _Installation):
            if installation.suspended_at is not None:
                continue
            asked = f"list the repositories of installation {installation.id}"
            wire = self._sign_in(installation.id)
            for page in wire.pages(asked, "/installation/repositories", _Repositories):
                for one in filter(_works, page.repositories):
                    yield Home(one.full_name, installation.id)

    def _sign_in(self, installation: int) -> Wire:
        """Return a connection that may read issues; it is made anew for each round."""
        path = f"/app/installations/{installation}/access_tokens"
        body = {"permissions": {"issues": "read", "metadata": "read"}}
        asked = f"give access to installation {installation}"
        token = self._self.send("POST", asked, path, body, _Token).token
        self._installed[installation] = Wire(self._connection, token_auth(token))
        return self._installed[installation]

    def awaiting(self, home: Home, label: str) -> tuple[Awaiting, ...]:
        """Return the open issues with a label."""
        wire = self._installed.get(home.installation_id) or self._sign_in(home.installation_id or 0)
        root = f"/repos/{quote(home.full_name)}/issues"
        asked = f"list the issues of {home.full_name} with the label {label}"
        found = wire.all(asked, root, IssueAnswer, labels=label, state="open")
        issues = (issue for issue in found if issue.pull_request is None)
        return tuple(filter(None, (_awaiting(wire, root, one, label) for one in issues)))

    def failed(self, since: datetime) -> tuple[int, ...]:
        """Return the newest attempt of each delivery that never arrived."""
        if not self._is_app:
            return ()
        attempts: defaultdict[str, list[_Attempt]] = defaultdict(list)
        asked = "list the deliveries"
        for page in self._self.pages(asked, "/app/hook/deliveries", list[_Attempt]):
            for attempt in page:
                attempts[attempt.guid].append(attempt)
            if not page or page[-1].delivered_at < since:
                break
        return tuple(
            max(tried, key=lambda one: one.id).id
            for tried in attempts.values()
            if len(tried) < MOST_ATTEMPTS
            and not any(200 <= one.status_code < 300 for one in tried)
            and any(one.delivered_at >= since for one in tried)
        )

    def redeliver(self, attempt: int) -> None:
        """Let a delivery be sent again."""
        path = f"/app/hook/deliveries/{attempt}/attempts"
        self._self.send("POST", f"send delivery {attempt} again", path, None, Nothing)


def _works(one: _Repository) -> bool:
    return one.has_issues and not one.archived and bool(re.fullmatch(r"[^/]+/[^/]+", one.full_name))


def _awaiting(wire: Wire, root: str, issue: IssueAnswer, label: str) -> Awaiting | None:
    """Return who labelled an issue; who opened it where GitHub keeps no record."""
    asked = f"say who labelled issue {issue.number}"
    happened = wire.all(asked, f"{root}/{issue.number}/events", _Happened)
    labelled = [
        one
        for one in happened
        if one.event == "labeled" and one.label and one.label.name.lower() == label.lower()
    ]
    person = labelled[-1].actor if labelled else issue.user
    if person is None:
        return None
    return Awaiting(
        number=issue.number,
        title=issue.title,
        body=issue.body or "",
        login=person.login,
        person_id=person.id,
        is_bot=person.type != "User",
        label_id=labelled[-1].id if labelled else 0,
    )
