"""The service for real, in front of the emulated GitHub: a web server, a worker, a database.

    def test_it_builds(service: Service) -> None:
        issue = service.person("maint").open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
        service.settle()                        # until nobody but a person can go on
        assert "Ready for review" in service.live(issue.number)

GitHub's webhooks are handed on to `/webhook`, signed as they are; the worker asks GitHub over
PyGithub. Only what is slow is otherwise than in service: no pause between writes, queues and
messages are looked at often, a first retry comes after a second, and the work of `bot.work` is done
by tests/bot/jobs/fake_work.py (its docstring tells which words in a request steer it). Server and
worker are started once; each test finds them without jobs.

The jobs lie in SQLite, or in PostgreSQL where BOARDWRIGHT_JOBS_DATABASE says `postgres`; a test
that is marked by `on_both` runs on each.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
import uvicorn
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest
from pydantic import SecretStr

from bot.app import create_app
from bot.events.event import Withdrawn
from bot.github.access import AppAccess, Connection
from bot.github.client import GitHub, RemoteHub
from bot.jobs import durable as durable_module
from bot.jobs import engine as engine_module
from bot.jobs.activities import Activities
from bot.jobs.admission import Admission
from bot.jobs.client import JobClient
from bot.jobs.durable import Durable, Json
from bot.jobs.engine import Engine, EngineSettings, Flows
from bot.jobs.flow import Flow
from bot.jobs.progress import heard
from bot.jobs.task import Done, Task
from bot.jobs.workshop import Workshop, light_outcome
from bot.service.settings import ServiceSettings
from bot.work.outcome import Outcome
from bot.work.told import Told
from tests.bot.jobs import fake_work
from tests.github.emulator.person import Person
from tests.github.emulator.receiver import Delivery
from tests.github.emulator.seed import INSTALLATION_ID, PUBLIC, SECRET
from tests.github.emulator.server import HubServer
from tests.github.tables import Tables
from tests.postgres import Cluster

US = "boardwright[bot]"
CHECK = "Boardwright / evidence"
PATIENCE_S = 60.0
DATABASES = ("sqlite", "postgres")
DATABASE = os.environ.get("BOARDWRIGHT_JOBS_DATABASE", "sqlite")
on_both = pytest.mark.parametrize(
    "_service_parts",
    [None if database == DATABASE else database for database in DATABASES],
    ids=DATABASES,
    indirect=True,
)
"""Marks a test for each database; on the usual one it shares the service with all others."""
_OFTEN_S = 0.1
Work = Callable[[Path, Callable[[Told], None]], Outcome]
"""Plans, builds or revises in a folder, telling what it does."""


@dataclass(frozen=True, slots=True)
class Thread:
    """A review thread: who said what, oldest first."""

    is_resolved: bool
    said: tuple[tuple[str, str], ...]


class _Reconnected:
    """Gives access to whichever GitHub the test has."""

    github: GitHub

    @property
    def login(self) -> str:
        return self.github.login

    def open(self, full_name: str, installation_id: int | None) -> RemoteHub:
        return self.github.open(full_name, installation_id)


class _Watched:
    """A run of a flow that lets be seen whether it waits for a message."""

    def __init__(self, run: Durable, parts: Parts) -> None:
        self._run, self._parts = run, parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self._run, name)

    async def receive(self, timeout_s: float) -> Json:
        if timeout_s > 0:  # else it only looks whether there is one
            self._parts.waiting.add(self._run.id)
        message = await self._run.receive(timeout_s)
        self._parts.waiting.discard(self._run.id)
        self._parts.received += message is not None
        return message


class Parts:
    """Server, worker and database; they outlive the single test."""

    def __init__(self, folder: Path, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._tables = Tables(url)
        self.hubs = _Reconnected()
        self.acts = Activities(self.hubs, folder / "jobs")
        self.held = threading.Event()
        self.in_processes = False
        self.work: Mapping[str, Work] = fake_work.WORK
        self.begun: list[Task] = []
        self.waiting: set[str] = set()
        self.received = 0
        command = (sys.executable, str(Path(fake_work.__file__)))
        self._shop = Workshop(self.acts.folder_of, self.acts.show_progress, command, 0.0)
        _hurry(monkeypatch)
        self.client = JobClient(url)
        self._engine = self._started_engine(url)
        self._server = self._started_server()
        socket = self._server.servers[0].sockets[0]
        self.url = "http://{}:{}".format(*socket.getsockname())

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(30)
        self._engine.stop()
        self.client.close()

    def clear(self) -> None:
        """End all jobs without a word, and forget them and their files."""
        self.held.clear()
        self.in_processes = False
        self.work = fake_work.WORK
        ended = Withdrawn(repositories=(), installation_id=INSTALLATION_ID, reason="the test ended")
        asyncio.run(self.client.store(f"end-{time.monotonic_ns()}", ended))
        until(lambda: not self.living(), "all jobs end", self.state)
        self.client._client.delete_workflows(self._tables.runs())
        self._tables.forget_deliveries()
        shutil.rmtree(self.acts.folder, ignore_errors=True)
        self.begun.clear()
        self.waiting.clear()
        self.received = 0

    def is_idle(self) -> bool:
        """Say whether nothing moves: each delivery is done, each job waits for a person."""
        received = self.received  # first: who receives then no longer waits, or was seen to read
        waiting = set(self.waiting)
        seen = self._tables.seen()
        return (
            seen.read == received
            and all(kind == "job" and name in waiting for kind, name in seen.living)
            and not seen.unread & {name for _, name in seen.living}
        )

    def living(self) -> list[tuple[str, str]]:
        """Return kind and name of what has not ended: deliveries, jobs, pieces of work."""
        return self._tables.seen().living

    def state(self) -> str:
        return f"living: {self.living()}; waiting: {self.waiting}"

    def _started_engine(self, url: str) -> Engine:
        admission, flow = Admission(self.acts), Flow(self.acts)

        async def job(run: Durable, raw: Json) -> Json:
            return await flow.job(_Watched(run, self), raw)

        settings = EngineSettings(url, "w1", builds_at_once=4, plans_at_once=4, poll_s=_OFTEN_S)
        engine = Engine(settings, Flows(admission.deliver, job, self._work))
        engine.start()
        return engine

    async def _work(self, child: str, raw: Json) -> Json:
        task = Task.model_validate(raw)
        self.begun.append(task)
        if self.in_processes:
            return await self._shop.work(child, raw)
        while self.held.is_set():
            await asyncio.sleep(_OFTEN_S)
        folder = self.acts.folder_of(task.repository, task.number)
        live = task.live

        def tell(told: Told) -> None:
            nonlocal live
            live = heard(live, told)

        outcome = await asyncio.to_thread(self.work[task.kind.value], folder, tell)
        fake_work.leave(folder, outcome)
        return Done(outcome=light_outcome(folder), live=live).model_dump(mode="json")

    def _started_server(self) -> uvicorn.Server:
        unused = SecretStr("the web process asks nothing of GitHub")
        settings = ServiceSettings(token=unused, webhook_secret=SecretStr(SECRET))
        app = create_app(settings, self.client, self.client)
        config = uvicorn.Config(app, "127.0.0.1", 0, log_config=None, access_log=False)
        server = uvicorn.Server(config)
        self._thread = threading.Thread(target=server.run, name="web", daemon=True)
        self._thread.start()
        until(lambda: server.started, "the server listens")
        return server


def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the engine look often at what came, and try again soon."""
    configured = engine_module._configuration

    def hurried(settings: EngineSettings) -> Any:
        return {**configured(settings), "notification_listener_polling_interval_sec": _OFTEN_S}

    monkeypatch.setattr(engine_module, "_configuration", hurried)
    monkeypatch.setattr(durable_module, "FIRST_PAUSE_S", 1.0)


