"""One repository with people in it, in memory or on the emulator, for tests that run on both."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import requests

from bot.github.access import AppAccess, Connection
from bot.github.client import GitHub
from bot.github.fake import FakeGitHub
from bot.github.fake_repository import FakeRepository, Remark
from bot.github.hub import Hub, Permission
from tests.github.emulator.server import HubServer

REPOSITORY = "acme/widget"
PEOPLE = {
    "owner": Permission.ADMIN,
    "maint": Permission.WRITE,
    "triager": Permission.TRIAGE,
    "reader": Permission.READ,
}
STRANGER = "visitor"


@dataclass(frozen=True, slots=True)
class Check:
    """A check run as people see it."""

    name: str
    key: str
    conclusion: str | None
    annotations: tuple[str, ...]


class World(Protocol):
    """What people do and see in the repository; `hub` is the service's view of it."""

    ours: str

    @property
    def hub(self) -> Hub: ...
    def issue(self, login: str, title: str, body: str) -> int: ...
    def say(self, login: str, number: int, body: str) -> None: ...
    def push(self, login: str, branch: str, changed: Mapping[str, bytes | None]) -> str: ...
    def point(self, branch: str, sha: str) -> None: ...
    def delete_branch(self, branch: str) -> None: ...
    def review(self, login: str, number: int, state: str, remarks: Sequence[Remark]) -> int: ...
    def reactions(self, number: int) -> list[tuple[str, str]]: ...
    def requested(self, number: int) -> list[str]: ...
    def checks(self, sha: str) -> list[Check]: ...
    def run(self, path: str, artifacts: Mapping[str, bytes], conclusion: str) -> int: ...
    def dispatched(self) -> list[tuple[str, dict[str, str]]]: ...


@dataclass(frozen=True, slots=True)
class FakeWorld:
    """The repository in memory."""

    github: FakeGitHub
    there: FakeRepository
    ours: str = "boardwright[bot]"

    @property
    def hub(self) -> Hub:
        return self.github.open(REPOSITORY, 777)

    def issue(self, login: str, title: str, body: str) -> int:
        return self.there.add_issue(login, title, body)

    def say(self, login: str, number: int, body: str) -> None:
        self.there.say(login, number, body)

    def push(self, login: str, branch: str, changed: Mapping[str, bytes | None]) -> str:
        return self.there.push(login, branch, changed)

    def point(self, branch: str, sha: str) -> None:
        self.there.point(branch, sha)

    def delete_branch(self, branch: str) -> None:
        self.there.delete_branch(branch)

    def review(self, login: str, number: int, state: str, remarks: Sequence[Remark]) -> int:
        return self.there.add_review(login, number, state, "Please look.", remarks).id

    def reactions(self, number: int) -> list[tuple[str, str]]:
        return sorted(self.there.reactions.get((number, None), set()))

    def requested(self, number: int) -> list[str]:
        return self.there.requested[number]

    def checks(self, sha: str) -> list[Check]:
        return [
            Check(
                c.name,
                c.key,
                c.conclusion.value if c.conclusion else None,
                tuple(a.message for a in c.annotations),
            )
            for c in self.there.checks.values()
            if c.head_sha == sha
        ]

    def run(self, path: str, artifacts: Mapping[str, bytes], conclusion: str) -> int:
        return self.there.run(path, artifacts, conclusion).id

    def dispatched(self) -> list[tuple[str, dict[str, str]]]:
        return [(branch, inputs) for _, branch, inputs in self.there.dispatched]


def fake_world() -> FakeWorld:
    github = FakeGitHub()
    there = github.add(REPOSITORY)
    there.roles.update(PEOPLE)
    there.users.update({*PEOPLE, STRANGER})
    return FakeWorld(github, there)


