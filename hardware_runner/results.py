"""Results: what a bench measured of one commit, as a value that travels as an artifact.

Whoever reads it from an artifact treats it as hostile: accuracy is never in it, because it is
computed from `scores` and the held-out labels by whoever holds those.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hardware_runner.report import RunReport

RESULTS_FILE = "boardwright-results.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Measured(_Frozen):
    """The report of one board, and where it was made."""

    place: str = Field(max_length=40)
    recoveries: tuple[str, ...] = Field(
        default=(), max_length=20, description="what brought the board back, in order"
    )
    seconds: float = Field(ge=0, le=1e6, description="from the lease to its end")
    report: RunReport


class Results(_Frozen):
    """What was asked of a bench, and what came of it: one entry for each board asked for."""

    schema_version: Literal[1] = 1
    bench: str = Field(max_length=40)
    project: str = Field(max_length=200, description="folder in the repository, tinyml/<name>")
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    bundle_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    started: datetime
    boards: tuple[Measured, ...] = Field(max_length=64)
