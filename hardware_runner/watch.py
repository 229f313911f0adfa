"""Watch: whatever is done with a board ends in its time, or when it is called off.

The thread that works asks by itself, at each read of the console and at each step. Whoever
supervises it asks from outside, and gives it up where it hangs in a tool that never comes back.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from hardware_runner.board import Verified
from hardware_runner.console import Console
from hardware_runner.errors import BoardStuck
from hardware_runner.machine import Death, Machine


class Watch:
    """The bound of what a thread does now.

    Args:
        called_off: Set by whoever wants everything to end.
        grace_s: How much later than the bound the thread is given up.
        now: A clock in seconds that never goes back.
    """

    def __init__(
        self,
        called_off: threading.Event,
        grace_s: float = 5.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._called_off = called_off
        self._given_up = threading.Event()
        self._grace_s = grace_s
        self._now = now
        self._step: tuple[str, float, float] | None = None
        self._lost: Callable[[], str] = lambda: ""

    def end_with(self, lost: Callable[[], str]) -> None:
        """End the thread also where the right to use the board is lost, and say why.

        Args:
            lost: Says at once why it is, or "".
        """
        self._lost = lost

    @contextlib.contextmanager
    def step(self, what: str, bound_s: float, *, to_the_end: bool = False) -> Iterator[None]:
        """Do one thing within a bound; `to_the_end` for what must be done after a call to stop.

        Raises:
            BoardStuck: it was called off before, or given up meanwhile.
        """
        if not to_the_end:
            self.check()
        before, self._step = self._step, (what, bound_s, self._now() + bound_s)
        try:
            yield
        finally:
            self._step = before
        if self._given_up.is_set() and not to_the_end:
            raise BoardStuck(f"It was given up while it did this: {what}.")

    @property
    def is_over(self) -> bool:
        """Say whether nothing more shall be begun."""
        return self._called_off.is_set() or self._given_up.is_set() or self._lost() != ""

    def check(self) -> None:
        """Return if the thread may go on.

        Raises:
            BoardStuck: it was called off or given up, the board was lost to somebody else, or the
                bound of its step is passed.
        """
        if self.is_over:
            raise BoardStuck(self._lost() or "The run was called off.")
        if self._step is not None and self._now() > self._step[2]:
            raise BoardStuck(self._late(self._step))

    def give_up_if_stuck(self) -> str:
        """Give the thread up where its step is long overdue, and say which; "" where it is not.

        For another thread.
        """
        step = self._step
        if step is None or self._now() <= step[2] + self._grace_s:
            return ""
        self._given_up.set()
        return self._late(step)

    @staticmethod
    def _late(step: tuple[str, float, float]) -> str:
        return f"This did not end within {step[1]:g} s: {step[0]}."


class WatchedMachine:
    """A machine whose console is read only while the watch allows it."""

    def __init__(self, machine: Machine, watch: Watch) -> None:
        self.console: Console = _WatchedConsole(machine.console, watch)
        self.tools: Mapping[str, str] = machine.tools
        self.proves: Verified = machine.proves
        self._machine = machine

    def resume(self) -> None:
        """Let the firmware run from its reset."""
        self._machine.resume()

    def died(self, patience_s: float = 0.0) -> Death | None:
        """Say why the machine is gone, or None."""
        return self._machine.died(patience_s)

    def busy_at(self) -> int | None:
        """Return where a core runs, if that is known."""
        return self._machine.busy_at()

    def close(self) -> None:
        """Switch it off."""
        self._machine.close()


class _WatchedConsole:
    def __init__(self, console: Console, watch: Watch) -> None:
        self._console = console
        self._watch = watch

    @property
    def timeout(self) -> float | None:
        return self._console.timeout

    @timeout.setter
    def timeout(self, seconds: float | None) -> None:
        self._console.timeout = seconds

    @property
    def in_waiting(self) -> int:
        return self._console.in_waiting

    def read(self, size: int = 1, /) -> bytes:
        self._watch.check()
        return self._console.read(size)

    def write(self, data: bytes, /) -> int | None:
        self._watch.check()
        return self._console.write(data)