@dataclass(frozen=True, slots=True)
class RemoteWorld:
    """The repository on an emulator; people act over HTTP, with tokens of their own."""

    url: str
    github: GitHub
    ours: str
    tokens: Mapping[str, str]
    server: HubServer

    @property
    def installation(self) -> int:
        return self.server.installation_id

    @property
    def hub(self) -> Hub:
        return self.github.open(REPOSITORY, self.installation)

    def ask(self, login: str, verb: str, path: str, body: object = None) -> Any:
        answer = requests.request(
            verb,
            f"{self.url}/repos/{REPOSITORY}{path}",
            json=body,
            headers={"Authorization": f"token {self.tokens[login]}"},
            timeout=10,
        )
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def issue(self, login: str, title: str, body: str) -> int:
        made = self.ask(login, "POST", "/issues", {"title": title, "body": body})
        return int(made["number"])

    def say(self, login: str, number: int, body: str) -> None:
        self.ask(login, "POST", f"/issues/{number}/comments", {"body": body})

    def push(self, login: str, branch: str, changed: Mapping[str, bytes | None]) -> str:
        branches = {b["name"]: b["commit"]["sha"] for b in self.ask(login, "GET", "/branches")}
        head = branches.get(branch, branches["main"])
        tree = self.ask(login, "GET", f"/git/commits/{head}")["tree"]["sha"]
        rows = [self._row(login, path, content) for path, content in changed.items()]
        new = self.ask(login, "POST", "/git/trees", {"base_tree": tree, "tree": rows})["sha"]
        body = {"message": "Edit\n", "tree": new, "parents": [head]}
        sha = str(self.ask(login, "POST", "/git/commits", body)["sha"])
        if branch in branches:
            self.point(branch, sha)
        else:
            self.ask(login, "POST", "/git/refs", {"ref": f"refs/heads/{branch}", "sha": sha})
        return sha

    def _row(self, login: str, path: str, content: bytes | None) -> dict[str, str | None]:
        row: dict[str, str | None] = {"path": path, "mode": "100644", "type": "blob", "sha": None}
        if content is not None:
            body = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
            row["sha"] = self.ask(login, "POST", "/git/blobs", body)["sha"]
        return row

    def point(self, branch: str, sha: str) -> None:
        body = {"sha": sha, "force": True}
        self.ask("owner", "PATCH", f"/git/refs/heads/{branch}", body)

    def delete_branch(self, branch: str) -> None:
        self.ask("owner", "DELETE", f"/git/refs/heads/{branch}")

    def review(self, login: str, number: int, state: str, remarks: Sequence[Remark]) -> int:
        event = {"changes_requested": "REQUEST_CHANGES", "approved": "APPROVE"}[state]
        comments = [{"path": r.path, "line": r.line, "body": r.body} for r in remarks]
        body = {"event": event, "body": "Please look.", "comments": comments}
        return int(self.ask(login, "POST", f"/pulls/{number}/reviews", body)["id"])

    def reactions(self, number: int) -> list[tuple[str, str]]:
        found = self.ask("owner", "GET", f"/issues/{number}/reactions")
        return sorted((r["user"]["login"], r["content"]) for r in found)

    def requested(self, number: int) -> list[str]:
        found = self.ask("owner", "GET", f"/pulls/{number}")["requested_reviewers"]
        return [user["login"] for user in found]

    def checks(self, sha: str) -> list[Check]:
        runs = self.ask("owner", "GET", f"/commits/{sha}/check-runs")["check_runs"]
        return [
            Check(
                r["name"],
                r["external_id"],
                r["conclusion"],
                tuple(
                    a["message"]
                    for a in self.ask(
                        "owner", "GET", f"/check-runs/{r['id']}/annotations?per_page=100"
                    )
                ),
            )
            for r in runs
        ]

    def run(self, path: str, artifacts: Mapping[str, bytes], conclusion: str) -> int:
        run = self.server.workflow_run(path)
        self.server.complete(run, artifacts, conclusion)
        return run

    def dispatched(self) -> list[tuple[str, dict[str, str]]]:
        rows = self.server.log("POST", "/dispatches")
        return [(row["body"]["ref"], row["body"]["inputs"]) for row in rows]


def remote_world(server: HubServer, tokens: Mapping[str, str]) -> RemoteWorld:
    access = AppAccess(server.app_id, server.private_key)
    connection = Connection(base_url=server.url, timeout_s=5, seconds_between_writes=0)
    github = GitHub(access, connection)
    return RemoteWorld(server.url, github, github.login, tokens, server)
