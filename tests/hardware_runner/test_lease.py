"""One holder at a time, across processes, and a lock never outlives its process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hardware_runner.errors import BoardBusy
from hardware_runner.lease import (
    default_lock_dir,
    holder,
    is_held,
    lease,
    lease_all,
    take_any,
)

HOLD = """
import sys
from pathlib import Path
from hardware_runner.lease import lease
with lease("an386", timeout_s=30, lock_dir=Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
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
        pytest.raises(BoardBusy, match=f"held by .*process {process.pid} on"),
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


CONTEND = """
import os, sys
from pathlib import Path
from hardware_runner.lease import take_any
folder = Path(sys.argv[1])
witness = folder / "witness"
for turn in range(33):
    held = take_any(["an386"], timeout_s=300, lock_dir=folder)
    try:
        os.close(os.open(witness, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        if not witness.read_text().startswith("dead"):
            print("two holders", flush=True)
    print("held", flush=True)
    if sys.argv[2] == "dies" and turn == 12:
        witness.write_text("dead")
        os.kill(os.getpid(), 9)
    witness.unlink()
    held.release()
"""


def test_200_leases_by_8_processes_kills_among_them(tmp_path: Path) -> None:
    """Each holder leaves a witness that nobody else may find, but for those who were killed."""
    command = [sys.executable, "-c", CONTEND, str(tmp_path)]
    workers = [
        subprocess.Popen(
            [*command, "dies" if number % 3 == 0 else "lives"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for number in range(8)
    ]
    said = [worker.communicate(timeout=300)[0].split("\n")[:-1] for worker in workers]
    assert [worker.returncode for worker in workers] == [-9, 0, 0, -9, 0, 0, -9, 0]
    assert {line for lines in said for line in lines} == {"held"}
    assert sum(map(len, said)) == 204 == 5 * 33 + 3 * 13
    with lease("an386", timeout_s=0, lock_dir=tmp_path):
        pass


def test_two_who_want_the_same_boards_do_not_wait_for_each_other(tmp_path: Path) -> None:
    with lease_all(["b", "a", "b"], timeout_s=0, lock_dir=tmp_path, purpose="repair") as held:
        assert [one.board for one in held] == ["a", "b"]
        who = holder("b", tmp_path)
        assert who is not None
        assert who.purpose == "repair"
        assert str(who).endswith("(repair)")
    with (
        lease("b", timeout_s=0, lock_dir=tmp_path),
        pytest.raises(BoardBusy),
        lease_all(["b", "a"], timeout_s=0, lock_dir=tmp_path),
    ):
        pass
    assert not is_held("a", tmp_path)  # what was taken before was given back


def test_whether_a_board_is_held_is_seen_without_a_lock(tmp_path: Path) -> None:
    assert not is_held("an386", tmp_path)
    process = hold(tmp_path)
    assert is_held("an386", tmp_path)
    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert not is_held("an386", tmp_path)  # though its record is still there
    assert holder("an386", tmp_path) is not None


def test_the_first_board_that_is_free_is_taken(tmp_path: Path) -> None:
    with lease("a", timeout_s=0, lock_dir=tmp_path):
        held = take_any(["a", "b"], timeout_s=0, lock_dir=tmp_path)
        assert held.board == "b"
        with pytest.raises(BoardBusy, match=r"board a is held .* board b is held"):
            take_any(["a", "b"], timeout_s=0, lock_dir=tmp_path)
        held.release()
        held.release()
        assert not is_held("b", tmp_path)


def test_a_wait_can_be_called_off(tmp_path: Path) -> None:
    with lease("a", timeout_s=0, lock_dir=tmp_path), pytest.raises(BoardBusy):
        take_any(["a"], timeout_s=600, lock_dir=tmp_path, called_off=lambda: True)


def test_one_folder_for_a_service_and_for_people(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOARDWRIGHT_LOCKS", str(tmp_path / "shared"))
    assert default_lock_dir() == tmp_path / "shared"
    with lease("a", timeout_s=0):
        assert (tmp_path / "shared" / "a.lock").stat().st_mode & 0o777 == 0o666
