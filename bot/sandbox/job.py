"""What runs in a sandbox, within which limits, and how it ended."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cache
from typing import Protocol

from bot.errors import Infrastructure

_MEMORY_BYTES = 6 << 30


class Origin(Enum):
    """Who wrote the code that a job runs."""

    TEMPLATE = "template"  # shipped with Boardwright, and reviewed like the rest of it
    LANGUAGE_MODEL = "language-model"
    PERSON = "person"


class Reason(Enum):
    """How a job ended."""

    COMPLETED = "completed"
    FAILED = "failed"  # the program ended with a non-zero code
    TIMEOUT = "timeout"
    MEMORY = "memory"  # more than it may use, in itself or in a process that it started
    PROCESSES = "processes"  # more of them, or of threads, than it may run at a time
    DISK = "disk"  # more or larger files than it may leave
    LOG = "log"  # it wrote more than may be read
    KILLED = "killed"  # the signal KILL ended it, and none of our limits did
    OUTPUT = "output"  # a result is missing, too large, or not a plain file


@cache
def _bearable() -> int:
    """Return the memory that a job may take where nobody says otherwise, in bytes."""
    try:
        installed = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError):
        return _MEMORY_BYTES
    return min(_MEMORY_BYTES, installed * 3 // 4)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may take, all its processes together.

    Attributes:
        seconds: from start to end.
        memory_bytes: of resident memory; 6 GiB, or three quarters of what a small machine has.
        log_bytes: of what it prints.
        processes: processes and threads at a time.
        cores: how many processor cores it may keep busy, where the sandbox can hold it to that.
        output_bytes: of the files in its folder `out`; no file of its own may be larger either.
        output_entries: files and folders in `out`.
        tmp_bytes: of its temporary files.
    """

    seconds: float = 300.0
    memory_bytes: int = field(default_factory=_bearable)
    log_bytes: int = 256 << 10
    processes: int = 512
    cores: float = 4.0
    output_bytes: int = 1 << 30
    output_entries: int = 2000
    tmp_bytes: int = 512 << 20


@dataclass(frozen=True, slots=True)
class Job:
    """A program with its input files, and the results that are wanted from it.

    Attributes:
        argv: program and arguments; `python` as the first stands for the sandbox's interpreter,
            which has Boardwright's own packages to import.
        inputs: files by relative path, found in the folder `in` of the working directory.
        outputs: names of the files that it must leave in the folder `out`, with their largest size.
        origin: the least trusted author among all code that the job runs.
        heard: is told each whole line that the job prints, as soon as it is there. The job may
            print anything, so what is made of it is for people to see, never to rely on.
    """

    argv: tuple[str, ...]
    inputs: Mapping[str, bytes]
    outputs: Mapping[str, int]
    origin: Origin
    limits: Limits = field(default_factory=Limits)
    heard: Callable[[str], None] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Result:
    """How a job ended; `outputs` is empty unless it completed."""

    reason: Reason
    exit_code: int | None
    log: str
    log_truncated: bool
    seconds: float
    outputs: Mapping[str, bytes]

    @property
    def completed(self) -> bool:
        """Say whether every result is there."""
        return self.reason is Reason.COMPLETED

    def explanation(self, lines: int = 12) -> str:
        """Return the last lines of the log, for people, the telling one first."""
        *before, last = self.log.strip().splitlines()[-lines:] or ["It said nothing."]
        if self.reason is Reason.FAILED:
            last = f"It ended with code {self.exit_code}: {last}"
        return "\n".join([last, *before])


class NeedsSandboxError(Infrastructure):
    """The code at hand may not run without isolation; whoever runs Boardwright must act."""


def require_template(origin: Origin, what: str) -> None:
    """Refuse code that did not come with Boardwright, where it would meet no isolation.

    Raises:
        NeedsSandboxError: somebody else wrote it.
    """
    if origin is not Origin.TEMPLATE:
        raise NeedsSandboxError(
            f"{what} by a {origin.value} needs a sandbox that isolates it; none is set up here, "
            "and without one only the shipped templates run"
        )


class Sandbox(Protocol):
    """Runs code of which the worst must be expected."""

    def run(self, job: Job) -> Result:
        """Run a job to its end and collect its results.

        Raises:
            NeedsSandboxError: this sandbox is not strong enough for the job's origin.
        """
