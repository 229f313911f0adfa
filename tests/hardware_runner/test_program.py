"""Programs of others: bounded, ended with all they started, and heard."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hardware_runner.errors import ToolFailed, ToolMissing
from hardware_runner.tools.program import Cause, Program, run

SHORT = {"timeout_s": 0.3, "grace_s": 0.2}


def script(folder: Path, body: str) -> Program:
    """Write an executable; its full path stands in for a name on PATH."""
    path = folder / "tool"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return Program("The tool", "apt-get install tool", executable=str(path))


def end(pid: int) -> str:
    """Return "ended" once the process is gone, or what it still does after a while."""
    status = ""
    for _ in range(1000):
        try:
            status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return "ended"
        if status in "ZX":
            return "ended"
        os.sched_yield()
    return status


def test_what_it_said_comes_back_errors_too(tmp_path: Path) -> None:
    tool = script(tmp_path, 'echo "$@"; echo warned >&2')
    assert run(tool, ["a b", "c"], timeout_s=10) == "a b c\nwarned\n"


def test_a_missing_program_names_what_installs_it() -> None:
    with pytest.raises(ToolMissing, match="apt-get install nothing"):
        run(Program("X", "apt-get install nothing", "no-such-program"), [], timeout_s=1)
    with pytest.raises(ToolMissing, match="pip install nothing"):
        run(Program("X", "pip install nothing", module="no_such_module"), [], timeout_s=1)


def test_a_failure_holds_the_last_telling_lines_without_colours(tmp_path: Path) -> None:
    tool = script(
        tmp_path,
        r"printf 'Hello\n###########\n\033[31mError: one\033[0m\n'; echo 'Error: one';"
        r" printf 'writing 1\rwriting 2\rFailed: \001two\n'; echo bye; exit 3",
    )
    with pytest.raises(ToolFailed) as caught:
        run(tool, [], timeout_s=10)
    assert str(caught.value) == "The tool ended with code 3: Error: one / Failed: two"


def test_a_known_complaint_gets_its_meaning(tmp_path: Path) -> None:
    tool = script(tmp_path, "echo 'OPEN FAILED'; exit 1")
    causes = (Cause("other", "Not this."), Cause("open failed", "Plug it in."))
    with pytest.raises(ToolFailed, match=r"^Plug it in\. The tool ended with code 1: OPEN FAILED$"):
        run(tool, [], timeout_s=10, causes=causes)


def test_a_silent_failure_says_so(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match="ended with code 2, and said nothing"):
        run(script(tmp_path, "exit 2"), [], timeout_s=10)


def test_success_may_be_what_it_says(tmp_path: Path) -> None:
    tool = script(tmp_path, "echo 'File downloaded successfully'; exit 74")
    assert run(tool, [], timeout_s=10, success="downloaded successfully")
    with pytest.raises(ToolFailed):
        run(script(tmp_path, "echo nothing done"), [], timeout_s=10, success="downloaded")


@pytest.mark.parametrize("before", ["", "trap '' TERM;"], ids=["polite", "deaf to SIGTERM"])
def test_what_hangs_is_ended_with_all_its_children(tmp_path: Path, before: str) -> None:
    pids = tmp_path / "pids"
    tool = script(
        tmp_path,
        f"{before} echo $$ >> {pids}; (sleep 600 & echo $! >> {pids}; wait) & sleep 600 &\n"
        f"echo $! >> {pids}; echo connecting; wait; sleep 600",
    )
    with pytest.raises(ToolFailed, match=r"did not end within 0\.3 s and was ended: connecting"):
        run(tool, [], **SHORT)
    started = [int(pid) for pid in pids.read_text().split()]
    assert len(started) == 3
    assert [end(pid) for pid in started] == ["ended"] * 3


def test_a_child_left_behind_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    tool = script(tmp_path, f"sleep 600 & echo $! > {pids}; echo done")
    assert run(tool, [], timeout_s=30) == "done\n"
    assert end(int(pids.read_text())) == "ended"


def test_a_flood_is_kept_within_bounds(tmp_path: Path) -> None:
    tool = script(tmp_path, "head -c 3000000 /dev/zero | tr '\\0' x; echo; echo Error: the end")
    said = run(tool, [], timeout_s=60)
    assert said.endswith("Error: the end\n")
    assert len(said) <= 256 * 1024
    endless = script(tmp_path, "exec yes Error: again")
    with pytest.raises(ToolFailed, match=r"was ended: Error: again$"):
        run(endless, [], **SHORT)


def test_it_runs_in_an_empty_folder_without_secrets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    monkeypatch.chdir(tmp_path)
    said = run(script(tmp_path, "ls -A; pwd; env"), [], timeout_s=10)
    assert "tool" not in said.splitlines()
    assert str(tmp_path) not in said.splitlines()
    assert "secret" not in said
    assert "LC_ALL=C" in said
    assert f"PATH={os.environ['PATH']}" in said


def test_no_module_of_the_working_folder_stands_in_for_a_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "this.py").write_text("print('hijacked')")
    monkeypatch.chdir(tmp_path)
    assert "hijacked" not in run(Program("Python", "", module="this"), [], timeout_s=30)
