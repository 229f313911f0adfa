"""Machine: a board that was started with a firmware, whatever it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from hardware_runner.board import Verified
from hardware_runner.console import Console


@dataclass(frozen=True, slots=True)
class Death:
    """Why a machine is gone; `by_firmware` where its program did it, and no killer or machine."""

    reason: str
    by_firmware: bool


class Machine(Protocol):
    """A board under power. It stands still until `resume()`, so that nothing it says is lost."""

    console: Console
    tools: Mapping[str, str]  # names and versions of what it is made of

    @property
    def proves(self) -> Verified:
        """Return what a run on it is evidence of: "hardware", "emulator" or "host"."""

    def resume(self) -> None:
        """Let the firmware run from its reset."""

    def died(self, patience_s: float = 0.0) -> Death | None:
        """Say why the machine is gone, or None while it is there; wait so long for its end."""

    def busy_at(self) -> int | None:
        """Return the program counter of a core that runs.

        0 where nothing but its running is known, None where it does not run or cannot be asked.
        """

    def close(self) -> None:
        """Switch it off; nothing stays behind. May be called twice."""
