"""Session: ask a board, survive a bad line, and never wait for ever.

Requests are numbered. Up to `window` of them are under way; whatever is lost or damaged is asked
for again, and the board gives the same answer to the same number, so nothing is computed or shown
to the application twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from hardware_runner.console import Console, WriteTimeout
from hardware_runner.errors import BoardDied, BoardSilent, FirmwareFault
from hardware_runner.machine import Death
from hardware_runner.messages import (
    Answer,
    ClockReading,
    Fault,
    Identity,
    PointReading,
    StackReading,
)
from hardware_runner.protocol import Damaged, Decoder, Frame, FrameType, Nak, encode

SLOWEST_BYTES_PER_SECOND = 2000
"""Slower than any line in use; a long request is given this much more time."""

RESEND_AFTER_S = 2.0
"""Silence after which a request is sent again; QEMU may hold the first byte back for a second."""

_READ_SLICE_S = 0.1
_SEQUENCES = 0x10000


class Session:
    """A conversation with the firmware behind a console.

    Args:
        console: The line; its time-out is changed.
        response_timeout_s: Longest wait for an answer, on top of the time that the line needs.
        died: Says why the board is gone, or None, after a patience in seconds; asked whenever the
            line is quiet.
        now: A clock in seconds that never goes back.
    """

    def __init__(
        self,
        console: Console,
        *,
        response_timeout_s: float = 10.0,
        died: Callable[[float], Death | None] = lambda patience_s: None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.resends = 0
        self._console = console
        self._console.timeout = _READ_SLICE_S
        self._response_timeout_s = response_timeout_s
        self._died = died
        self._now = now
        self._decoder = Decoder()
        self._next_sequence = 0

    def identify(self) -> Identity:
        """Begin the conversation and return who answers."""
        return Identity.parse(self._ask(FrameType.HELLO))

    def read_clock(self, turns: int) -> ClockReading:
        """Time the known loop."""
        return ClockReading.parse(self._ask(FrameType.CLOCK, turns.to_bytes(4, "little")))

    def reset_app(self) -> None:
        """Let the application forget what came before."""
        self._ask(FrameType.RESET)

    def read_stack(self) -> StackReading:
        """Return how deep the stack was."""
        return StackReading.parse(self._ask(FrameType.STACK))

    def read_point(self, point: int) -> PointReading:
        """Return what the last inference spent behind a point; for a profiled firmware only."""
        return PointReading.parse(self._ask(FrameType.PROFILE, point.to_bytes(4, "little")))

    def infer(self, samples: Sequence[bytes], window: int = 1) -> Iterator[Answer]:
        """Send raw samples, `window` under way at a time, and yield their answers in order."""
        for payload in self._exchange(FrameType.INFER, samples, window):
            yield Answer.parse(payload)

    def _ask(self, request: FrameType, payload: bytes = b"") -> bytes:
        (answer,) = self._exchange(request, [payload], 1)
        return answer

    def _exchange(
        self, request: FrameType, payloads: Sequence[bytes], window: int
    ) -> Iterator[bytes]:
        """Send every payload and yield its answer's payload.

        Raises:
            BoardSilent, BoardDied, FirmwareFault.
        """
        first = self._next_sequence
        longest = max((len(p) for p in payloads), default=0)
        line_s = window * longest / SLOWEST_BYTES_PER_SECOND
        resend_after_s = RESEND_AFTER_S + line_s
        give_up_after_s = self._response_timeout_s + line_s
        done = sent = ever_sent = 0
        asked_again_for = -1
        answered_at = asked_at = self._now()
        while done < len(payloads):
            while sent < min(len(payloads), done + window):
                self.resends += sent < ever_sent
                self._send(Frame(request, (first + sent) % _SEQUENCES, payloads[sent]))
                sent += 1
                ever_sent = max(sent, ever_sent)
            items = list(self._receive())
            now = self._now()
            if now - answered_at > give_up_after_s:
                raise BoardSilent(self._silence(request, done, len(payloads), give_up_after_s))
            if now - asked_at > resend_after_s:
                items += self._decoder.resync()
                asked_at = now
                asked_again_for = -1
                sent = done
            for item in items:
                wanted = (first + done) % _SEQUENCES
                if isinstance(item, Damaged):
                    if asked_again_for != done:
                        asked_again_for = done
                        self.resends += 1
                        self._send(Frame(FrameType.NAK, wanted, bytes([Nak.CRC])))
                elif item.type == FrameType.FAULT:
                    raise _fault(item, request, done)
                elif item.answers(request) and item.sequence == wanted:
                    done += 1
                    sent = max(sent, done)
                    self._next_sequence = (first + done) % _SEQUENCES
                    answered_at = asked_at = now
                    yield item.payload
                elif item.type == FrameType.NAK and asked_again_for != done:
                    ahead = (item.sequence - wanted) % _SEQUENCES
                    if ahead < _SEQUENCES // 2:
                        asked_again_for = done
                        sent = done

    def _send(self, frame: Frame) -> None:
        try:
            self._console.write(encode(frame))
        except WriteTimeout as error:
            raise self._gone() or BoardSilent("The board takes no more bytes.") from error
        except OSError as error:
            raise self._lost(error) from error

    def _receive(self) -> Iterator[Frame | Damaged]:
        try:
            data = self._console.read(max(1, self._console.in_waiting))
        except OSError as error:
            raise self._lost(error) from error
        if not data and (gone := self._gone()):
            raise gone
        return self._decoder.feed(data)

    def _gone(self, patience_s: float = 0.0) -> BoardDied | FirmwareFault | None:
        death = self._died(patience_s)
        if death is None:
            return None
        return FirmwareFault(death.reason) if death.by_firmware else BoardDied(death.reason)

    def _lost(self, error: OSError) -> BoardDied | FirmwareFault:
        """Return why the line broke; its other end may need a moment to be gone."""
        return self._gone(1.0) or BoardDied(f"The line to the board was lost: {error}.")

    @staticmethod
    def _silence(request: FrameType, done: int, total: int, waited_s: float) -> str:
        what = f"sample {done} of {total}" if request is FrameType.INFER else request.name
        return f"The board did not answer {what} within {waited_s:.1f} s."


def _fault(frame: Frame, request: FrameType, done: int) -> FirmwareFault:
    fault = Fault.parse(frame.payload)
    sample = f", at sample {done}" if request is FrameType.INFER else ""
    message = f"The firmware met a fault {fault.where}{sample}: {fault.registers}."
    return FirmwareFault(message, fault.pc)
