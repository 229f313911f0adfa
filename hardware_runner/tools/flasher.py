"""Flasher: a tool that writes a firmware into a board and resets it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from hardware_runner.board import ImageKind


@dataclass(frozen=True, slots=True)
class Image:
    """A firmware as a file that a tool takes; `origin` is where a `bin` belongs."""

    path: Path
    kind: ImageKind
    origin: int


ResetLine = Literal["none", "dtr", "rts"]
"""Which modem line of the board's own port resets it."""


class Flasher(Protocol):
    """One tool, bound to one board by its probe's serial number.

    Every call is bounded. Errors are BoardTrouble with the last lines that the tool said and what
    a person can do, or ToolMissing with the way to install it.
    """

    @property
    def name(self) -> str:
        """Return what bench.toml calls it."""

    @property
    def image(self) -> ImageKind:
        """Return the kind of image that it takes."""

    @property
    def uses_console(self) -> bool:
        """Say whether it speaks over the board's own port: the console is closed meanwhile."""

    @property
    def reset_line(self) -> ResetLine:
        """Return which line of the console resets the board."""

    def version(self) -> str:
        """Return the tool's version, such as "0.12.0"."""

    def flash(self, image: Image) -> None:
        """Write the image, verify where the tool can, and leave the board reset or running."""

    def reset(self) -> None:
        """Reset the board without a change of its flash; as the last step before talking to it."""

    def erase(self) -> None:
        """Erase the firmware, so that nobody finds it; does nothing where that is impossible."""
