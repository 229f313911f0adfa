"""From a project to a bundle, and from its zip to results, by the command line."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from bot.cli import invoke
from bot.errors import ExitCode
from bot.run_figures import run_figures
from bot.stages.goal_header import goal_toml
from hardware_runner.report import Cost, RunOutcome, RunReport
from hardware_runner.results import RESULTS_FILE, Results
from tests.bot.small_project import goal
from tests.hardware_runner.bundled_project import COMMIT, SAMPLES, write_whole_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_qemu

BOARD = "mps2-an386"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = write_whole_project(tmp_path / "tinyml" / "patches")
    (folder / "goal.toml").write_text(goal_toml(goal()))
    return folder


def build(project: Path, out: Path, *more: str) -> int:
    return invoke(["build", str(project), "--commit", COMMIT, "-o", str(out), *more])


@needs_arm_gcc
@needs_qemu
def test_what_was_built_in_one_place_is_measured_in_another(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, into, outputs = tmp_path / "bundle", tmp_path / "results", tmp_path / "outputs"
    assert build(project, out) == ExitCode.DONE  # its goal names the host alone
    assert f"{BOARD}: " in capsys.readouterr().out
    twice = ["measure", "--bundle", str(out), "--board", BOARD, "--board", "m4"]
    assert invoke(twice) == ExitCode.REQUEST
    assert f"{BOARD} and m4 are both {BOARD}" in capsys.readouterr().err
    in_the_way = ["measure", "--bundle", str(out), "-o", str(project / "goal.toml")]
    assert invoke(in_the_way) == ExitCode.REQUEST
    shutil.rmtree(project)
    place = tmp_path / "downloaded"
    packed = Path(shutil.make_archive(str(place / "bundle"), "zip", out))
    digest = hashlib.sha256(packed.read_bytes()).hexdigest()
    measured = ["measure", "--bundle", str(place), "--commit", COMMIT, "-o", str(into)]
    assert invoke([*measured, "--sha256", "0" * 64]) == ExitCode.REQUEST
    assert not into.exists()
    assert invoke([*measured, "--sha256", digest, "--outputs", str(outputs)]) == ExitCode.DONE
    results = Results.model_validate_json((into / RESULTS_FILE).read_text())
    assert (results.bench, results.project, results.commit) == (
        "emulated",
        "tinyml/patches",
        COMMIT,
    )
    (one,) = results.boards
    assert one.report.outcome is RunOutcome.PASS and len(one.report.scores) == SAMPLES
    said = dict(line.split("=") for line in outputs.read_text().splitlines())
    assert float(said["accuracy-percent"]) <= 100 and int(said["instructions"]) > 1000
    assert said["latency-us"] == ""


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--commit", "main", "-o", "new"], "'main' is no commit"),
        (["--commit", COMMIT, "-o", "."], "is there already"),
        (["--commit", COMMIT, "-o", "new", "--board", "host"], "no board to hand firmware to"),
        (["--commit", COMMIT, "-o", "new", "--board", "toaster"], "no board 'toaster'"),
    ],
)
def test_what_cannot_be_built_is_told(
    project: Path,
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(project)
    assert invoke(["build", str(project), *arguments]) == ExitCode.REQUEST
    assert words in " ".join(capsys.readouterr().err.split())


def test_a_goal_that_is_none_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for text, words in (("name = [", "cannot be read"), ('name = "x"', "is no goal: title")):
        (project / "goal.toml").write_text(text)
        assert build(project, project / "new") == ExitCode.REQUEST
        assert words in capsys.readouterr().err
    (project / "goal.toml").unlink()
    assert build(project, project / "new") == ExitCode.REQUEST
    assert "holds no goal.toml" in capsys.readouterr().err


@needs_arm_gcc
def test_a_firmware_that_cannot_be_built_for_any_board_ends_with_one(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "app.c").write_text("#error no\n")
    assert build(project, project / "new") == ExitCode.LIMIT_MISSED
    assert f"{BOARD}: not built: " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "nothing to measure"),
        (["--bundle", "none"], "no bundle at none"),
        (["--bundle", "empty.zip"], "only if its SHA-256 is known"),
        (["--bundle", ".", "project"], "nothing to measure"),
        (["--bundle", "."], "holds no boardwright-bundle.json"),
    ],
)
def test_what_cannot_be_measured_is_told(
    tmp_path: Path,
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "empty.zip").touch()
    monkeypatch.chdir(tmp_path)
    assert invoke(["measure", *arguments]) == ExitCode.REQUEST
    assert words in capsys.readouterr().err


def _report(answers: list[int], unit: str | None, largest: float = 0.0) -> RunReport:
    cost = Cost.model_validate(
        {
            "unit": unit,
            "method": "m",
            "features_median": 1,
            "features_max": 2,
            "model_median": 1,
            "model_max": largest,
        }
    )
    return RunReport(
        board="b",
        core="c",
        verified="hardware",
        outcome=RunOutcome.PASS,
        scores=tuple(tuple(int(i == answer) for i in range(3)) for answer in answers),
        cost=cost,
    )


def test_figures_are_the_worst_of_the_boards_that_answered() -> None:
    import numpy as np

    truth = np.array([0, 1, 2, 0])
    late = _report([0, 1], "us", 9e9)
    found = run_figures(
        [
            _report([0, 1, 2, 0], "us", 1500.26),
            _report([0, 1, 2, 1], "instructions", 30_000),
            late,
        ],
        truth,
    )
    assert found == {
        "accuracy-percent": "75.00",
        "latency-us": "1502.3",
        "instructions": "30002",
    }
    assert set(run_figures([], truth).values()) == {""}
