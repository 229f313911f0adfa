"""A service on the real engine: GitHub here, workers in processes that are killed at will."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from bot.events.event import Event, Labelled, Place, Reviewed, Sender
from bot.github.fake import FakeGitHub
from bot.github.fake_repository import Remark
from bot.github.hub import Permission, PullRequest
from bot.jobs.client import JobClient
from bot.rendering.live import Live, Phase
from bot.service.intake import JobRow
from tests.bot.jobs.remote import HubServer

REPOSITORY = "octo/Widgets"
ROOT = Path(__file__).parents[3]
ADA = Sender(login="ada", id=1, is_bot=False)
PATIENCE_S = 90.0


class Plant:
    """GitHub, the database, and any number of workers."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.github = FakeGitHub()
        self.there = self.github.add(REPOSITORY)
        self.there.roles["ada"] = Permission.WRITE
        self.socket = folder / "github.sock"
        self.workers: dict[str, subprocess.Popen[bytes]] = {}
        self.kills = 0
        self.recovered_s: list[float] = []
        self._killed_at: float | None = None
        self._plan: tuple[str, bool] | None = None
        self._lock = threading.Lock()
        self.client = JobClient(url)
        self._server = HubServer(self.github, self.socket, self._around)

    def start(self, name: str = "w1") -> subprocess.Popen[bytes]:
        command = [
            *(sys.executable, "-m", "tests.bot.jobs.worker_process"),
            *(self.url, str(self.folder / "jobs"), str(self.socket), name),
        ]
        with (self.folder / f"{name}.log").open("ab") as log:
            self.workers[name] = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
        return self.workers[name]

    def stop(self) -> None:
        with self._lock:  # or a worker that was just killed has its successor started behind us
            workers = tuple(self.workers.values())
        for worker in workers:
            worker.send_signal(signal.SIGTERM)
        for worker in workers:
            worker.wait(60)
        self.client.close()
        self._server.close()

    def kill(self, name: str = "w1") -> None:
        os.kill(self.workers[name].pid, signal.SIGKILL)
        self.workers[name].wait()

    def kill_at(self, method: str, done: bool) -> None:
        """Kill the worker when it next calls a method of GitHub, before or after it is done."""
        with self._lock:
            self._plan = (method, done)

    @property
    def armed(self) -> bool:
        return self._plan is not None

    def _around(self, method: str, done: bool) -> None:
        with self._lock:
            if self._killed_at is not None:
                self.recovered_s.append(time.monotonic() - self._killed_at)
                self._killed_at = None
            if self._plan != (method, done):
                return
            self._plan = None
            self.kill()
            self.kills += 1
            self._killed_at = time.monotonic()
            self.start()

    # People

    def label(self, body: str = "Tell fruits apart", delivery: str = "") -> int:
        number = self.there.add_issue("ada", "Three fruits", body, ("tinyml",))
        place = Place(repository=REPOSITORY, installation_id=None, number=number)
        event = Labelled(place=place, sender=ADA, title="Three fruits", body=body)
        self.deliver(delivery or f"label-{number}", event)
        return number

    def review(self, pull: PullRequest, body: str) -> None:
        path = "tinyml/three-fruits/train.py"
        with self.github.lock:
            review = self.there.add_review(
                "ada", pull.number, "changes_requested", "", [Remark(path, 1, body)]
            )
        place = Place(repository=REPOSITORY, installation_id=None, number=pull.number)
        event = Reviewed(
            place=place,
            sender=ADA,
            review_id=review.id,
            state=review.state,
            head_branch=pull.head_branch,
        )
        self.deliver(f"review-{review.id}", event)

    def deliver(self, delivery: str, event: Event) -> None:
        asyncio.run(self.client.store(delivery, event))

    # What is seen

    def jobs(self) -> tuple[JobRow, ...]:
        return asyncio.run(self.client.list(1000))

    def live(self, number: int) -> Live | None:
        ours = [c for c in self.there.comments[number] if "/live -->" in c.body]
        assert len(ours) <= 1, "one comment"
        return Live.model_validate_json(ours[0].body[ours[0].body.index("{") :]) if ours else None

    def pull_of(self, number: int) -> PullRequest | None:
        branch = f"boardwright/issue-{number}-three-fruits"
        found = [p for p in self.there.pulls.values() if p.head_branch == branch]
        assert len(found) <= 1, "one pull request"
        return found[0] if found else None

    def answered(self, pull: PullRequest) -> bool:
        """Say whether all threads of a pull request are settled."""
        return all(thread.is_resolved for thread in self.there.threads[pull.number])

    def until_phase(self, number: int, phase: Phase, revisions: int = 0) -> None:
        def there() -> bool:
            live = self.live(number)
            return live is not None and live.phase is phase and live.revisions == revisions

        self.until(there, f"issue {number} is in {phase.value}")

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something that other processes bring about."""
        until = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > until:
                logs = "".join(p.read_text()[-3000:] for p in self.folder.glob("*.log"))
                raise AssertionError(f"{what}: not within {PATIENCE_S} s\n{logs}")
            threading.Event().wait(0.02)
