"""Tell a job that the machine let down from one whose code is at fault."""

from __future__ import annotations

import dataclasses
import errno
import os
import shutil
import signal
import tempfile

from bot.disk import speaks_of_full_disk
from bot.errors import Infrastructure, ToolMissing
from bot.sandbox.job import Origin, Reason, Result

UNAVAILABLE = 69
"""Exit code where a package of ours cannot be imported. Source: EX_UNAVAILABLE of sysexits.h."""

OVERLOADED = 75
"""Exit code where a tool of ours did not end in time. Source: EX_TEMPFAIL of sysexits.h."""

_ROOM_BYTES = 64 << 20

# What allocators say when the system gives no more; Python's own MemoryError is not among them, as
# it also ends a wish that no machine could meet.
_OUT_OF_MEMORY = ("std::bad_alloc", "Cannot allocate memory", "out of memory")


def raise_for_machine(result: Result) -> None:
    """Return unless a job failed for a reason that no other code of its author could mend.

    Raises:
        ToolMissing: a package that the job needs is not installed, or does not start here.
        Infrastructure: memory ran out, a tool was too slow, or the processor is too old. A full
            disk is found by `bot.disk`, which knows the places.
    """
    if result.reason is not Reason.FAILED:
        return
    last = (result.log.strip().splitlines() or [""])[-1]
    if result.exit_code == UNAVAILABLE:
        raise ToolMissing(f"A package cannot be used on this machine: {last}", "make setup")
    if result.exit_code == OVERLOADED:
        raise Infrastructure(last)
    if result.exit_code in (-signal.SIGILL, 128 + signal.SIGILL):
        raise Infrastructure(
            "A program ended with an instruction that this processor lacks. TensorFlow's packages "
            "need one with AVX, which some virtual machines hide.",
            "grep -c avx /proc/cpuinfo",
        )
    killed = result.exit_code == -signal.SIGKILL
    if killed or any(words in result.log for words in _OUT_OF_MEMORY):
        raise Infrastructure(
            "This machine has too little free memory: a training needs about 1 GB. Close what else "
            "runs, or give the machine more, and run the same command again.",
            "free -m",
        )


def disk_was_full(result: Result) -> bool:
    """Say whether a job failed because there was no room to write."""
    return not result.completed and speaks_of_full_disk(result.log)


def isolated_verdict(result: Result, origin: Origin) -> Result:
    """Return how a job in an isolating sandbox ended, with what the machine did told apart.

    Its own limits end it there, so code that came from elsewhere can hardly be a victim of this
    machine's memory, and the disk that it found full is nearly always that of the sandbox.

    Raises:
        ToolMissing, Infrastructure: see `raise_for_machine`.
        OSError: this machine's disk is full.
    """
    if disk_was_full(result):
        folder = tempfile.gettempdir()
        if shutil.disk_usage(folder).free < _ROOM_BYTES:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), folder)
        # In other words, which nobody takes for those of this machine's disk.
        log = result.log.replace(os.strerror(errno.ENOSPC), "no room left in the sandbox")
        reason = Reason.DISK if result.reason is Reason.FAILED else result.reason
        result = dataclasses.replace(result, reason=reason, log=log)
    if origin is Origin.TEMPLATE or result.exit_code in (UNAVAILABLE, OVERLOADED):
        raise_for_machine(result)
    return result
