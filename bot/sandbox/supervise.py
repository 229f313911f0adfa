"""Read what a job prints until it ends, or until a limit says that it must."""

from __future__ import annotations

import os
import re
import selectors
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.collect import RefusedOutputError, collect
from bot.sandbox.job import Job, Reason, Result

Probe = Callable[[], Reason | None]
"""Looks at one thing that a limit bounds, and says whether the job must be stopped for it."""

KILLED_CODE = 128 + 9
"""What shells, Docker and bubblewrap answer for a program that the signal KILL ended."""

_POLL_S = 0.1
_CHUNK_BYTES = 65536
_ENDED = {0: Reason.COMPLETED, KILLED_CODE: Reason.KILLED}
# Control characters but tab, line feed and carriage return; marks of Unicode for direction.
_STEERS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_STOPPED = "It was stopped: it "
_TOLD = {
    Reason.TIMEOUT: _STOPPED + "must end within {0.seconds:,.0f} s.",
    Reason.MEMORY: _STOPPED + "may use {0.memory_bytes:,} bytes of memory.",
    Reason.PROCESSES: _STOPPED + "may run {0.processes:,} processes and threads at a time.",
    Reason.DISK: _STOPPED + "may leave {0.output_bytes:,} bytes in {0.output_entries:,} files and "
    "folders, and keep {0.tmp_bytes:,} bytes of temporary files.",
    Reason.LOG: _STOPPED + "may print {0.log_bytes:,} bytes.",
    Reason.KILLED: "It was ended by the signal KILL, which came from within.",
}


@dataclass(frozen=True, slots=True)
class Watched:
    """What was seen of a job: why it had to be stopped, if it had to, and what it printed."""

    stopped_for: Reason | None
    log: str
    truncated: bool
    began: float


def supervise(stream: int, ended: Callable[[], bool], job: Job, probes: Sequence[Probe]) -> Watched:
    """Read a job's output until it ends or breaks a limit; ending it is the caller's.

    Args:
        stream: a descriptor to read from; it is made non-blocking.
        ended: says whether the job has come to its end.
        job: of whose limits time and log are watched here.
        probes: watch the other limits; each is asked about ten times a second, and at the end.
    """
    limits = job.limits
    began = looked = time.monotonic()
    log = bytearray()
    told = 0
    stopped_for: Reason | None = None
    over = False
    for chunk in _chunks(stream):
        log += chunk
        told = _tell(job, log, told)
        over = over or ended()
        now = time.monotonic()
        if len(log) > limits.log_bytes:
            stopped_for = Reason.LOG
        elif now - began > limits.seconds:
            stopped_for = Reason.TIMEOUT
        elif over or now - looked >= _POLL_S:
            looked = now
            stopped_for = next((reason for probe in probes if (reason := probe())), None)
        if over or stopped_for is not None:
            break
    log += _remaining(stream, limits.log_bytes)
    text = _plain(log[: limits.log_bytes])
    return Watched(stopped_for, text, len(log) > limits.log_bytes, began)


def conclude(job: Job, watched: Watched, code: int, out: Path) -> Result:
    """Return how a job ended, with its results where it completed."""
    limits, log, outputs = job.limits, watched.log, dict[str, bytes]()
    reason = watched.stopped_for or _ENDED.get(code, Reason.FAILED)
    if reason in _TOLD:
        told = f"\n{_TOLD[reason].format(limits)}"
        log = f"{log[: limits.log_bytes - len(told)]}{told}"
    if reason is Reason.COMPLETED:
        try:
            outputs = collect(out, job.outputs)
        except RefusedOutputError as error:
            reason, log = Reason.OUTPUT, f"{log}\n{error}"
    seconds = time.monotonic() - watched.began
    return Result(reason, code, log, watched.truncated, seconds, outputs)


def _tell(job: Job, log: bytearray, told: int) -> int:
    """Pass on the whole lines that were not passed on yet; return up to where that is done."""
    end = log.rfind(b"\n") + 1
    if job.heard is not None and end > told:
        for line in _plain(log[told:end]).splitlines():
            job.heard(line)
    return max(told, end)


def _plain(printed: bytearray) -> str:
    """Return what was printed without codes that would steer a terminal or turn text round."""
    return _STEERS.sub("\N{REPLACEMENT CHARACTER}", printed.decode("utf-8", "replace"))


def _chunks(stream: int) -> Iterator[bytes]:
    """Yield what arrives, and an empty chunk at every tick, until the caller has enough."""
    with selectors.DefaultSelector() as selector:
        os.set_blocking(stream, False)
        selector.register(stream, selectors.EVENT_READ)
        closed = False
        while True:
            chunk = b""
            if closed:
                time.sleep(_POLL_S)
            elif selector.select(_POLL_S):
                chunk = os.read(stream, _CHUNK_BYTES)
                if not chunk:
                    closed = True
                    selector.unregister(stream)
            yield chunk


def _remaining(stream: int, most: int) -> bytes:
    """Return what is still in the pipe, without waiting for a grandchild that holds it open."""
    rest = bytearray()
    while len(rest) <= most:
        try:
            chunk = os.read(stream, _CHUNK_BYTES)
        except BlockingIOError:
            break
        if not chunk:
            break
        rest += chunk
    return bytes(rest)
