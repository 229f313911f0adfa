"""Take 2 GiB of memory: in this process, in a child, or where no process has it mapped."""

import ctypes
import mmap
import os
import sys
import time

from guard import CASE, contained, escaped, say

MIB = 1 << 20
MOST = 2048


def take(step_mib: int = 32) -> None:
    """Touch memory of this process, to the bound."""
    blocks = []
    for _ in range(MOST // step_mib):
        block = bytearray(step_mib * MIB)
        block[::4096] = b"x" * len(block[::4096])
        blocks.append(block)
    escaped(f"{MOST} MiB")
    time.sleep(5)


def memfd() -> None:
    """Fill files in memory that nobody maps."""
    handles = []
    for _ in range(MOST // 32):
        handles.append(os.memfd_create("x"))
        for _ in range(32):
            os.write(handles[-1], b"x" * MIB)
    escaped(f"{MOST} MiB in memfds")


def system_v() -> None:
    """Make a shared segment of System V, which outlives its processes."""
    library = ctypes.CDLL(None, use_errno=True)
    if library.shmget(0, MIB, 0o1600) >= 0:
        escaped("a System V segment")
    contained("shmget", os.strerror(ctypes.get_errno()))


def shared() -> None:
    """Fill shared memory and let go of its pages, which stay all the same."""
    blocks = []
    for _ in range(MOST // 32):
        block = mmap.mmap(-1, 32 * MIB)
        for at in range(0, 32 * MIB, 4096):
            block[at] = 1
        block.madvise(mmap.MADV_DONTNEED)
        blocks.append(block)
    escaped(f"{MOST} MiB of shared memory")


say("start")
if CASE == "child":
    if (child := os.fork()) == 0:
        take()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    contained("the child", f"ended with status {status}") if status else escaped("the child lived")
    sys.exit(0)
try:
    {"own": take, "memfd": memfd, "system_v": system_v, "shared": shared}[CASE]()
except (OSError, MemoryError) as error:
    contained(CASE, error)
