"""Durable: what a flow may ask of the engine under it; everything else in a flow is pure."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import Enum
from typing import Any, Protocol, TypeVar

from pydantic import TypeAdapter

from bot.github.hub import HubError, Missing, Refused, Unavailable

Json = dict[str, Any] | list[Any] | str | int | float | bool | None
"""What JSON can say; nothing else is stored."""

_T = TypeVar("_T")

FIRST_PAUSE_S = 5.0
LONGEST_PAUSE_S = 900.0
PATIENCE_S = 2 * 86_400.0
"""GitHub is asked again for two days before a job gives up."""

_log = logging.getLogger(__name__)


class Queue(Enum):
    """Where a piece of work waits for its turn."""

    PLANS = "plans"
    BUILDS = "builds"


class Durable(Protocol):
    """One run of a flow, as its engine sees it. Each call is recorded once and never done again.

    Messages are kept until they are received, also those that came while nobody listened.
    """

    @property
    def id(self) -> str:
        """Return the name of this run, the same after each restart."""

    async def step(self, name: str, call: Callable[[], Json]) -> Json:
        """Do something in a thread and record what it returned; done again where it was cut off."""

    async def receive(self, timeout_s: float) -> Json:
        """Return the next message to this run; None when none came in time."""

    async def sleep(self, seconds: float) -> None:
        """Wait, restarts included."""

    async def start(self, child: str, queue: Queue, partition: str, task: Json) -> None:
        """Queue a piece of work; when it ends it tells so by a message, see `messages.Worked`."""

    async def cancel(self, child: str) -> None:
        """End a piece of work, whether it waits, runs or ended."""

    async def is_over(self, child: str) -> bool:
        """Say whether a piece of work ended, in whichever way."""

    async def tell(self, state: dict[str, Json]) -> None:
        """Let this be what a list of jobs shows about this run."""


class Dispatch(Durable, Protocol):
    """What the flow of one delivery may ask besides."""

    async def live(self, prefix: str) -> list[str]:
        """Return the runs of jobs that have not ended and whose names begin so, oldest first."""

    async def begin(self, name: str, only: str, start: Json) -> str:
        """Start a job unless one with the same `only` lives; return the name of the living one."""

    async def send(self, name: str, message: Json, key: str) -> None:
        """Send a message to a job; the same key is received once."""

    async def told(self, name: str) -> dict[str, Json]:
        """Return what a job last let lists show about it; empty where that was nothing."""

    async def hide(self, prefix: str, installation_id: int | None) -> None:
        """Let no list name the jobs whose names begin so, also those that have ended.

        Args:
            prefix: of the jobs' names.
            installation_id: only jobs of this one; None: all.
        """


async def do(
    durable: Durable, name: str, kind: type[_T] | TypeAdapter[_T], call: Callable[[], _T]
) -> _T:
    """Do something to GitHub as a step, and again for as long as GitHub is unavailable.

    Args:
        durable: the run.
        name: of the step, as it is recorded.
        kind: what `call` returns; it travels as JSON.
        call: finds what an earlier try of the same step did.

    Raises:
        Refused, Missing: GitHub's last word.
        Unavailable: GitHub did not come back within `PATIENCE_S`.
        Broken: our fault.
    """
    adapter = kind if isinstance(kind, TypeAdapter) else TypeAdapter(kind)
    pause, waited = FIRST_PAUSE_S, 0.0
    while True:
        told: Any = await durable.step(name, lambda: _tried(name, adapter, call))
        if "value" in told:
            return adapter.validate_python(told["value"])
        if "pause_s" not in told:
            raise _ERRORS[told["error"]](told["problem"])
        if waited >= PATIENCE_S:
            raise Unavailable(told["problem"])
        seconds = min(max(told["pause_s"] or pause, 1.0), PATIENCE_S)
        await durable.sleep(seconds)
        waited, pause = waited + seconds, min(pause * 2, LONGEST_PAUSE_S)


class Broken(Exception):
    """Something happened in a step that nobody foresaw; the log has it in full."""


_ERRORS: dict[str, type[Exception]] = {"refused": Refused, "missing": Missing, "broken": Broken}


def _tried(name: str, adapter: TypeAdapter[_T], call: Callable[[], _T]) -> Json:
    """Return what came of one try as a value, so that a replay meets exactly the same."""
    try:
        return {"value": adapter.dump_python(call(), mode="json")}
    except Unavailable as error:
        _log.warning("%s: GitHub is unavailable: %s", name, error.problem)
        return {"pause_s": error.retry_after_s, "problem": error.problem}
    except Missing as error:
        return {"error": "missing", "problem": error.problem}
    except HubError as error:
        return {"error": "refused", "problem": error.problem}
    except Exception as error:
        _log.exception("%s failed", name)
        return {"error": "broken", "problem": type(error).__name__}
