"""Load: many deliveries over a few connections that stay open, as from GitHub."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random

from tests.bot.events.payloads import SECRET, labelled, signed

PADDING = "x" * 8_000
"""Recorded deliveries of issues have about 10,000 bytes."""


@dataclass
class Measured:
    """What came of it: answers by status, seconds of each 202, the ids that were acknowledged."""

    answers: Counter[int] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    acknowledged: set[str] = field(default_factory=set)
    took_s: float = 0.0

    def percentile_ms(self, percent: float) -> float:
        """Return how long so many percent of the acknowledgements took at most."""
        ordered = sorted(self.seconds)
        return 1000 * ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))]


def deliver_many(
    port: int,
    count: int,
    connections: int,
    seed: int = 1,
    heard: Callable[[int], None] = lambda acknowledged: None,
) -> Measured:
    """Deliver to 127.0.0.1; one of twenty comes twice, one of two hundred is forged.

    Args:
        port: of the server; where it goes away, so do the connections.
        count: of the deliveries.
        connections: that stay open.
        seed: of ids, and of which come twice.
        heard: is told after each acknowledgement how many there were.
    """
    return asyncio.run(_deliver_many(port, _requests(count, seed), connections, heard))


def _requests(count: int, seed: int) -> list[tuple[str, bytes]]:
    random = Random(seed)  # noqa: S311
    requests: list[tuple[str, bytes]] = []
    for index in range(count):
        twice = requests and random.random() < 0.05
        delivery_id = random.choice(requests)[0] if twice else f"{seed}-{index}"
        payload = labelled(number=index + 1)
        payload["repository"] = {"id": 11, "full_name": f"octo-org/r{index % 7}", "more": PADDING}
        body = json.dumps(payload).encode()
        right = signed(body, SECRET if index % 200 != 199 else "a forger's secret")
        head = (
            f"POST /webhook HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"X-GitHub-Event: issues\r\nX-GitHub-Delivery: {delivery_id}\r\n"
            f"X-Hub-Signature-256: {right}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        requests.append((delivery_id, head.encode() + body))
    return requests


async def _deliver_many(
    port: int,
    requests: list[tuple[str, bytes]],
    connections: int,
    heard: Callable[[int], None],
) -> Measured:
    measured, left = Measured(), iter(requests)
    began = time.perf_counter()
    all_of_them = (_connection(port, left, measured, heard) for _ in range(connections))
    await asyncio.gather(*all_of_them)
    measured.took_s = time.perf_counter() - began
    return measured


async def _connection(
    port: int,
    left: Iterator[tuple[str, bytes]],
    measured: Measured,
    heard: Callable[[int], None],
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for delivery_id, request in left:
        began = time.perf_counter()
        writer.write(request)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        status = int(head.split(b" ", 2)[1])
        measured.answers[status] += 1
        if status == 202:
            measured.seconds.append(time.perf_counter() - began)
            measured.acknowledged.add(delivery_id)
            heard(len(measured.acknowledged))
    writer.close()
    await writer.wait_closed()
