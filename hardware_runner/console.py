"""Console: the line to a board. A `serial.SerialBase` of pyserial is one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import serial

WriteTimeout = serial.SerialTimeoutException
"""Raised by a write that the board did not take in time."""


class Console(Protocol):
    """A line that bytes go over in both directions.

    `timeout` bounds a read, in seconds. Reading and writing raise OSError where the line is lost.
    """

    timeout: float | None

    @property
    def in_waiting(self) -> int:
        """Return how many bytes can be read at once."""

    def read(self, size: int = 1, /) -> bytes:
        """Return up to `size` bytes; fewer where `timeout` passed first."""

    def write(self, data: bytes, /) -> int | None:
        """Send all bytes, or raise within a bounded time."""


class FakeConsole:
    """A board in Python, for tests: what is written goes to `respond`, what it returns is read.

    A read with nothing to read returns at once, as if its time-out had passed.
    """

    def __init__(self, respond: Callable[[bytes], bytes]) -> None:
        self.timeout: float | None = None
        self.written = bytearray()
        self._respond = respond
        self._pending = bytearray()

    @property
    def in_waiting(self) -> int:
        """Return how many bytes were not read yet."""
        return len(self._pending)

    def read(self, size: int = 1, /) -> bytes:
        """Return what the board said."""
        taken = bytes(self._pending[:size])
        del self._pending[:size]
        return taken

    def write(self, data: bytes, /) -> int | None:
        """Hand the bytes to the board."""
        self.written += data
        self._pending += self._respond(bytes(data))
        return len(data)


def open_console(path: str, write_timeout_s: float = 20.0) -> serial.Serial:
    """Open a terminal as 115200 8N1, for this process alone.

    Raises:
        OSError: it cannot be opened, or another process holds it.
    """
    return serial.Serial(
        path, baudrate=115200, timeout=0.1, write_timeout=write_timeout_s, exclusive=True
    )
