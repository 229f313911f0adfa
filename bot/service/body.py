"""Bodies of requests, bounded while they are read: each one, all together, and in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator


class Refusal(Exception):
    """A request is not answered as it wishes: the HTTP status, and one sentence that says why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, message)
        self.status = status
        self.message = message


class Bodies:
    """Reads bodies from strangers, whose signatures can only be judged at their ends.

    Args:
        each: longest body in bytes.
        together: bytes of all bodies that are being read.
        within_s: how long one body may take.
    """

    def __init__(self, each: int, together: int, within_s: float) -> None:
        self._each = each
        self._together = together
        self._within_s = within_s
        self._held = 0

    async def read(self, announced: str | None, chunks: AsyncIterator[bytes]) -> bytes:
        """Return a body whole.

        Args:
            announced: the header Content-Length; None where there is none.
            chunks: the body as it comes.

        Raises:
            Refusal: 413 it is too long, and then it is not read to its end; 503 there are too many;
                408 it takes too long.
        """
        if announced is not None and announced.isdecimal() and int(announced) > self._each:
            raise self._too_long()
        held = 0
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(self._within_s):
                async for chunk in chunks:
                    held += len(chunk)
                    self._held += len(chunk)
                    if held > self._each:
                        raise self._too_long()
                    if self._held > self._together:
                        raise Refusal(503, "Too many large deliveries at once; deliver it again.")
                    parts.append(chunk)
        except TimeoutError:
            raise Refusal(
                408, f"The body did not come within {self._within_s:g} seconds."
            ) from None
        finally:
            self._held -= held
        return b"".join(parts)

    def _too_long(self) -> Refusal:
        return Refusal(413, f"A delivery has at most {self._each:,} bytes.")
