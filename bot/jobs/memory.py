"""The engine in memory: the same promises for as long as the process lives, on a clock of its own.

It runs jobs until nothing moves any more, and then turns the clock to the next moment at which
somebody stops waiting. A run can be cut off after any step and replayed from its beginning.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from bot.jobs.durable import Dispatch, Durable, Json, Queue
from bot.jobs.messages import Worked

_TURNS = 50


@dataclass
class _Record:
    """All that is kept of a run: what it was started with, its recorded calls, its messages."""

    start: Json
    only: str = ""
    calls: list[tuple[str, Json]] = field(default_factory=list)
    inbox: list[Json] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    state: dict[str, Json] = field(default_factory=dict)
    over: bool = False
    result: Json = None


class Nondeterministic(AssertionError):
    """A replay asked for something else than the first run did."""


class MemoryEngine:
    """Keeps runs and the clock.

    `deliver`, `job` and `work` are as in `engine.Flows`. With `replaying`, every run is begun anew
    before each of its steps, which finds what is not deterministic.
    """

    def __init__(
        self,
        deliver: Callable[[Dispatch, Json], Awaitable[Json]],
        job: Callable[[Durable, Json], Awaitable[Json]],
        work: Callable[[str, Json], Awaitable[Json]],
        replaying: bool = False,
    ) -> None:
        self.now_s = 0.0
        self.jobs: dict[str, _Record] = {}
        self._flows = (deliver, job, work)
        self._replaying = replaying
        self._deliveries: dict[str, _Record] = {}
        self._children: dict[str, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._alarms: list[tuple[float, int, asyncio.Event]] = []
        self._order = itertools.count()
        self._stir: dict[str, asyncio.Event] = {}

    async def store(self, delivery_id: str, event: Json) -> None:
        """Take a delivery in, once."""
        if delivery_id not in self._deliveries:
            self._deliveries[delivery_id] = record = _Record(_copied(event))
            self._spawn(self._go(delivery_id, record, self._flows[0]))

    async def settle(self, work: bool = True) -> None:
        """Run until everybody waits for a message or the clock; without `work`, also for work."""
        quiet = 0
        while quiet < _TURNS:
            before = self._progress()
            await asyncio.sleep(0)
            pending = [task for task in self._tasks if not task.done()]
            if not work or not any(self._is_busy(task) for task in pending):
                quiet = quiet + 1 if self._progress() == before else 0
            else:
                await asyncio.wait(pending, timeout=0.005, return_when=asyncio.FIRST_COMPLETED)
                quiet = 0
        for task in list(self._tasks):
            if task.done():
                self._tasks.discard(task)
                task.result()

    async def advance(self, seconds: float) -> None:
        """Turn the clock on, and let everything happen that falls due."""
        until = self.now_s + seconds
        await self.settle()
        while self._alarms and self._alarms[0][0] <= until:
            self.now_s, _, event = heapq.heappop(self._alarms)
            event.set()
            await self.settle()
        self.now_s = until

    def living(self, prefix: str = "") -> list[str]:
        """Return the jobs that have not ended."""
        return [n for n, job in self.jobs.items() if n.startswith(prefix) and not job.over]

    def _progress(self) -> tuple[int, ...]:
        records = (*self.jobs.values(), *self._deliveries.values())
        return (len(records), *(len(r.calls) + len(r.inbox) + r.over for r in records))

    def _is_busy(self, task: asyncio.Task[Any]) -> bool:
        return task.get_name() == "busy"

    def _spawn(self, going: Any, name: str = "run") -> asyncio.Task[Any]:
        task = asyncio.get_running_loop().create_task(going, name=name)
        self._tasks.add(task)
        return task

    async def _go(self, name: str, record: _Record, flow: Callable[[Any, Json], Any]) -> None:
        while True:
            try:
                record.result = _copied(await flow(_MemoryRun(self, name, record), record.start))
                record.over = True
                return
            except _CutOffError:
                continue

    async def _work(self, child: str, parent: str, task: Json) -> None:
        result = _copied(await self._flows[2](child, task))
        if record := self.jobs.get(parent):
            message = Worked(child=child, result=result).model_dump(mode="json")
            self.put(parent, record, message)

    def put(self, name: str, record: _Record, message: Json) -> None:
        """Put a message into an inbox."""
        record.inbox.append(_copied(message))
        self._stir.setdefault(name, asyncio.Event()).set()

    def begin(self, name: str, only: str, start: Json) -> str:
        """Start a job unless one with the same `only` lives."""
        for other, job in self.jobs.items():
            if other == name or (job.only == only and not job.over):
                return other
        self.jobs[name] = record = _Record(_copied(start), only)
        self._spawn(self._go(name, record, self._flows[1]))
        return name

    async def wait(self, name: str, until_s: float) -> None:
        """Wait for a message or the clock."""
        event = self._stir[name] = asyncio.Event()
        heapq.heappush(self._alarms, (until_s, next(self._order), event))
        await event.wait()

    def start_child(self, child: str, parent: str, task: Json) -> None:
        """Run a piece of work."""
        if child not in self._children:
            self._children[child] = self._spawn(self._work(child, parent, _copied(task)), "busy")

    def cancel_child(self, child: str) -> None:
        """End a piece of work."""
        if (task := self._children.get(child)) and not task.done():
            self._tasks.discard(task)
            task.cancel()

    def child_is_over(self, child: str) -> bool:
        """Say whether a piece of work ended."""
        return child not in self._children or self._children[child].done()


class _CutOffError(BaseException):
    """A run is thrown away, to be replayed."""


class _MemoryRun:
    def __init__(self, engine: MemoryEngine, name: str, record: _Record) -> None:
        self._engine, self._name, self._record = engine, name, record
        self._at = 0

    @property
    def id(self) -> str:
        return self._name

    async def _once(self, what: str, act: Callable[[], Awaitable[Json]]) -> Json:
        """Return what was recorded for this call, or make and record it."""
        calls = self._record.calls
        if self._at < len(calls):
            recorded, value = calls[self._at]
            if recorded != what:
                raise Nondeterministic(f"{self._name}: {what!r} where {recorded!r} was recorded")
            self._at += 1
            return _copied(value)
        value = _copied(await act())
        calls.append((what, value))
        self._at += 1
        if self._engine._replaying:
            raise _CutOffError
        return value

    async def step(self, name: str, call: Callable[[], Json]) -> Json:
        async def act() -> Json:
            return call()

        return await self._once(name, act)

    async def receive(self, timeout_s: float) -> Json:
        until = self._engine.now_s + timeout_s

        async def act() -> Json:
            while not self._record.inbox and self._engine.now_s < until:
                await self._engine.wait(self._name, until)
            return self._record.inbox.pop(0) if self._record.inbox else None

        return await self._once("receive", act)

    async def sleep(self, seconds: float) -> None:
        until = self._engine.now_s + seconds

        async def act() -> Json:
            while self._engine.now_s < until:
                await self._engine.wait(self._name, until)
            return None

        await self._once("sleep", act)

    async def start(self, child: str, queue: Queue, partition: str, task: Json) -> None:
        async def act() -> Json:
            self._engine.start_child(child, self._name, task)
            return None

        await self._once(f"start {child}", act)

    async def cancel(self, child: str) -> None:
        async def act() -> Json:
            self._engine.cancel_child(child)
            return None

        await self._once(f"cancel {child}", act)

    async def is_over(self, child: str) -> bool:
        async def act() -> Json:
            return self._engine.child_is_over(child)

        return bool(await self._once(f"is_over {child}", act))

    async def tell(self, state: dict[str, Json]) -> None:
        async def act() -> Json:
            self._record.state = dict(state)
            return None

        await self._once("tell", act)

    async def live(self, prefix: str) -> list[str]:
        async def act() -> Json:
            return list(self._engine.living(prefix))

        found = await self._once("live", act)
        return [str(name) for name in found] if isinstance(found, list) else []

    async def begin(self, name: str, only: str, start: Json) -> str:
        async def act() -> Json:
            return self._engine.begin(name, only, start)

        return str(await self._once("begin", act))

    async def send(self, name: str, message: Json, key: str) -> None:
        async def act() -> Json:
            record = self._engine.jobs.get(name)
            if record is not None and key not in record.seen:
                record.seen.add(key)
                self._engine.put(name, record, message)
            return None

        await self._once("send", act)

    async def told(self, name: str) -> dict[str, Json]:
        async def act() -> Json:
            record = self._engine.jobs.get(name)
            return dict(record.state) if record is not None else {}

        found = await self._once("told", act)
        return found if isinstance(found, dict) else {}

    async def hide(self, prefix: str, installation_id: int | None) -> None:
        async def act() -> Json:
            for name, job in self._engine.jobs.items():
                start = job.start if isinstance(job.start, dict) else {}
                if name.startswith(prefix) and installation_id in (
                    None,
                    start.get("installation_id"),
                ):
                    job.state["private"] = True
            return None

        await self._once("hide", act)


def _copied(value: Json) -> Json:
    """Return a value as it is read back from a database; refuse what JSON does not have."""
    copied: Json = json.loads(json.dumps(value, allow_nan=False))
    return copied
