"""Bytes over TCP, at full speed.

pyserial's `socket://` says that one byte waits when there are many, so that whoever asks first
reads them one by one.
"""

from __future__ import annotations

import fcntl
import socket
import struct
import termios

import serial

CONNECT_TIMEOUT_S = 5.0


class TcpStream:
    """A connection. Raises OSError where it is refused, and once the other end closed it."""

    def __init__(self, host: str, port: int, *, write_timeout_s: float) -> None:
        self.timeout: float | None = 0.1
        self.dtr = self.rts = True  # there are none
        self._write_timeout_s = write_timeout_s
        self._socket = socket.create_connection((host, port), CONNECT_TIMEOUT_S)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    @property
    def in_waiting(self) -> int:
        """Return how many bytes the system holds. Source: Linux, tcp(7), SIOCINQ."""
        held = fcntl.ioctl(self._socket, termios.FIONREAD, b"\0" * 4)
        return int(struct.unpack("i", held)[0])

    def read(self, size: int = 1, /) -> bytes:
        """Return up to `size` bytes; none where `timeout` passed first."""
        self._socket.settimeout(self.timeout)
        try:
            data = self._socket.recv(size)
        except (TimeoutError, BlockingIOError):
            return b""
        if not data:
            raise ConnectionResetError("the other end closed the connection")
        return data

    def write(self, data: bytes, /) -> int:
        """Send all bytes."""
        self._socket.settimeout(self._write_timeout_s)
        try:
            self._socket.sendall(data)
        except TimeoutError as error:
            raise serial.SerialTimeoutException("Write timeout") from error
        return len(data)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
