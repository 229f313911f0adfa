"""Switch: what cuts and restores the power of a board."""

from __future__ import annotations

from typing import Protocol


class Switch(Protocol):
    """The power of one board. Calls are bounded and raise BoardTrouble or ToolMissing."""

    @property
    def is_trusted(self) -> bool:
        """Say whether it was proven at enrolment that the board goes off."""

    def off(self) -> None:
        """Cut the power."""

    def on(self) -> None:
        """Restore the power; must be tried also after `off` failed."""
