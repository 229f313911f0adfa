"""Task: a piece of work that runs in a process of its own, and what came of it."""

from __future__ import annotations

from enum import Enum

from bot.frozen import Frozen
from bot.rendering.live import Live
from bot.work.outcome import Outcome


class Kind(Enum):
    """What `bot.work` can be told to do."""

    PLAN = "plan"
    BUILD = "build"
    REVISE = "revise"


class Task(Frozen):
    """A piece of work. The rest of what it needs lies in the job's folder."""

    kind: Kind
    repository: str
    installation_id: int | None
    number: int
    live: Live


class Done(Frozen):
    """What came of it, and the comment as it stood at the end."""

    outcome: Outcome
    live: Live
