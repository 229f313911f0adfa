"""The one comment that tells how a request fares, edited in place."""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel, ConfigDict, Field


class Phase(Enum):
    """Where a job stands."""

    QUEUED = "queued"
    UNDERSTANDING = "understanding"
    ASKING = "asking"  # a person answers
    APPROVING = "approving"  # a person approves the plan
    BUILDING = "building"
    PUBLISHING = "publishing"
    REVIEWING = "reviewing"  # the pull request is there; a person reviews
    REVISING = "revising"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


class StageLine(BaseModel):
    """One line of the checklist."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    state: str = Field(description="waiting, running, done, missed, unproven")
    checks: int = 0
    missed: tuple[str, ...] = ()
    unproven: tuple[str, ...] = ()
    seconds: float = 0.0
    resumed: bool = False


class Live(BaseModel):
    """All that the comment shows. Texts are Markdown where they come from `bot.work.outcome`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str
    phase: Phase
    requested_by: str
    delivery: str = Field(description="id by which logs are found")
    understood: str = ""
    plan: str = ""
    questions: str = ""
    stages: tuple[StageLine, ...] = ()
    notes: tuple[str, ...] = Field(default=(), description="plain text, the newest last")
    cost: str = Field(default="", description="such as '3 calls, 12,345 tokens, $0.02'")
    pull_url: str = ""
    headline: str = ""
    problem: str = ""
    cure: str = ""
    revisions: int = 0
