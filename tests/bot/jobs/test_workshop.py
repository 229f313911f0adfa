"""Work in processes: what is told on the way, and that nothing is left of what was ended."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest

from bot.jobs.task import Done, Kind, Task
from bot.jobs.workshop import Workshop
from bot.rendering.live import Live, Phase
from bot.work.outcome import Planned, Stopped

LIVE = Live(key="issue-1-x", phase=Phase.BUILDING, requested_by="ada", delivery="d")
TASK = Task(kind=Kind.PLAN, repository="o/r", installation_id=None, number=1, live=LIVE)
PLANNED = Planned(name="x", title="X", understood="- u", plan="- p", boards=("host",))


def shop(tmp_path: Path, code: str, shown: list[Live], limit_s: float = 30.0) -> Workshop:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(code))

    def show(task: Task, live: Live) -> None:
        shown.append(live)

    return Workshop(
        lambda repository, number: tmp_path,
        show,
        (sys.executable, str(program)),
        every_s=0.0,
        limit_s={Kind.PLAN: limit_s},
        busy_s=0.0,
    )


def work(made: Workshop) -> Done:
    raw = asyncio.run(made.work("child", TASK.model_dump(mode="json")))
    return Done.model_validate(raw)


def test_what_is_told_reaches_the_comment(tmp_path: Path) -> None:
    (tmp_path / "planned.json").write_bytes(PLANNED.model_dump_json().encode())
    code = """
        import pathlib, sys
        print('{"kind": "started", "stage": "train"}', flush=True)
        print('no JSON', flush=True)
        print('{"kind": "cost", "calls": 1, "tokens": 5, "usd": null}', flush=True)
        folder = pathlib.Path(sys.argv[2])
        (folder / "planned.json").rename(folder / "outcome.json")
    """
    done = work(shop(tmp_path, code, []))
    assert done.outcome == PLANNED
    assert done.live.cost == "1 call, 5 tokens, price not known"
    assert [line.name for line in done.live.stages if line.state == "running"] == ["train"]


@pytest.mark.parametrize("code", ["raise SystemExit(1)", "pass", "import os; os.abort()"])
def test_work_that_leaves_nothing_is_told_as_ours(tmp_path: Path, code: str) -> None:
    (tmp_path / "outcome.json").write_bytes(PLANNED.model_dump_json().encode())
    outcome = work(shop(tmp_path, code, [])).outcome
    assert isinstance(outcome, Stopped) and outcome.whose == "service" and outcome.cure


def test_a_busy_folder_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "planned.json").write_bytes(PLANNED.model_dump_json().encode())
    code = """
        import pathlib, sys
        folder = pathlib.Path(sys.argv[2])
        if not (folder / "tried").exists():
            (folder / "tried").touch()
            sys.exit(75)
        (folder / "planned.json").rename(folder / "outcome.json")
    """
    assert work(shop(tmp_path, code, [])).outcome == PLANNED


def test_work_that_takes_too_long_is_ended_with_all_it_started(tmp_path: Path) -> None:
    code = """
        import pathlib, subprocess, sys, time
        child = subprocess.Popen(["sleep", "1000"])
        (pathlib.Path(sys.argv[2]) / "child").write_text(str(child.pid))
        time.sleep(1000)
    """
    outcome = work(shop(tmp_path, code, [], limit_s=3.0)).outcome
    assert isinstance(outcome, Stopped) and "longer" in outcome.problem
    child = tmp_path / "child"
    assert not child.exists() or _dies(int(child.read_text()))


def test_secrets_of_the_service_do_not_reach_the_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BOARDWRIGHT_PRIVATE_KEY", "BOARDWRIGHT_TOKEN_FILE", "GITHUB_TOKEN"):
        monkeypatch.setenv(name, "secret")
    code = """
        import os, pathlib, sys
        (pathlib.Path(sys.argv[2]) / "seen").write_text("\\n".join(os.environ.values()))
    """
    work(shop(tmp_path, code, []))
    assert "secret" not in (tmp_path / "seen").read_text().splitlines()


def test_a_leash_that_is_let_go_ends_the_whole_group(tmp_path: Path) -> None:
    inner = "import subprocess; p = subprocess.Popen(['sleep', '1000']); print(p.pid, flush=True)"
    leash = subprocess.Popen(
        [sys.executable, "-m", "bot.jobs.leash", sys.executable, "-c", f"{inner}; p.wait()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert leash.stdin is not None and leash.stdout is not None
    grandchild = int(leash.stdout.readline())
    leash.stdin.close()
    assert leash.wait(30) == -signal.SIGKILL
    leash.stdout.read()  # ends when the last holder of the pipe does
    assert _dies(grandchild)


def _dies(pid: int) -> bool:
    """Say whether a process is gone, which a signal brings about only soon."""
    for _ in range(1000):
        if not _lives(pid):
            return True
        threading.Event().wait(0.01)
    return False


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    return state != "Z"
