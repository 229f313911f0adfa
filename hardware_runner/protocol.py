"""The frames between host and firmware: encode and decode, without input or output.

    A5 5A | type u8 | sequence u16 | length u16 | payload | CRC-32 of type to payload

All numbers are little-endian. `templates/firmware/bw_protocol.h` is the other side.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

SYNC = b"\xa5\x5a"
MAX_ANSWER_BYTES = 4096
"""Longest payload that a board sends; a longer length is damage."""

_HEADER = struct.Struct("<BHH")
_CRC = struct.Struct("<I")
_ANSWER = 0x80


class FrameType(IntEnum):
    """What a frame is about. An answer has the type of its request, with bit 7 set."""

    HELLO = 0x01
    CLOCK = 0x02
    RESET = 0x03
    INFER = 0x04
    STACK = 0x05
    PROFILE = 0x06
    NAK = 0x7F
    FAULT = 0xF0


class Nak(IntEnum):
    """Why a frame was refused."""

    CRC = 0
    SEQUENCE = 1
    REQUEST = 2


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame; `type` is a number, because a board may send any."""

    type: int
    sequence: int
    payload: bytes = b""

    def answers(self, request: FrameType) -> bool:
        """Say whether this is an answer to a request of that type."""
        return self.type == request | _ANSWER


@dataclass(frozen=True, slots=True)
class Damaged:
    """Something that began like a frame and was none."""


def encode(frame: Frame) -> bytes:
    """Return the frame as it goes over the line.

    Raises:
        ValueError: the payload is longer than 65,535 bytes.
    """
    if len(frame.payload) > 0xFFFF:
        raise ValueError(f"a frame holds 65,535 bytes at most, not {len(frame.payload):,}")
    body = _HEADER.pack(frame.type, frame.sequence, len(frame.payload)) + frame.payload
    return SYNC + body + _CRC.pack(zlib.crc32(body))


class Decoder:
    """Turns a stream of bytes into frames; finds the next frame after any damage."""

    def __init__(self, max_payload: int = MAX_ANSWER_BYTES) -> None:
        self._buffer = bytearray()
        self._max_payload = max_payload

    def feed(self, data: bytes) -> Iterator[Frame | Damaged]:
        """Take bytes and yield what they complete. Bytes between frames are skipped."""
        self._buffer += data
        while (item := self._next()) is not None:
            yield item

    def resync(self) -> Iterator[Frame | Damaged]:
        """Give up the unfinished frame, if there is one, and yield what stands behind its start.

        For after a time-out: a damaged length may make the decoder wait for what nobody sends.
        """
        if self._buffer.startswith(SYNC):
            del self._buffer[: len(SYNC)]
        return self.feed(b"")

    def _next(self) -> Frame | Damaged | None:
        start = self._buffer.find(SYNC)
        if start < 0:
            keep = 1 if self._buffer.endswith(SYNC[:1]) else 0
            del self._buffer[: len(self._buffer) - keep]
            return None
        del self._buffer[:start]
        body = len(SYNC)
        if len(self._buffer) < body + _HEADER.size:
            return None
        kind, sequence, length = _HEADER.unpack_from(self._buffer, body)
        if length > self._max_payload:
            del self._buffer[:body]
            return Damaged()
        end = body + _HEADER.size + length
        if len(self._buffer) < end + _CRC.size:
            return None
        (crc,) = _CRC.unpack_from(self._buffer, end)
        if crc != zlib.crc32(self._buffer[body:end]):
            del self._buffer[:body]
            return Damaged()
        payload = bytes(self._buffer[body + _HEADER.size : end])
        del self._buffer[: end + _CRC.size]
        return Frame(kind, sequence, payload)