def until(
    holds: Callable[[], object],
    what: str,
    told: Callable[[], str] = str,
    patience_s: float = PATIENCE_S,
) -> None:
    """Wait for something that other threads or processes bring about."""
    end = time.monotonic() + patience_s
    while not holds():
        assert time.monotonic() < end, f"{what}: not within {patience_s} s; {told()}"
        threading.Event().wait(_OFTEN_S)


class Service:
    """The service of one test, and what people see of it on GitHub."""

    def __init__(self, parts: Parts, hub: HubServer) -> None:
        self.hub = hub
        self.answers: Counter[int] = Counter()
        self._parts = parts
        access = AppAccess(hub.app_id, hub.private_key)
        parts.hubs.github = GitHub(access, Connection(hub.url, seconds_between_writes=0.0))
        hub.forward(self.hand_on)

    def hand_on(self, delivery: Delivery) -> int:
        """Bring a delivery to the service, as GitHub does; return its answer."""
        url = f"{self._parts.url}/webhook"
        status = requests.post(url, delivery.raw, headers=delivery.headers, timeout=30).status_code
        self.answers[status] += 1
        return status

    def settle(self, patience_s: float = PATIENCE_S) -> None:
        """Wait until nobody but a person can go on."""
        for _ in range(2):
            self.hub.settle()
            rests = self._parts.is_idle
            until(rests, "the service comes to rest", self._parts.state, patience_s)

    @contextmanager
    def working(self) -> Iterator[None]:
        """Let work that begins in the block go on until its end."""
        self._parts.held.set()
        try:
            yield
        finally:
            self._parts.held.clear()

    def until_at_work(self, pieces: int = 1) -> None:
        """Wait until so many pieces of work have begun."""
        until(lambda: len(self._parts.begun) >= pieces, "it is at work", self._parts.state)

    def until_passed_on(self, delivery: Delivery) -> None:
        """Wait until a delivery that was handed on came to its job, if it has one."""
        living = self._parts.living
        until(lambda: ("deliver", delivery.guid) not in living(), "it is passed on")

    def in_processes(self) -> None:
        """Let work be done by processes, as in service."""
        self._parts.in_processes = True

    def works_by(self, work: Mapping[str, Work]) -> None:
        """Let work be done otherwise: by functions of a folder and what is told, by its kind."""
        self._parts.work = work

    def writes(self) -> list[str]:
        """Return what we wrote on GitHub so far, such as `POST /repos/acme/widget/pulls`."""
        return [
            f"{row['method']} {row['path']}"
            for row in self.hub.log()
            if row["actor"] == US
            and row["method"] != "GET"
            and (row["path"] != "/graphql" or "mutation" in str(row["body"]))
        ]

    def until_shown(self, holds: Callable[[str], bool], what: str) -> None:
        """Wait until the status page, which may be two seconds old, is as it should be."""
        until(lambda: holds(requests.get(self._parts.url, timeout=30).text), what)

    @property
    def works(self) -> int:
        """Return how many pieces of work have begun."""
        return len(self._parts.begun)

    # What people see

    def person(self, login: str, repository: str = PUBLIC) -> Person:
        return self.hub.person(login, repository)

    def merge(self, login: str, number: int) -> None:
        """Let a person declare a pull request ready, and merge it."""
        pull = self.person(login).github.get_repo(PUBLIC).get_pull(number)
        pull.mark_ready_for_review()
        pull.merge()

    def comments(self, number: int, repository: str = PUBLIC) -> list[IssueComment]:
        """Return our comments on an issue or pull request."""
        issue = self.person("owner", repository).repository.get_issue(number)
        return [c for c in issue.get_comments() if c.user.login == US]

    def live(self, number: int, repository: str = PUBLIC) -> str:
        """Return the one comment that tells how the request fares."""
        found = [c.body for c in self.comments(number, repository) if "/live -->" in c.body]
        assert len(found) == 1, "one comment, edited in place"
        return found[0]

    def said(self, number: int) -> list[str]:
        """Return what else we said on an issue."""
        return [c.body for c in self.comments(number) if "/live -->" not in c.body]

    def until_said(self, number: int, answers: int) -> None:
        """Wait for so many comments beside the one that tells how the request fares."""
        until(lambda: len(self.said(number)) >= answers, "it answers", self._parts.state)

    def reactions(self, number: int, comment: int | None = None) -> set[str]:
        """Return how we reacted to an issue, or to a comment on it."""
        issue = self.person("owner").repository.get_issue(number)
        at = issue if comment is None else issue.get_comment(comment)
        return {r.content for r in at.get_reactions() if r.user.login == US}

    def pulls(self, repository: str = PUBLIC) -> list[PullRequest]:
        """Return all pull requests, oldest first, each in full."""
        there = self.person("owner", repository).repository
        found = [there.get_pull(p.number) for p in there.get_pulls("all")]
        return sorted(found, key=lambda pull: pull.number)

    def pull(self) -> PullRequest:
        """Return the one pull request."""
        (found,) = self.pulls()
        return found

    def branches(self) -> set[str]:
        """Return the branches of ours."""
        named = {branch.name for branch in self.person("owner").repository.get_branches()}
        return {name for name in named if name.startswith("boardwright/")}

    def file(self, path: str, ref: str) -> str:
        """Return a file's text at a branch or commit."""
        found = self.person("owner").repository.get_contents(path, ref)
        assert not isinstance(found, list)
        return found.decoded_content.decode()

    def check(self, sha: str) -> Any:
        """Return the one check run of ours at a commit."""
        runs = self.person("owner").repository.get_commit(sha).get_check_runs(check_name=CHECK)
        (found,) = runs
        return found

    def threads(self, number: int) -> list[Thread]:
        """Return the review threads of a pull request."""
        hub = self._parts.hubs.open(PUBLIC, INSTALLATION_ID)
        return [
            Thread(thread.is_resolved, tuple((c.author, c.body) for c in thread.comments))
            for thread in hub.threads(number)
        ]

    def has_ended(self) -> bool:
        """Say whether no job is left that anything could reach."""
        return not any(kind == "job" for kind, _ in self._parts.living())

    def is_untouched(self, number: int, repository: str = PUBLIC) -> bool:
        """Say whether nothing was begun: no comment on how it fares, no branch, no work."""
        told = any("/live -->" in c.body for c in self.comments(number, repository))
        return not told and not self.pulls(repository) and self.works == 0


@pytest.fixture(scope="session")
def _service_parts(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Parts]:
    folder = tmp_path_factory.mktemp("service")
    url = f"sqlite:///{folder}/jobs.sqlite"
    if (getattr(request, "param", None) or DATABASE) == "postgres":
        cluster: Cluster = request.getfixturevalue("postgres")
        url = cluster.fresh()
    with pytest.MonkeyPatch.context() as monkeypatch:
        parts = Parts(folder, url, monkeypatch)
        yield parts
        parts.close()


@pytest.fixture
def service(_service_parts: Parts, hub_server: HubServer) -> Iterator[Service]:
    """Return a service without jobs, which hears of what happens on `hub_server`."""
    made = Service(_service_parts, hub_server)
    yield made
    hub_server.forward(None)
    requests.delete(f"{hub_server.url}/_ctl/faults", timeout=30)
    _service_parts.clear()
    assert not any(status >= 500 for status in made.answers), made.answers
