"""Progress: how a run tells people what it is doing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from bot.evidence import Evidence, Stage


class Progress(Protocol):
    """Receives what happens during a run, in order."""

    def stage_started(self, stage: Stage) -> None:
        """A stage began."""

    def stage_finished(
        self, stage: Stage, evidence: Sequence[Evidence], seconds: float, resumed: bool
    ) -> None:
        """A stage ended; `resumed` when its result was kept from an earlier, interrupted run."""

    def advanced(self, what: str, done: int, total: int) -> None:
        """`done` of `total` steps of a long piece of work are behind us."""

    def note(self, text: str) -> None:
        """Say one line that a person should read."""


class Silent:
    """Says nothing; for tests and for callers that have nobody to tell."""

    def stage_started(self, stage: Stage) -> None:
        """Ignore it."""

    def stage_finished(
        self, stage: Stage, evidence: Sequence[Evidence], seconds: float, resumed: bool
    ) -> None:
        """Ignore it."""

    def advanced(self, what: str, done: int, total: int) -> None:
        """Ignore it."""

    def note(self, text: str) -> None:
        """Ignore it."""
