"""AttachedBoard: a real board with probe and console, as a Machine."""

from __future__ import annotations

from collections.abc import Mapping

from hardware_runner.consoles.line import Line
from hardware_runner.errors import BoardDied
from hardware_runner.machine import Death
from hardware_runner.tools.flasher import Flasher, Image


class AttachedBoard:
    """A board on the bench with a firmware in its flash.

    The steps of a recovery are its methods, from the mildest on: `reopen`, `pulse_reset`,
    `reset`, `reflash`; what follows, power, is the switch's. After any of them the firmware runs
    from its reset, or, after `reopen`, where it was; the conversation starts anew with HELLO.
    All raise BoardTrouble or ToolMissing.
    """

    console: Line
    tools: Mapping[str, str]

    def __init__(self, flasher: Flasher, image: Image, line: Line) -> None:
        self.console = line
        self.tools = {}
        self._flasher = flasher
        self._image = image

    def resume(self) -> None:
        """Reset the board with its console open, unless the flashing has just done so."""
        raise NotImplementedError

    def reopen(self) -> None:
        """Close the console and open it again."""
        raise NotImplementedError

    def pulse_reset(self) -> bool:
        """Reset by a modem line of the console; False where the board has none."""
        raise NotImplementedError

    def reset(self) -> None:
        """Reset by the tool, such as a debug probe."""
        raise NotImplementedError

    def reflash(self) -> None:
        """Write the image again, whatever is in the flash."""
        raise NotImplementedError

    def erase(self) -> None:
        """Erase the firmware, so that nobody finds it."""
        raise NotImplementedError

    def died(self, patience_s: float = 0.0) -> Death | None:
        """Say that the port is gone, or None while it is there."""
        raise NotImplementedError

    def busy_at(self) -> int | None:
        """Return None: a real core is not asked while it runs."""
        return None

    def close(self) -> None:
        """Close the console; the firmware stays."""
        raise BoardDied("not open")
