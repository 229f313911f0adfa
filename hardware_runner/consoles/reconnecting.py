"""ReconnectingLine: a line that comes back after its port did, for reading and for writing.

pyserial's ports stay dead once their device went, and pytest-embedded's reconnection restores the
reader alone; this is one `serial.SerialBase` that goes on, whatever is behind it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, Protocol

import serial

from hardware_runner.console import Console, WriteTimeout
from hardware_runner.errors import PortMissing

REOPEN_FOR_S = 10.0
_POLL_S = 0.1


class Stream(Console, Protocol):
    """What is behind the line now; dead for ever once it raised OSError."""

    dtr: bool
    rts: bool

    def close(self) -> None:
        """Close it."""


class ReconnectingLine(serial.SerialBase):
    """A line that is opened again where it breaks, found anew each time.

    What was on its way when it broke is lost; the frames' numbers and checksums care for that.

    Args:
        name: What people call it, such as the path in bench.toml.
        connect: Opens it. Raises OSError or PortMissing.
        baud: Bits per second.
        reopen_for_s: How long it is tried again before the line is given up.
    """

    def __init__(
        self,
        name: str,
        connect: Callable[[], Stream],
        *,
        baud: int = 115_200,
        reopen_for_s: float = REOPEN_FOR_S,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._stream: Stream | None = None
        super().__init__(baudrate=baud, timeout=0.1)
        self.port = name
        self.lost = ""
        self.reconnections = 0
        self._connect = connect
        self._reopen_for_s = reopen_for_s
        self._now = now
        self._sleep = sleep

    def open(self) -> None:
        """Open it, once; raises OSError or PortMissing."""
        self.close()
        self._stream = self._connect()
        self._stream.timeout = self.timeout
        self.is_open = True
        self.lost = ""

    def open_soon(self) -> None:
        """Open it, trying for `reopen_for_s`; raises OSError."""
        deadline = self._now() + self._reopen_for_s
        while True:
            try:
                return self.open()
            except (OSError, PortMissing) as error:
                if self._now() >= deadline:
                    raise serial.SerialException(
                        f"not there within {self._reopen_for_s:g} s: {error}"
                    ) from error
            self._sleep(_POLL_S)

    def close(self) -> None:
        """Close it; may be called twice."""
        stream, self._stream = self._stream, None
        self.is_open = False
        if stream is not None:
            with contextlib.suppress(OSError):
                stream.close()

    @property
    def in_waiting(self) -> int:
        """Return how many bytes can be read at once; 0 just after it came back."""
        try:
            return self._there().in_waiting
        except OSError as error:
            self._again(error)
            return 0

    def read(self, size: int = 1, /) -> bytes:
        """Return up to `size` bytes; none where the line broke and came back meanwhile."""
        try:
            return self._there().read(size)
        except OSError as error:
            self._again(error)
            return b""

    def write(self, data: Any, /) -> int | None:
        """Send all bytes, from the first again where the line broke under them."""
        try:
            return self._there().write(bytes(data))
        except WriteTimeout:
            raise
        except OSError as error:
            self._again(error)
            return self._there().write(bytes(data))

    def flush(self) -> None:
        """Do nothing: a write ends when the system has the bytes."""

    def reset_input_buffer(self) -> None:
        """Drop what was received and not read."""
        while waiting := self.in_waiting:
            self.read(waiting)

    def _there(self) -> Stream:
        if self.lost:
            raise serial.SerialException(self.lost)
        if self._stream is None:
            raise serial.PortNotOpenError()
        return self._stream

    def _again(self, broken: OSError) -> None:
        """Open the line again, or give it up after `reopen_for_s` and say why."""
        if self.lost or self._stream is None:
            raise broken
        try:
            self.open_soon()
        except OSError as error:
            self.lost = f"{self.port} broke off ({broken}) and did not come back: {error}"
            raise serial.SerialException(self.lost) from error
        self.reconnections += 1

    def _reconfigure_port(self, force_update: bool = False) -> None:
        if self._stream is not None:
            self._stream.timeout = self.timeout

    def _update_dtr_state(self) -> None:
        if self._stream is not None:
            self._stream.dtr = self.dtr

    def _update_rts_state(self) -> None:
        if self._stream is not None:
            self._stream.rts = self.rts
