"""A board in Python that speaks the shell's protocol, for tests without a compiler."""

from __future__ import annotations

import struct
from collections.abc import Callable

from hardware_runner.protocol import Damaged, Decoder, Frame, FrameType, Nak, encode

WINDOW = 2


class FakeFirmware:
    """Answers requests as bw_shell.c does; `seen` lists the computed samples in order."""

    def __init__(self, compute: Callable[[bytes], bytes] | None = None) -> None:
        self.seen: list[bytes] = []
        self._compute = compute or self._answer
        self._decoder = Decoder(4)  # like the shell, it waits for no length that no request has
        self._next = 0
        self._answers: dict[int, bytes] = {}

    def __call__(self, data: bytes) -> bytes:
        """Take what the line brought and return what the board says."""
        return b"".join(self._take(item) for item in self._decoder.feed(data))

    def _take(self, item: Frame | Damaged) -> bytes:
        if isinstance(item, Damaged):
            return self._refuse(Nak.CRC)
        if item.type == FrameType.HELLO:
            self._answers.clear()
        elif item.sequence in self._answers:
            return self._answers[item.sequence]
        elif item.type == FrameType.NAK or item.sequence != self._next:
            return self._refuse(Nak.SEQUENCE)
        return self._handle(item)

    def _handle(self, request: Frame) -> bytes:
        payload = b""
        if request.type == FrameType.INFER:
            self.seen.append(request.payload)
            payload = self._compute(request.payload)
        elif request.type == FrameType.CLOCK:
            (turns,) = struct.unpack("<I", request.payload)
            payload = struct.pack("<II", 10, 10 + 4 * turns)
        elif request.type == FrameType.STACK:
            payload = struct.pack("<II", 100, 4096)
        answer = encode(Frame(request.type | 0x80, request.sequence, payload))
        self._next = (request.sequence + 1) % 0x10000
        self._answers[request.sequence] = answer
        self._answers.pop((request.sequence - WINDOW) % 0x10000, None)
        return answer

    def _answer(self, sample: bytes) -> bytes:
        return struct.pack("<IIhh", 20, 30, 0, len(self.seen) % 7) + sample[:3]

    def _refuse(self, reason: Nak) -> bytes:
        return encode(Frame(FrameType.NAK, self._next, bytes([reason])))


class Ticking:
    """A clock that moves by `step` seconds each time somebody looks."""

    def __init__(self, step: float = 0.05) -> None:
        self.time = 0.0
        self._step = step

    def __call__(self) -> float:
        self.time += self._step
        return self.time
