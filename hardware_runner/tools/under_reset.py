"""Under reset: the second try with a chip that does not answer its debug probe."""

from __future__ import annotations

from collections.abc import Callable

from hardware_runner.errors import ToolFailed
from hardware_runner.tools.causes import NO_TARGET


def or_under_reset(call: Callable[[bool], None]) -> None:
    """Make a call, and again with True, to hold the chip's reset, where the chip did not answer.

    A firmware may sleep, or use the debug pins for itself; not while reset is held.

    Raises:
        ToolFailed, and whatever else the call raises.
    """
    try:
        call(False)
    except ToolFailed as error:
        if not str(error).startswith(NO_TARGET):
            raise
        call(True)
