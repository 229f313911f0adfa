"""GitHub, asked over the network: signs in, and opens repositories."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel

from bot.github.access import (
    BENCH_PERMISSIONS,
    PERMISSIONS,
    AppAccess,
    Connection,
    Lease,
    LeasedToken,
    TokenAccess,
)
from bot.github.hub import Refused
from bot.github.remote_hub import RemoteHub
from bot.github.signing import app_auth, token_auth
from bot.github.wire import Wire

_OPEN_MAX = 256  # repositories whose connections are kept


class _Named(BaseModel):
    slug: str


class _Login(BaseModel):
    login: str


class _Installation(BaseModel):
    id: int


class _Token(BaseModel):
    token: str
    expires_at: datetime


class GitHub:
    """Gives access to the repositories that an App is installed in, or that a token opens."""

    def __init__(
        self, access: AppAccess | TokenAccess, connection: Connection | None = None
    ) -> None:
        """Keep what is needed to sign in; asks nothing of GitHub yet.

        Raises:
            ValueError: the App's key cannot sign.
        """
        self._connection = connection or Connection()
        self._access = access
        # The App itself writes nothing but requests for tokens, which no limit counts as content.
        spaced = replace(self._connection, seconds_between_writes=0)
        auth = app_auth(access) if isinstance(access, AppAccess) else token_auth(access.token)
        self._self = Wire(spaced, auth)
        self._login: str | None = None
        self._hubs: OrderedDict[tuple[str, int | None], RemoteHub] = OrderedDict()
        self._lock = threading.RLock()

    @property
    def login(self) -> str:
        """Return the name under which the service writes; GitHub is asked for it once."""
        with self._lock:
            if self._login is None:
                self._login = self._ask_login()
            return self._login

    def open(self, full_name: str, installation_id: int | None) -> RemoteHub:
        """Return a repository; asks nothing of GitHub yet."""
        if full_name.count("/") != 1 or not all(full_name.split("/")):
            raise ValueError(f"{full_name!r} is no owner/name")
        key = (full_name.lower(), installation_id)
        with self._lock:
            hub = self._hubs.pop(key, None) or self._new(full_name, installation_id)
            self._hubs[key] = hub
            if len(self._hubs) > _OPEN_MAX:
                self._hubs.popitem(last=False)
            return hub

    def _new(self, full_name: str, installation_id: int | None) -> RemoteHub:
        if isinstance(self._access, TokenAccess):
            auth = token_auth(self._access.token)
        else:
            leased = LeasedToken(lambda: self._lease(full_name, installation_id))
            auth = token_auth(leased)
        return RemoteHub(self, Wire(self._connection, auth), full_name)

    def _lease(self, full_name: str, installation_id: int | None) -> Lease:
        """Ask for a token that opens this one repository."""
        asked = f"give access to {full_name}"
        if installation_id is None:
            path = f"/repos/{quote(full_name)}/installation"
            installation_id = self._self.get(asked, path, _Installation).id
        path = f"/app/installations/{installation_id}/access_tokens"
        names = [full_name.partition("/")[2]]
        try:
            token = self._token(asked, path, names, PERMISSIONS | BENCH_PERMISSIONS)
        except Refused:  # the App was installed without what a bench needs
            token = self._token(asked, path, names, PERMISSIONS)
        return Lease(token.token, token.expires_at)

    def _token(
        self, asked: str, path: str, names: list[str], permissions: Mapping[str, str]
    ) -> _Token:
        body = {"repositories": names, "permissions": dict(permissions)}
        return self._self.send("POST", asked, path, body, _Token)

    def _ask_login(self) -> str:
        asked = "say under which name Boardwright writes"
        if isinstance(self._access, AppAccess):
            return f"{self._self.get(asked, '/app', _Named).slug}[bot]"
        if self._access.login:
            return self._access.login
        return self._self.get(asked, "/user", _Login).login
