"""Control groups: limits that no kernel takes are no limits, and version 2 is written as told."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from bot.sandbox import cgroup
from bot.sandbox.cgroup import ControlGroup, control_group
from bot.sandbox.job import Limits, Reason

LIMITS = Limits(memory_bytes=1 << 29, processes=99, cores=1.5)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return what looks like version 2: plain files, so a kernel's part is not seen here."""
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    return tmp_path


def test_where_the_kernel_makes_no_limits_there_is_no_group(root: Path) -> None:
    with control_group(LIMITS, root) as group:
        assert group is None
    assert [path.name for path in root.iterdir()] == ["cgroup.controllers"]


def test_version_2_gets_each_limit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = Path.mkdir

    def mkdir(path: Path) -> None:
        make(path)
        for name in ("memory.max", "memory.swap.max", "pids.max", "cpu.max"):
            (path / name).touch()

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(cgroup.ControlGroup, "end", lambda group: None)
    with control_group(LIMITS, root) as group:
        assert group is not None
        (folder,) = group.folders
        found = {path.name: path.read_text() for path in folder.iterdir()}
    assert found == {
        "memory.max": str(1 << 29),
        "memory.swap.max": "0",
        "pids.max": "99",
        "cpu.max": "150000 100000",
    }


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("memory.events", "low 0\noom 3\noom_kill 1\n", Reason.MEMORY),
        ("memory.events", "low 0\noom 3\noom_kill 0\n", None),
        ("memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", Reason.MEMORY),
        ("pids.events", "max 7\n", Reason.PROCESSES),
        ("pids.events", "max 0\n", None),
    ],
)
def test_a_broken_limit_is_told(
    tmp_path: Path, name: str, text: str, reason: Reason | None
) -> None:
    (tmp_path / name).write_text(text)
    assert ControlGroup((tmp_path,)).broken() is reason


def test_groups_of_the_dead_are_swept_and_those_of_the_living_stay(tmp_path: Path) -> None:
    (tmp_path / "cgroup.controllers").touch()
    ended = subprocess.Popen(["true"])
    ended.wait()
    for pid in (ended.pid, os.getpid()):
        (tmp_path / f"{cgroup.PREFIX}{pid}-0a").mkdir()
    assert cgroup.sweep(tmp_path) == 1
    assert [p.name for p in tmp_path.glob("*-0a")] == [f"{cgroup.PREFIX}{os.getpid()}-0a"]
