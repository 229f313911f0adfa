"""Condition: what is remembered of a place between runs, in files beside its lock.

A wedged place is refused until somebody proved that its board answers again. The counters inform
people: a board that fails one run in twenty is seen here, and nowhere else.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hardware_runner.atomic import write_text
from hardware_runner.report import RunOutcome, RunReport

_REASON_CHARS = 500


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class Wedged(_Frozen):
    """Since when a place is given up, why, and what was tried."""

    since: datetime
    reason: str
    tried: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"wedged since {self.since:%Y-%m-%d %H:%M} UTC: {self.reason}"


class History(_Frozen):
    """How the runs of a place ended, and the last of them."""

    runs: int = Field(default=0, ge=0)
    infrastructure: int = Field(default=0, ge=0, description="runs that the bench spoilt")
    recovered: int = Field(default=0, ge=0, description="runs that needed the ladder and went on")
    last_outcome: RunOutcome | None = None
    last_reason: str = ""
    last_ended: datetime | None = None


def wedged(place: str, folder: Path) -> Wedged | None:
    """Return why a place is given up, or None. A marker that cannot be read is one, too."""
    marker = _marker(folder, place)
    try:
        return Wedged.model_validate_json(marker.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValidationError):
        return Wedged(since=datetime.now(UTC), reason=f"the marker {marker} cannot be read")


def wedge(place: str, folder: Path, reason: str, tried: tuple[str, ...] = ()) -> None:
    """Mark a place as given up; the first reason stays."""
    if not _marker(folder, place).exists():
        mark = Wedged(since=datetime.now(UTC), reason=reason[:_REASON_CHARS], tried=tried)
        write_text(_marker(folder, place), mark.model_dump_json(indent=1) + "\n")


def clear(place: str, folder: Path) -> None:
    """Take the mark away."""
    _marker(folder, place).unlink(missing_ok=True)


def history(place: str, folder: Path) -> History:
    """Return what is remembered of a place; nothing where it was never used."""
    try:
        return History.model_validate_json(_past(folder, place).read_bytes())
    except (OSError, ValidationError):
        return History()


def remember(place: str, folder: Path, report: RunReport, recoveries: int) -> None:
    """Count a run. Whoever calls it holds the place's lease."""
    past = history(place, folder)
    spoilt = report.outcome is RunOutcome.INFRASTRUCTURE
    now = History(
        runs=past.runs + 1,
        infrastructure=past.infrastructure + spoilt,
        recovered=past.recovered + (recoveries > 0 and not spoilt),
        last_outcome=report.outcome,
        last_reason=report.reason[:_REASON_CHARS],
        last_ended=datetime.now(UTC),
    )
    write_text(_past(folder, place), now.model_dump_json(indent=1) + "\n")


def _marker(folder: Path, place: str) -> Path:
    return folder / f"{place}.wedged.json"


def _past(folder: Path, place: str) -> Path:
    return folder / f"{place}.history.json"
