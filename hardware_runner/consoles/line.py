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
        """Say why the line is gone for good, or "" while it is there."""

    def open(self) -> None:
        """Open it. Raises OSError or PortMissing."""

    def close(self) -> None:
        """Close it; may be called twice."""
