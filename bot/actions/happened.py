"""Happened: what a workflow run was started for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from bot.actions.state import State
from bot.events import event as events

Followed: TypeAlias = (
    events.Labelled | events.Commanded | events.Commented | events.Reviewed | events.Closed
)
"""Events that a workflow run follows."""


@dataclass(frozen=True, slots=True)
class Happened:
    """An event, the issue that it is about, and when that was changed last, as it stood then."""

    event: Followed
    number: int
    changed: datetime | None

    @property
    def comment(self) -> int | None:
        """Return the id of the comment that it is; None where it is none."""
        match self.event:
            case events.Commanded(comment_id=said) | events.Commented(comment_id=said):
                return said
        return None

    def is_known_to(self, state: State) -> bool:
        """Say whether the last run dealt with it, or one before.

        An issue that is opened with a label is two events, and the first of them tells all.
        """
        if self.comment is not None:
            return self.comment <= state.heard
        labelled = isinstance(self.event, events.Labelled)
        return labelled and self.changed is not None and self.changed <= state.begun
