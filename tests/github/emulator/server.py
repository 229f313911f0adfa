"""GitHub as a test sees it: people, the app, webhooks, and what can go wrong."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import requests
from github import Auth, Github, GithubIntegration

from tests.github.emulator.person import FAST, Person
from tests.github.emulator.process import Process
from tests.github.emulator.receiver import Delivery, Receiver
from tests.github.emulator.seed import (
    ACTIONS_APP_ID,
    ACTIONS_INSTALLATION_ID,
    APP_ID,
    INSTALLATION_ID,
    PERMISSIONS,
    PUBLIC,
    token_of,
)


class HubServer:
    """A GitHub of the test's own."""

    app_id = APP_ID
    installation_id = INSTALLATION_ID

    def __init__(self, process: Process, receiver: Receiver) -> None:
        self.url = process.url
        self.private_key = process.key
        self.problems: list[str] = []  # of requests that GitHub does not describe
        self._receiver = receiver

    # People and the app

    def person(self, login: str, repository: str = PUBLIC) -> Person:
        """Return owner, maint (write), triager, reader or visitor (none)."""
        return Person(self.url, login, repository)

    def token(self, login: str) -> str:
        """Return the personal token of a person."""
        return token_of(login)

    def app(self, **permissions: str) -> Github:
        """Return PyGithub as the app, with all of its permissions or with those given."""
        auth = Auth.AppAuth(APP_ID, self.private_key)
        granted = permissions or dict(PERMISSIONS)
        installed = auth.get_installation_auth(INSTALLATION_ID, token_permissions=granted)
        return Github(auth=installed, base_url=self.url, **FAST)

    def integration(self) -> GithubIntegration:
        """Return PyGithub as the app itself, by its key."""
        auth = Auth.AppAuth(APP_ID, self.private_key)
        return GithubIntegration(auth=auth, base_url=self.url, **FAST)

    # Webhooks

    def deliveries(self, name: str | None = None) -> list[Delivery]:
        """Return what was delivered so far, in order; `name` as `issues` or `issues.opened`."""
        self.settle()
        found = list(self._receiver.deliveries)
        return [d for d in found if name is None or name in (d.event, d.name)]

    def settle(self) -> None:
        """Wait until everything that happened was delivered."""
        self._control("settle")

    def forward(self, to: Callable[[Delivery], int] | str | None) -> None:
        """Hand deliveries on: to a function that returns a status, to a URL, or to nobody."""
        if isinstance(to, str):
            url = to
            to = lambda d: requests.post(url, d.raw, headers=d.headers, timeout=30).status_code  # noqa: E731
        self._receiver.forward = to

    def answer(self, status: int) -> None:
        """Answer deliveries with a status from now on."""
        self._receiver.status = status

    def emit(self, event: str, payload: Mapping[str, Any], guid: str | None = None) -> None:
        """Deliver any event, signed; the installation is added where the payload has none."""
        self._control("emit", event=event, payload=dict(payload), guid=guid)

    def press(self, check_run_id: int, identifier: str, login: str) -> None:
        """Press a button of a check run."""
        self._control(f"check-runs/{check_run_id}/action", identifier=identifier, login=login)

    def installation(self, action: str, *repositories: str, by: str = "owner") -> None:
        """Let an installation be created, deleted, suspend, unsuspend, added or removed."""
        path = f"installations/{INSTALLATION_ID}/{action}"
        self._control(path, repositories=list(repositories), **{"as": by})

    # Workflows

    def workflow_run(
        self, path: str, event: str = "workflow_run", repository: str = PUBLIC, branch: str = ""
    ) -> int:
        """Let a workflow of the default branch begin to run, and return the run's id.

        Args:
            branch: of which the run is; empty: the default one.
        """
        made = self._control("runs", repository=repository, path=path, event=event, branch=branch)
        return int(made["id"])

    def entitle(self, run: int, title: str) -> None:
        """Let a run be called what its workflow's `run-name` says."""
        self._control(f"runs/{run}/title", title=title)

    def workflow_token(self, **permissions: str) -> str:
        """Return the token of a job that asks for these permissions."""
        auth = Auth.AppAuth(ACTIONS_APP_ID, self.private_key)
        app = GithubIntegration(auth=auth, base_url=self.url, **FAST)
        return app.get_access_token(ACTIONS_INSTALLATION_ID, permissions).token

    def upload(self, run: int, name: str, content: bytes) -> int:
        """Let a job of a run upload a zip file, and return the artifact's id."""
        zipped = base64.b64encode(content).decode()
        made = self._control(f"runs/{run}/artifacts", name=name, zip_base64=zipped)
        return int(made["id"])

    def complete(
        self, run: int, artifacts: Mapping[str, bytes] = {}, conclusion: str = "success"
    ) -> None:
        """Let a workflow run end and leave zip files by name."""
        left = [
            {"name": name, "zip_base64": base64.b64encode(content).decode()}
            for name, content in artifacts.items()
        ]
        self._control(f"runs/{run}/complete", conclusion=conclusion, artifacts=left)

    # What goes wrong

    def fault(
        self,
        match: str,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = None,
        contains: str | None = None,
        delay_ms: int = 0,
        cut: bool = False,
        performed: bool = False,
        after: int = 0,
        times: int = 1,
    ) -> None:
        r"""Let requests fail whose `METHOD /path` matches, such as `^POST .*/comments$`.

        Args:
            match: regular expression.
            status: what GitHub answers; None: what it would.
            headers: of the answer.
            body: of the answer, as JSON.
            contains: only requests whose body holds this, for GraphQL.
            delay_ms: how late it answers.
            cut: only half of the answer comes, then the line is cut.
            performed: GitHub does what was asked, and its answer is lost.
            after: how many such requests pass before.
            times: how many then fail.
        """
        fault = {"match": match, "status": status, "headers": dict(headers or {}), "body": body}
        fault |= {"contains": contains, "delay_ms": delay_ms, "cut": cut, "performed": performed}
        self._control("faults", **fault, after=after, times=times)

    def expire_tokens(self) -> None:
        """Let all tokens of the installation expire."""
        self._control("expire-tokens")

    def limit(self, requests_left: int) -> None:
        """Let the primary rate limit be reached after so many requests."""
        self._control("limit", limit=requests_left)

    def log(self, method: str | None = None, path: str = "") -> list[dict[str, Any]]:
        """Return requests so far: method, path, query, actor, at, status, body."""
        rows: list[dict[str, Any]] = requests.get(f"{self.url}/_ctl/log", timeout=30).json()
        return [r for r in rows if method in (None, r["method"]) and path in r["path"]]

    def _control(self, path: str, /, **fields: object) -> Any:
        answer = requests.post(f"{self.url}/_ctl/{path}", json=fields, timeout=60)
        assert answer.ok, f"the emulator's {path}: {answer.text}"
        return answer.json()
