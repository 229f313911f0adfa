"""The working process: what it leaves, what it prints, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.errors import Infrastructure, RequestError, ToolMissing
from bot.scratch import sole_user
from bot.work.folder import read_outcome
from bot.work.outcome import Asking, Planned, Stopped
from bot.work.stopping import stopped
from bot.work.told import TOLD
from tests.bot.work.a_job import BODY, write_job

ROOT = Path(__file__).resolve().parents[3]


def start(what: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bot.work", what, str(folder)],
        cwd=ROOT,
        env={**{k: v for k, v in os.environ.items() if not k.startswith("OPENAI")}},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def end(what: str, folder: Path) -> tuple[int, str, str]:
    process = start(what, folder)
    said, log = process.communicate()
    return process.returncode, said, log


def test_a_plan_is_left_in_the_folder_and_told_in_lines_of_json(tmp_path: Path) -> None:
    folder = write_job(tmp_path / "job", size="smaller")
    (folder / "outcome.json").write_text("of something else")
    code, said, log = end("plan", folder)
    assert code == 0, log
    outcome = read_outcome(folder)
    assert isinstance(outcome, Planned)
    assert outcome.name == "ripeness-of-fruit"
    assert "green (30), ripe (30), spoilt (30)" in outcome.understood
    assert "1. linear: one dense layer" in outcome.plan
    assert "as a smaller one was asked for" in outcome.plan
    assert [TOLD.validate_json(line) for line in said.splitlines()]


def test_questions_are_an_outcome(tmp_path: Path) -> None:
    folder = write_job(tmp_path / "job", body=BODY.replace("host", "mps9"))
    assert end("build", folder)[0] == 0
    outcome = read_outcome(folder)
    assert isinstance(outcome, Asking)
    assert "`mps9` is no board" in outcome.text


def test_who_works_already_is_left_alone(tmp_path: Path) -> None:
    folder = write_job(tmp_path / "job")
    with sole_user(folder):
        assert end("plan", folder)[0] == 75
    assert not (folder / "outcome.json").exists()


def test_wrong_calls_are_refused(tmp_path: Path) -> None:
    assert end("bake", tmp_path)[0] == 2
    assert end("plan", tmp_path / "nowhere")[0] == 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_a_build_that_is_ended_leaves_no_outcome(
    tmp_path: Path, number: signal.Signals, code: int
) -> None:
    folder = write_job(tmp_path / "job")
    process = start("build", folder)
    assert process.stdout is not None
    assert any('"started"' in line for line in process.stdout)
    process.send_signal(number)
    process.communicate()
    assert process.returncode == code
    assert not (folder / "outcome.json").exists()
    assert not (folder / "publication").exists()


@pytest.mark.parametrize(
    ("error", "whose", "again"),
    [
        (RequestError("`a` is wrong.", "Write `b`.", "Data"), "request", False),
        (Infrastructure("The disk of /srv/jobs/x/work is full."), "service", True),
        (ToolMissing("gcc is missing.", "apt install gcc"), "service", False),
        (OSError(28, "No space left on device", "/srv/jobs/x/work"), "service", True),
        (KeyError("/srv/jobs/x/secret"), "service", False),
    ],
)
def test_every_error_says_whose_turn_it_is_and_shows_nothing_of_the_machine(
    error: Exception, whose: str, again: bool
) -> None:
    told = stopped(error, Path("/srv/jobs/x"))
    assert isinstance(told, Stopped)
    assert (told.whose, told.again) == (whose, again)
    assert told.problem
    assert "/boardwright retry" in told.cure
    for text in (told.problem, told.cure):
        assert "/srv" not in text
        assert "/tmp" not in text
        assert "Traceback" not in text
