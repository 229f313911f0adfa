"""The engine of one workflow run: in memory, on the real clock, until a person is waited for.

Nothing is recorded: where the run ends, so do its flows, and the next run resumes them from GitHub.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from bot.jobs.durable import Dispatch, Durable, Json, Queue
from bot.jobs.messages import Worked

PERSON_S = 86_400.0
"""Whoever waits as long as this for a message waits for a person."""

Flow = Callable[[Durable, Json], Awaitable[Json]]


@dataclass
class _Job:
    """A job. Its flow begins at once, or, where it was put down, with its first message."""

    only: str
    start: Json
    flow: Flow
    inbox: asyncio.Queue[Json] = field(default_factory=asyncio.Queue)
    seen: set[str] = field(default_factory=set)
    task: asyncio.Task[Json] | None = None
    waits: bool = False

    @property
    def is_over(self) -> bool:
        return self.task is not None and self.task.done()

    @property
    def is_quiet(self) -> bool:
        idle = self.task is None or self.waits
        return self.is_over or (idle and self.inbox.empty())


class RunEngine:
    """Runs deliveries and jobs. `deliver`, `job` and `work` are as in `bot.jobs.engine.Flows`."""

    def __init__(
        self,
        deliver: Callable[[Dispatch, Json], Awaitable[Json]],
        job: Flow,
        work: Callable[[str, Json], Awaitable[Json]],
    ) -> None:
        self._deliver, self._job, self._work = deliver, job, work
        self._jobs: dict[str, _Job] = {}
        self._children: dict[str, asyncio.Task[None]] = {}
        self._stirred = asyncio.Event()

    async def deliver(self, delivery: str, event: Json) -> Json:
        """Bring an event to where it belongs; return what came of that, not of the work."""
        return await self._deliver(self.run(delivery), event)

    def run(self, name: str) -> Dispatch:
        """Return what a flow with this name may ask of the engine."""
        return _Run(self, name)

    def put_down(self, name: str, only: str, flow: Flow) -> None:
        """Take in a job that waits; its flow begins when a message comes for it."""
        self._jobs[name] = _Job(only, None, flow)

    async def rest(self) -> None:
        """Return when all jobs ended or wait for a person; raise what a flow raised."""
        while not self._is_quiet():
            self._stirred.clear()
            await self._stirred.wait()
        for job in self._jobs.values():
            if job.task is not None and job.task.done():
                job.task.result()

    async def stop(self) -> None:
        """End whatever still waits or works."""
        tasks = [job.task for job in self._jobs.values() if job.task is not None]
        everything = [*tasks, *self._children.values()]
        for task in everything:
            task.cancel()
        await asyncio.gather(*everything, return_exceptions=True)

    def _is_quiet(self) -> bool:
        working = any(not task.done() for task in self._children.values())
        return not working and all(job.is_quiet for job in self._jobs.values())

    def stir(self, _: object = None) -> None:
        """Look again whether anything moves."""
        self._stirred.set()

    def job(self, name: str) -> _Job:
        """Return a job."""
        return self._jobs[name]

    def living(self, prefix: str) -> list[str]:
        """Return the jobs that have not ended."""
        return [n for n, job in self._jobs.items() if n.startswith(prefix) and not job.is_over]

    def begin(self, name: str, only: str, start: Json) -> str:
        """Start a job unless one with the same `only` lives."""
        for other, job in self._jobs.items():
            if job.only == only and not job.is_over:
                return other
        self._jobs[name] = job = _Job(only, start, self._job)
        self._go(name, job)
        return name

    def send(self, name: str, message: Json, key: str = "") -> None:
        """Put a message into a job's inbox; the same key once."""
        job = self._jobs.get(name)
        if job is None or job.is_over or key in job.seen:
            return
        if key:
            job.seen.add(key)
        job.inbox.put_nowait(message)
        if job.task is None:
            self._go(name, job)
        self.stir()

    def start_child(self, child: str, parent: str, task: Json) -> None:
        """Begin a piece of work."""
        self._children[child] = asyncio.create_task(self._worked(child, parent, task))
        self._children[child].add_done_callback(self.stir)

    def child(self, name: str) -> asyncio.Task[None] | None:
        """Return a piece of work."""
        return self._children.get(name)

    def _go(self, name: str, job: _Job) -> None:
        job.task = asyncio.ensure_future(job.flow(self.run(name), job.start))
        job.task.add_done_callback(self.stir)

    async def _worked(self, child: str, parent: str, task: Json) -> None:
        result = await self._work(child, task)
        self.send(parent, Worked(child=child, result=result).model_dump(mode="json"))


class _Run:
    """One run of a flow on the engine."""

    def __init__(self, engine: RunEngine, name: str) -> None:
        self._engine, self._name = engine, name

    @property
    def id(self) -> str:
        return self._name

    async def step(self, name: str, call: Callable[[], Json]) -> Json:
        return await asyncio.to_thread(call)

    async def receive(self, timeout_s: float) -> Json:
        job = self._engine.job(self._name)
        if not job.inbox.empty():
            return job.inbox.get_nowait()
        job.waits = timeout_s >= PERSON_S
        self._engine.stir()
        try:
            async with asyncio.timeout(timeout_s):
                return await job.inbox.get()
        except TimeoutError:
            return None
        finally:
            job.waits = False

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def start(self, child: str, queue: Queue, partition: str, task: Json) -> None:
        self._engine.start_child(child, self._name, task)

    async def cancel(self, child: str) -> None:
        if task := self._engine.child(child):
            task.cancel()

    async def is_over(self, child: str) -> bool:
        task = self._engine.child(child)
        return task is None or task.done()

    async def tell(self, state: dict[str, Json]) -> None:
        """Show nothing: here is no list of jobs."""

    async def live(self, prefix: str) -> list[str]:
        return self._engine.living(prefix)

    async def begin(self, name: str, only: str, start: Json) -> str:
        return self._engine.begin(name, only, start)

    async def send(self, name: str, message: Json, key: str) -> None:
        self._engine.send(name, message, key)

    async def told(self, name: str) -> dict[str, Json]:
        return {}

    async def hide(self, prefix: str, installation_id: int | None) -> None:
        """Hide nothing: here is no list of jobs."""
