"""A process and all that descends from it, as /proc shows them: how much they take, and their end.

Source: proc(5), /proc/pid/stat and /proc/meminfo.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.job import Limits, Reason

_PARENT, _SESSION, _THREADS, _RESIDENT = 1, 3, 17, 21  # fields after the name in parentheses
_PATIENCE = 50
_SPARE_BYTES = 256 << 20  # of this machine's memory; what hides from the count ends here


@dataclass(frozen=True, slots=True)
class _Process:
    pid: int
    parent: int
    session: int
    threads: int
    resident_bytes: int


def resident_bytes(session: int) -> int:
    """Return the resident memory of all processes of a session; 0 where /proc is not there."""
    return sum(p.resident_bytes for p in _processes() if p.session == session)


def tree_limits(root: int, limits: Limits) -> Callable[[], Reason | None]:
    """Return a probe of the memory and the threads of a process and all its descendants."""

    def look() -> Reason | None:
        tree = _descendants(root)
        if sum(p.threads for p in tree) >= limits.processes:
            return Reason.PROCESSES
        # What processes share counts for each of them at first, which is quick to add up.
        resident = sum(p.resident_bytes for p in tree)
        if resident > limits.memory_bytes and _shares(tree) > limits.memory_bytes:
            return Reason.MEMORY
        return Reason.MEMORY if 0 <= _available_bytes() < _SPARE_BYTES else None

    return look


def kill_tree(root: int) -> None:
    """End a process's group and all its descendants, and wait a moment until they are gone."""
    tree = [process.pid for process in _descendants(root)]
    with contextlib.suppress(ProcessLookupError):
        os.killpg(root, signal.SIGKILL)
    for pid in tree:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    for _ in range(_PATIENCE):
        if not any(Path(f"/proc/{pid}").exists() for pid in tree):
            break
        time.sleep(0.02)


def kill_session(session: int) -> None:
    """End a process's group, and wait a moment until all of its session are gone."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(session, signal.SIGKILL)
    for _ in range(_PATIENCE):
        if not any(p.session == session and p.pid != session for p in _processes()):
            break
        time.sleep(0.02)


def _descendants(root: int) -> list[_Process]:
    children: defaultdict[int, list[_Process]] = defaultdict(list)
    for process in _processes():
        children[process.parent].append(process)
    found: list[_Process] = []
    todo = [root]
    while todo:
        new = children[todo.pop()]
        found += new
        todo += [process.pid for process in new]
    return found


def _processes() -> list[_Process]:
    page = os.sysconf("SC_PAGE_SIZE")
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):  # it ended meanwhile
            rest = path.read_text().rpartition(")")[2].split()
            if rest[0] == "Z":
                continue  # it has ended, and nobody asked how
            parent, session, threads, pages = (
                int(rest[i]) for i in (_PARENT, _SESSION, _THREADS, _RESIDENT)
            )
            resident = pages * page
            found.append(_Process(int(path.parent.name), parent, session, threads, resident))
    return found


def _shares(tree: list[_Process]) -> int:
    """Return the resident memory of processes, where shared pages count once in all.

    Source: proc(5), /proc/pid/smaps_rollup.
    """
    total = 0
    for process in tree:
        try:
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        except FileNotFoundError:
            continue  # it ended meanwhile
        except OSError:
            total += process.resident_bytes
            continue
        fields = (line.split() for line in rollup.splitlines())
        total += next((int(f[1]) * 1024 for f in fields if f[0] == "Pss:"), process.resident_bytes)
    return total


def _available_bytes() -> int:
    """Return the memory that this machine can still give; -1 where it does not say."""
    with contextlib.suppress(OSError, ValueError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return -1
