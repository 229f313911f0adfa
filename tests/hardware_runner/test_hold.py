"""A hold is a process's lock: it ends with it, or by being asked, and never breaks a run."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

import pytest

from hardware_runner.errors import BoardBusy
from hardware_runner.hold import ask_back, await_free, keep, keep_apart
from hardware_runner.lease import holder, is_held, lease


def test_a_hold_ends_when_its_time_is_over(tmp_path: Path) -> None:
    times = iter([0.0, 1.0, 59.0, 61.0])
    held: list[bool] = []
    asked = keep(
        ["a", "b"], "new probe", tmp_path, minutes=1,
        on_held=lambda: held.append(is_held("a", tmp_path) and is_held("b", tmp_path)),
        now=lambda: next(times), sleep=lambda s: None,
    )  # fmt: skip
    assert (asked, held) == (False, [True])
    assert not is_held("a", tmp_path)


def test_a_hold_ends_when_it_is_asked_back_and_old_requests_mean_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.wanted").write_text("1 somebody earlier")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 2:
            who = ask_back("a", tmp_path)
            assert who is not None
            assert who.purpose == "new probe"

    assert keep(["a"], "new probe", tmp_path, sleep=sleep)
    assert len(slept) == 2
    assert list(tmp_path.glob("*.wanted")) == []


def test_a_run_is_never_asked(tmp_path: Path) -> None:
    with (
        lease("a", timeout_s=0, lock_dir=tmp_path),
        pytest.raises(BoardBusy, match="that is a run"),
    ):
        ask_back("a", tmp_path)
    assert ask_back("a", tmp_path) is None


def test_a_hold_in_the_background_lives_and_dies_with_its_process(tmp_path: Path) -> None:
    pid = keep_apart(["a"], "new probe", tmp_path, minutes=5)
    try:
        who = holder("a", tmp_path)
        assert who is not None
        assert (who.pid, who.purpose) == (pid, "new probe")
        assert is_held("a", tmp_path)
        with pytest.raises(BoardBusy, match=r"held by .*process .*new probe.*bench release"):
            keep_apart(["a"], "me too", tmp_path, minutes=5)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    assert not is_held("a", tmp_path)
    assert await_free("a", tmp_path, 0)
    assert ask_back("a", tmp_path) is None
