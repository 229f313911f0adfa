"""No switch: the board has power as long as the bench has."""

from __future__ import annotations

from dataclasses import dataclass

from hardware_runner.errors import BenchError


@dataclass(frozen=True, slots=True)
class NoSwitch:
    """The power of a board that nothing switches."""

    place: str

    @property
    def is_trusted(self) -> bool:
        """Say no."""
        return False

    def off(self) -> None:
        """Refuse."""
        raise BenchError(
            f"Nothing switches the power of {self.place!r}: unplug it by hand, or put it on a hub "
            'that uhubctl switches and add `power = {kind = "uhubctl", ...}` to bench.toml.'
        )

    def on(self) -> None:
        """Do nothing: it is on."""
