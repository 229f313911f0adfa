"""Line: a console that can be closed and opened again."""

from __future__ import annotations

from typing import Protocol

from hardware_runner.console import Console


class Line(Console, Protocol):
    """A console by its place, not by its path: `open` finds it wherever it is now."""

    dtr: bool
    rts: bool

    @property
    def lost(self) -> str:
        """Say why the line is gone for good, or "" while it is there or comes back."""

    @property
    def is_open(self) -> bool:
        """Say whether it was opened and not closed."""

    def open_soon(self) -> None:
        """Open it, trying for a while: a board that was reset shows its port after a moment.

        Raises:
            OSError: it does not open; the text holds why.
            BenchError: two devices could be meant.
        """

    def close(self) -> None:
        """Close it; may be called twice."""
