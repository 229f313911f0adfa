"""One holder at a time, across processes, and a lock never outlives its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hardware_runner.errors import BoardBusy
from hardware_runner.lease import default_lock_dir, holder, lease

HOLD = """
import sys
from pathlib import Path
from hardware_runner.lease import lease
with lease("an386", timeout_s=30, lock_dir=Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""

COUNT = """
import sys
from pathlib import Path
from hardware_runner.lease import lease
folder = Path(sys.argv[1])
counter = folder / "counter"
for _ in range(10):
    with lease("an386", timeout_s=60, lock_dir=folder):
        before = int(counter.read_text())
        counter.write_text("")  # a second holder would read this and fail
        counter.write_text(str(before + 1))
"""


def start(script: str, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )


def hold(folder: Path) -> subprocess.Popen[bytes]:
    process = start(HOLD, folder)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_a_held_board_is_refused_and_the_holder_named(tmp_path: Path) -> None:
    process = hold(tmp_path)
    with (
        pytest.raises(BoardBusy, match=f"held by process {process.pid} on"),
        lease("an386", timeout_s=0.1, lock_dir=tmp_path),
    ):
        pass
    process.communicate(b"")
    with lease("an386", timeout_s=0, lock_dir=tmp_path):
        record = holder("an386", tmp_path)
        assert record is not None
        assert record.pid == os.getpid()
    assert holder("an386", tmp_path) is None


def test_a_waiting_process_leaves_the_record_alone(tmp_path: Path) -> None:
    process = hold(tmp_path)
    for _ in range(3):
        with pytest.raises(BoardBusy), lease("an386", timeout_s=0, lock_dir=tmp_path):
            pass
    record = holder("an386", tmp_path)
    assert record is not None
    assert record.pid == process.pid
    process.communicate(b"")


def test_a_killed_holder_frees_the_board_and_its_record_means_nothing(tmp_path: Path) -> None:
    process = hold(tmp_path)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert holder("an386", tmp_path) is not None  # the record is stale
    with lease("an386", timeout_s=5, lock_dir=tmp_path):
        record = holder("an386", tmp_path)
        assert record is not None
        assert record.pid == os.getpid()


def test_boards_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with (
        lease("an386", timeout_s=0, lock_dir=tmp_path),
        lease("an500", timeout_s=0, lock_dir=tmp_path),
    ):
        pass


def test_several_processes_and_a_kill_among_them_never_share_a_board(tmp_path: Path) -> None:
    (tmp_path / "counter").write_text("0")
    victim = hold(tmp_path)
    workers = [start(COUNT, tmp_path) for _ in range(3)]
    victim.send_signal(signal.SIGKILL)
    victim.wait(10)
    for worker in workers:
        worker.communicate(b"", timeout=60)
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    assert (tmp_path / "counter").read_text() == "30"


@pytest.mark.parametrize("record", ["", "{", "[]", '{"pid": 1}', "\0\0"])
def test_a_damaged_record_is_no_record(tmp_path: Path, record: str) -> None:
    (tmp_path / "an386.holder.json").write_text(record)
    assert holder("an386", tmp_path) is None
    with lease("an386", timeout_s=0, lock_dir=tmp_path):
        assert holder("an386", tmp_path) is not None


def test_the_default_folder_is_this_users_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert default_lock_dir() == tmp_path / "boardwright"
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    assert default_lock_dir().stat().st_mode & 0o777 == 0o700


def test_a_link_in_place_of_the_folder_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "boardwright").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BoardBusy, match="belongs to somebody else"):
        default_lock_dir()
