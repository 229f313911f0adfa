"""Line: the HTTP client of one question, bounded in time, silence and bytes.

The SDK bounds each wait for bytes, not their sum: a server that sends a comment every second, or a
reply without end, would hold it for ever. The bounds therefore lie below it, on the bytes.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from functools import cache

import httpx2

_CONNECT_S = 20.0


class LineCut(Exception):
    """The answer was cut here because it broke a bound; the message says which."""


class ReplyTooLong(LineCut):
    """The answer has more bytes than any that could be used."""


class Line:
    """One question's bounds.

    Args:
        seconds: for all calls of the question together, waiting between retries included.
        idle_s: longest silence.
        most_bytes: of one answer.
        clock: tells seconds.
    """

    def __init__(
        self, seconds: float, idle_s: float, most_bytes: int, clock: Callable[[], float]
    ) -> None:
        self._seconds = seconds
        self._idle_s = idle_s
        self._most_bytes = most_bytes
        self._clock = clock
        self._end = clock() + seconds
        self.calls = 0  # that were answered, usable or not
        self.begun = False  # whether a reply, which must be paid for, began

    def client(self, local: bool) -> httpx2.Client:
        """Return a client that keeps to the bounds; a local server is asked past any proxy."""
        return httpx2.Client(
            timeout=httpx2.Timeout(self._idle_s, connect=min(_CONNECT_S, self._idle_s)),
            follow_redirects=False,  # a prompt goes where it was sent, and nowhere else
            trust_env=not local,
            verify=_certificates(),
            headers={"Accept-Encoding": "identity"},
            event_hooks={"request": [self._begin], "response": [self._answered]},
        )

    def check_time(self) -> None:
        """Return while there is time.

        Raises:
            LineCut: there is none left.
        """
        if self._clock() > self._end:
            raise LineCut(f"it took longer than {self._seconds:g} seconds (timeout_s)")

    def _begin(self, _: httpx2.Request) -> None:
        self.check_time()

    def _answered(self, response: httpx2.Response) -> None:
        self.calls += 1
        self.begun = self.begun or response.is_success
        if response.headers.get("content-encoding", "identity") != "identity":
            raise LineCut("it is compressed, although it was asked for as it is")
        if isinstance(response.stream, httpx2.SyncByteStream):
            response.stream = _Bounded(response.stream, self, self._most_bytes)


@cache
def _certificates() -> ssl.SSLContext:
    """Return who vouches for servers; reading that takes half a second, so it is done once."""
    return httpx2.create_ssl_context()


class _Bounded(httpx2.SyncByteStream):
    def __init__(self, stream: httpx2.SyncByteStream, line: Line, most_bytes: int) -> None:
        self._stream = stream
        self._line = line
        self._most_bytes = most_bytes

    def __iter__(self) -> Iterator[bytes]:
        came = 0
        for part in self._stream:
            came += len(part)
            if came > self._most_bytes:
                limit = f"{self._most_bytes:,} bytes (max_reply_bytes)"
                raise ReplyTooLong(f"it is longer than {limit}")
            self._line.check_time()
            yield part

    def close(self) -> None:
        self._stream.close()
