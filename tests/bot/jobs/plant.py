"""A service on the real engine: GitHub here, workers in processes that are killed at will."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from statistics import median

import psycopg

from bot.events.event import Event, Labelled, Place, Reviewed, Sender
from bot.github.fake import FakeGitHub
from bot.github.fake_repository import Remark
from bot.github.hub import Permission, PullRequest
from bot.jobs.client import JobClient
from bot.rendering.live import Live, Phase
from bot.service.intake import JobRow
from tests.bot.jobs.remote import HubServer
from tests.bot.jobs.worker_process import start_worker

REPOSITORY = "octo/Widgets"
ADA = Sender(login="ada", id=1, is_bot=False)
PATIENCE_S = 90.0
AWAY_S = 3.0
_SHUT = 'alter database "{}" allow_connections {}'
_CUT = "select pg_terminate_backend(pid) from pg_stat_activity where datname = %s"


@dataclass(frozen=True, slots=True)
class Step:
    """A moment of a worker: just before, or just after something is done for it."""

    method: str
    done: bool

    def __str__(self) -> str:
        return f"{'after' if self.done else 'before'} {self.method}"


class Plant:
    """GitHub, the database, and any number of workers."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder
        self.github = FakeGitHub()
        self.there = self.github.add(REPOSITORY)
        self.there.roles["ada"] = Permission.WRITE
        self.socket = folder / "github.sock"
        self.workers: dict[str, BaseProcess] = {}
        self.recovered: list[tuple[Step, float]] = []
        """After which kills a worker came again, and how many seconds later."""
        self._started: list[BaseProcess] = []
        self._killed: tuple[Step, float] | None = None
        self._plan: deque[Step] = deque()
        self._cuts: deque[Step] = deque()
        self._lock = threading.Lock()
        self.client = JobClient(url)
        self._server = HubServer(self.github, self.socket, self._around)

    def start(self, name: str = "w1") -> BaseProcess:
        log = self.folder / f"{name}.log"
        self.workers[name] = start_worker(self.url, self.folder / "jobs", self.socket, name, log)
        self._started.append(self.workers[name])
        return self.workers[name]

    def stop(self) -> None:
        """End all workers, twins too: one left behind would take up what the next test begins."""
        with self._lock:  # or a worker that was just killed has its successor started behind us
            self._plan.clear()
            workers = tuple(self._started)
        for worker in workers:
            worker.terminate()
        for worker in workers:
            worker.join(60)
        left = [worker for worker in workers if worker.exitcode is None]
        for worker in left:
            worker.kill()
            worker.join()
        self.client.close()
        self._server.close()
        assert not left, f"asked to end, {len(left)} workers went on\n{self.logs()}"

    def kill(self, name: str = "w1") -> None:
        worker = self.workers[name]
        assert worker.pid is not None
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        assert worker.exitcode == -signal.SIGKILL, "it ended before it was killed"

    def kill_in(self, steps: Iterable[Step]) -> None:
        """Kill the worker in each of these steps, and start it again, one after the other."""
        with self._lock:
            self._plan.extend(steps)

    def cut_in(self, steps: Iterable[Step]) -> None:
        """Let the database, on PostgreSQL, be away for a while in each of these steps."""
        with self._lock:
            self._cuts.extend(steps)

    @property
    def uncut(self) -> tuple[Step, ...]:
        """The steps in which the database was not away yet."""
        with self._lock:
            return tuple(self._cuts)

    @property
    def planned(self) -> tuple[Step, ...]:
        """The steps in which a worker is yet to be killed, and the last where none came again."""
        with self._lock:
            return (*([self._killed[0]] if self._killed else []), *self._plan)

    def _around(self, pid: int, method: str, done: bool) -> bool:
        """Hear what a worker does, and say whether that goes on."""
        with self._lock:
            if pid != self.workers["w1"].pid:
                return pid in {worker.pid for worker in self.workers.values()}
            if self._killed is not None:
                step, at = self._killed
                self.recovered.append((step, time.monotonic() - at))
                self._killed = None
            if self._cuts and self._cuts[0] == Step(method, done):
                self._cuts.popleft()
                self._database(False)
                threading.Timer(AWAY_S, self._database, (True,)).start()
            if not self._plan or self._plan[0] != Step(method, done):
                return True
            self.kill()
            self._killed = self._plan.popleft(), time.monotonic()
            self.start()
            return False

    def _database(self, there: bool) -> None:
        """Let the database be there or not; connections are lost with it."""
        server, _, name = self.url.rpartition("/")
        with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
            connection.execute(_SHUT.format(name, str(there).lower()).encode())
            if not there:
                connection.execute(_CUT, (name,))

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

    def until_killed(self, steps: Sequence[Step]) -> None:
        """Wait until a worker was killed in each of the steps, and came again."""
        for left, step in zip(reversed(range(len(steps))), steps, strict=True):
            self.until(lambda left=left: len(self.planned) <= left, f"a kill {step}")  # type: ignore[misc]

    def told(self) -> str:
        """Return a table of the kills, and how long it took until a worker came again."""
        took: dict[str, list[float]] = {}
        for step, seconds in self.recovered:
            took.setdefault(str(step), []).append(seconds)
        took["all"] = [seconds for _, seconds in self.recovered]
        lines = [
            f"{step:<24}{len(s):>6}{median(s):>9.2f}{max(s):>9.2f}" for step, s in took.items()
        ]
        kind = self.url.partition(":")[0]
        return "\n".join([f"\n{kind:<24} kills  p50 (s)  max (s)", *lines])

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something that other processes bring about."""
        until = time.monotonic() + PATIENCE_S
        while not holds():
            if time.monotonic() > until:
                raise AssertionError(f"{what}: not within {PATIENCE_S} s\n{self.logs()}")
            threading.Event().wait(0.02)

    def logs(self) -> str:
        """Return the ends of what the workers wrote."""
        return "".join(path.read_text()[-3000:] for path in self.folder.glob("*.log"))
