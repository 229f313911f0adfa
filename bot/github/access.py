"""How the service shows GitHub who it is: as an App, or with a token."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

GITHUB_COM = "https://api.github.com"

PERMISSIONS = {
    "contents": "write",
    "issues": "write",
    "pull_requests": "write",
    "checks": "write",
    "metadata": "read",
}
"""What an installation token may do; always named, as a token without them may do all or nothing.

Source: https://docs.github.com/rest/authentication/permissions-required-for-github-apps
"""

BENCH_PERMISSIONS = {"actions": "write"}
"""What results of a bench need besides: artifacts are read, and a measurement is started.

Asked for first, and left out where the App was not granted it.
"""

_BEFORE_EXPIRY = timedelta(minutes=2)  # longer than any request takes; a token lives one hour


@dataclass(frozen=True, slots=True)
class Connection:
    """Where GitHub is, and how it is asked.

    Attributes:
        base_url: of the REST interface; of GitHub Enterprise: `https://HOST/api/v3`.
        timeout_s: how long GitHub may be silent, at connecting and between two pieces of an answer.
        seconds_between_writes: for each repository, in each process.
            Source: https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api
    """

    base_url: str = GITHUB_COM
    timeout_s: int = 20
    seconds_between_writes: float = 1.0


@dataclass(frozen=True, slots=True)
class AppAccess:
    """A GitHub App. `private_key` is a text in PEM form."""

    app_id: int
    private_key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class TokenAccess:
    """A token of a person, or of a workflow.

    `login` is under which name it writes; None where GitHub may be asked, which a workflow's token
    may not: there it is `github-actions[bot]`.
    """

    token: str = field(repr=False)
    login: str | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """A token and when it ends."""

    token: str = field(repr=False)
    expires_at: datetime


def _utc_now() -> datetime:
    return datetime.now(UTC)


class LeasedToken:
    """A token that is fetched when it is first needed, kept, and fetched anew before it ends."""

    def __init__(self, fetch: Callable[[], Lease], now: Callable[[], datetime] = _utc_now) -> None:
        self._fetch = fetch
        self._now = now
        self._lease: Lease | None = None
        self._lock = threading.Lock()

    def current(self) -> str:
        """Return a token that holds for two minutes at least; raises what fetching raises."""
        with self._lock:
            if self._lease is None or self._lease.expires_at - self._now() < _BEFORE_EXPIRY:
                self._lease = self._fetch()
            return self._lease.token

    def forget(self) -> bool:
        """Drop the token that GitHub no longer takes; return whether there was one."""
        with self._lock:
            held, self._lease = self._lease, None
            return held is not None
