"""Scratch folders: gone after use, after a kill at the next start, and never while in use."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from bot.disk import disk_watched, refuse_full_disk
from bot.errors import Infrastructure
from bot.evidence import Stage
from bot.scratch import in_turn, scratch, sole_user, sweep
from bot.stages.stage_result import verdict

HOLDER = """
import sys
from pathlib import Path
from bot.scratch import scratch, sole_user
with scratch() as folder, sole_user(Path(sys.argv[1])):
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    return folder


def test_a_folder_is_gone_afterwards(temporary: Path) -> None:
    with scratch() as folder:
        assert folder.parent == temporary
        assert sweep() == 0
        assert folder.is_dir()
    assert not folder.exists()


def test_what_a_killed_process_left_is_swept_and_free_again(
    tmp_path: Path, temporary: Path
) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path / "work")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    left = Path(holder.stdout.readline().strip())
    assert sweep() == 0
    with pytest.raises(Infrastructure, match="Another Boardwright"), sole_user(tmp_path / "work"):
        pass
    holder.kill()
    holder.wait()
    holder.stdin.close()
    holder.stdout.close()
    assert left.is_dir()
    assert sweep() == 1
    assert list(temporary.iterdir()) == []
    with sole_user(tmp_path / "work"):
        pass


def test_folders_of_others_stay(temporary: Path) -> None:
    (temporary / "boardwright-0").mkdir()
    (temporary / "boardwright-x.log").write_text("kept")
    (temporary / "elsewhere").mkdir()
    (temporary / "elsewhere" / ".lock").touch()
    (temporary / "boardwright-link").symlink_to(temporary / "elsewhere")
    assert sweep() == 0
    assert len(list(temporary.iterdir())) == 4


def test_a_full_disk_is_named_whatever_it_broke(tmp_path: Path) -> None:
    text = "as: can't write 9 bytes: No space left on device"
    for error in (OSError(28, os.strerror(28)), RuntimeError(text)):
        with pytest.raises(Infrastructure, match="is full") as caught, disk_watched(tmp_path):
            raise error
        assert caught.value.remedy.startswith("df -h ")
    failed = verdict("firmware.host.builds", Stage.FIRMWARE, "it builds", False, "gcc", text)
    with pytest.raises(Infrastructure, match="run the same command again"):
        refuse_full_disk([failed], tmp_path)
    with pytest.raises(RuntimeError, match="other"), disk_watched(tmp_path):
        raise RuntimeError("other")


def test_logs_of_errors_are_swept_after_a_week(temporary: Path) -> None:
    for name in ("boardwright-old.log", "boardwright-new.log", "other.log"):
        (temporary / name).touch()
    long_ago = time.time() - 8 * 24 * 3600
    for name in ("boardwright-old.log", "other.log"):
        os.utime(temporary / name, (long_ago, long_ago))
    (temporary / "boardwright-link.log").symlink_to(temporary / "other.log")
    assert sweep() == 1
    left = sorted(path.name for path in temporary.iterdir())
    assert left == ["boardwright-link.log", "boardwright-new.log", "other.log"]


def test_the_same_work_is_done_in_turn(temporary: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with in_turn("build"):
            order.append("second")

    with in_turn("build"):
        thread = threading.Thread(target=second)
        thread.start()
        with in_turn("another"):
            order.append("first")
        assert sweep() == 0
    thread.join()
    assert order == ["first", "second"]
