"""Workshop: runs `bot.work` for a job, and lets the comment tell how far it is.

The process group ends with the worker, when the job is cancelled, and when its time is over. What
it finished by then is kept in the job's folder, so that the next try goes on from there.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO

from pydantic import ValidationError

from bot.github.hub import HubError, Unavailable
from bot.jobs.durable import Json
from bot.jobs.progress import heard
from bot.jobs.task import Done, Kind, Task
from bot.rendering.live import Live
from bot.work.outcome import OUTCOME, OUTCOME_FILE, Built, Outcome, Stopped
from bot.work.told import TOLD

COMMAND: tuple[str, ...] = (sys.executable, "-m", "bot.work")
BUSY = 75
"""Exit code of `bot.work` where the folder's last user is not gone yet."""

_LIMIT_S: Mapping[Kind, float] = MappingProxyType(
    {Kind.PLAN: 1_800.0, Kind.BUILD: 6 * 3_600.0, Kind.REVISE: 6 * 3_600.0}
)
_LINE_BYTES = 1 << 20
_BUSY_TRIES = 20

_SECRET = (
    *(f"BOARDWRIGHT_{name}" for name in ("PRIVATE_KEY", "WEBHOOK_SECRET", "TOKEN", "DATABASE_URL")),
    "GITHUB_TOKEN",
    "GH_TOKEN",
)
"""How the names of variables begin that a working process is not given."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where work is done.

    Attributes:
        folder_of: returns a job's folder.
        show: lets the comment of a job say something; may raise `HubError`.
        command: before the kind of work and the folder.
        every_s: the comment is edited at most this often.
        limit_s: by kind; then the work is ended.
        busy_s: between two tries where the folder's last user is not gone yet.
    """

    folder_of: Callable[[str, int], Path]
    show: Callable[[Task, Live], None]
    command: Sequence[str] = COMMAND
    every_s: float = 10.0
    limit_s: Mapping[Kind, float] = field(default_factory=lambda: _LIMIT_S)
    busy_s: float = 3.0

    async def work(self, child: str, raw: Json) -> Json:
        """Do a piece of work and return a `Done`; only a cancellation is raised."""
        task = Task.model_validate(raw)
        try:
            done = await self._worked(child, task)
        except Exception:
            _log.exception("%s failed", child)
            done = Done(outcome=_OURS, live=task.live)
        return done.model_dump(mode="json")

    async def _worked(self, child: str, task: Task) -> Done:
        folder = self.folder_of(task.repository, task.number)
        (folder / OUTCOME).unlink(missing_ok=True)
        live, code = task.live, BUSY
        for _ in range(_BUSY_TRIES):
            with (folder / f"{task.kind.value}.log").open("wb") as log:
                running = _Running(self, task, live)
                try:
                    async with asyncio.timeout(self.limit_s[task.kind]):
                        code = await running.run([*self.command, task.kind.value, folder], log)
                except TimeoutError:
                    return Done(outcome=_TOO_LONG, live=running.live)
                live = running.live
            if code != BUSY:
                break
            await asyncio.sleep(self.busy_s)
        if code != 0:
            _log.error("%s ended with %d; see %s", child, code, folder / f"{task.kind.value}.log")
            return Done(outcome=_OURS, live=live)
        return Done(outcome=light_outcome(folder), live=live)


def light_outcome(folder: Path) -> Outcome:
    """Return what came of it, without the parts that are read from the folder when published."""
    outcome = OUTCOME_FILE.validate_json((folder / OUTCOME).read_bytes())
    if isinstance(outcome, Built):
        return outcome.model_copy(update={"summary": "", "lines": ()})
    return outcome


class _Running:
    """One process and what it told so far."""

    def __init__(self, shop: Workshop, task: Task, live: Live) -> None:
        self.live = live
        self._shop, self._task = shop, task
        self._shown = live
        self._not_before = 0.0

    async def run(self, command: Sequence[str | Path], log: IO[bytes]) -> int:
        """Run to the end and return the exit code; no process of the group is left behind."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot.jobs.leash", *map(str, command),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=log,
            start_new_session=True, limit=_LINE_BYTES, env=_environment(),
        )  # fmt: skip
        telling = asyncio.create_task(self._tell())
        try:
            if process.stdout is None:
                raise ValueError("standard output is a pipe")
            async for line in process.stdout:
                self._hear(line)
            return await process.wait()
        finally:
            telling.cancel()
            await asyncio.shield(_ended(process))
            await asyncio.gather(telling, return_exceptions=True)

    def _hear(self, line: bytes) -> None:
        try:
            self.live = heard(self.live, TOLD.validate_json(line))
        except ValidationError:
            _log.warning("not understood: %r", line[:200])

    async def _tell(self) -> None:
        """Let the comment follow, as seldom as is polite, and only where something is new."""
        loop = asyncio.get_running_loop()
        self._not_before = loop.time() + min(self._shop.every_s, 1.0)
        while True:
            await asyncio.sleep(max(self._not_before - loop.time(), 0.05))
            if self.live == self._shown:
                continue
            live = self.live
            self._not_before = loop.time() + self._shop.every_s
            try:
                await asyncio.to_thread(self._shop.show, self._task, live)
                self._shown = live
            except Unavailable as error:
                self._not_before += error.retry_after_s or 60.0
            except HubError as error:
                _log.warning("the comment could not be edited: %s", error.problem)
                self._shown = live


def _environment() -> dict[str, str]:
    """Return this process's environment without what gives access to GitHub or the database."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_SECRET)}


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Slip the leash, and see to it that nobody of the group is left."""
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(12.0):
            await process.wait()
    except TimeoutError:
        _log.warning("process group %d had to be killed", process.pid)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


_OURS = Stopped(
    whose="service",
    problem="The work could not be done; the fault is Boardwright's or the machine's.",
    cure="`/boardwright retry` goes on from the last finished stage. Whoever runs the service "
    "finds the details by the delivery's id.",
    again=True,
)
_TOO_LONG = Stopped(
    whose="service",
    problem="The work took longer than it may, and was ended.",
    cure="`/boardwright plan smaller` asks for a smaller network; `/boardwright retry` goes on "
    "from the last finished stage.",
    again=True,
)
