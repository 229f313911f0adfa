"""A control group for one job, where this user may make one: hard limits by the kernel.

Source: Linux, Documentation/admin-guide/cgroup-v1/ (memory, pids), scheduler/sched-bwc and
cgroup-v2.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bot.sandbox.job import Limits, Reason

ROOT = Path("/sys/fs/cgroup")
PREFIX = "boardwright-"
_PERIOD_US = 100_000
_CONTROLLERS = ("memory", "pids", "cpu")
_PATIENCE = 50


@dataclass(frozen=True, slots=True)
class ControlGroup:
    """Folders of one group: one in version 2, one for each controller in version 1."""

    folders: tuple[Path, ...]

    @property
    def doors(self) -> tuple[Path, ...]:
        """Return the files that a process writes its id to in order to join."""
        return tuple(folder / "cgroup.procs" for folder in self.folders)

    def broken(self) -> Reason | None:
        """Say which limit was met: memory that killed a process, or a refused fork."""
        for folder in self.folders:
            for name, field, reason in (
                ("memory.oom_control", "oom_kill", Reason.MEMORY),
                ("memory.events", "oom_kill", Reason.MEMORY),
                ("pids.events", "max", Reason.PROCESSES),
            ):
                if _counter(folder / name, field) > 0:
                    return reason
        return None

    def end(self) -> None:
        """Kill what is left in the group and remove it."""
        for folder in self.folders:
            for _ in range(_PATIENCE):
                _kill_all(folder / "cgroup.procs")
                try:
                    folder.rmdir()
                except FileNotFoundError:
                    break
                except OSError:
                    time.sleep(0.02)
                else:
                    break


@contextlib.contextmanager
def control_group(limits: Limits, root: Path = ROOT) -> Iterator[ControlGroup | None]:
    """Give a new group with a job's limits, or None where none can be made."""
    group = _make(limits, root)
    try:
        yield group
    finally:
        if group is not None:
            group.end()


def sweep(root: Path = ROOT) -> int:
    """Remove the groups that a killed Boardwright left; return how many."""
    removed = 0
    for parent in _parents(root):
        for folder in parent.glob(f"{PREFIX}*"):
            pid = folder.name.removeprefix(PREFIX).partition("-")[0]
            if Path(f"/proc/{pid}").exists():
                continue  # it may just have made it
            with contextlib.suppress(OSError):  # a process of a job is not gone yet
                folder.rmdir()
                removed += 1
    return removed


def _make(limits: Limits, root: Path) -> ControlGroup | None:
    made: list[Path] = []
    name = f"{PREFIX}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        for parent in _parents(root):
            (parent / name).mkdir()
            made.append(parent / name)
        if not made:
            return None
        _limit(ControlGroup(tuple(made)), limits, version=2 if _is_v2(root) else 1)
    except OSError:
        ControlGroup(tuple(made)).end()
        return None
    return ControlGroup(tuple(made))


def _limit(group: ControlGroup, limits: Limits, version: int) -> None:
    quota_us = int(limits.cores * _PERIOD_US)
    if version == 2:
        (folder,) = group.folders
        _put(folder / "memory.max", limits.memory_bytes)
        _put(folder / "pids.max", limits.processes)
        _put(folder / "cpu.max", f"{quota_us} {_PERIOD_US}")
        swap = folder / "memory.swap.max"
        if swap.exists():
            _put(swap, 0)
        return
    memory, pids, cpu = group.folders
    _put(memory / "memory.limit_in_bytes", limits.memory_bytes)
    swap = memory / "memory.memsw.limit_in_bytes"
    if swap.exists():
        _put(swap, limits.memory_bytes)
    _put(pids / "pids.max", limits.processes)
    _put(cpu / "cpu.cfs_period_us", _PERIOD_US)
    _put(cpu / "cpu.cfs_quota_us", quota_us)


def _put(path: Path, value: int | str) -> None:
    """Set a limit; a file that the kernel did not make is an error, never a new file."""
    handle = os.open(path, os.O_WRONLY)
    try:
        os.write(handle, str(value).encode())
    finally:
        os.close(handle)


def _is_v2(root: Path) -> bool:
    return (root / "cgroup.controllers").exists()


def _parents(root: Path) -> tuple[Path, ...]:
    """Return where groups may be made, below our own: its limits then hold for a job too."""
    if _is_v2(root):
        # Our own group holds processes, so its controllers cannot be passed on to a child of it.
        ours = _own(root, "").parent
        return (ours if ours.is_relative_to(root) else root,)
    found = tuple(_own(root / name, name) for name in _CONTROLLERS if (root / name).is_dir())
    return found if len(found) == len(_CONTROLLERS) else ()


def _own(mounted: Path, controller: str) -> Path:
    """Return our own group; the top where it cannot be seen from here.

    Source: cgroups(7), /proc/pid/cgroup.
    """
    with contextlib.suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            if controller in controllers.split(",") and (mounted / path.strip("/")).is_dir():
                return mounted / path.strip("/")
    return mounted


def _counter(path: Path, field: str) -> int:
    with contextlib.suppress(OSError, ValueError):
        for line in path.read_text().splitlines():
            name, _, value = line.partition(" ")
            if name == field:
                return int(value)
    return 0


def _kill_all(door: Path) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in door.read_text().splitlines():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(line), signal.SIGKILL)
