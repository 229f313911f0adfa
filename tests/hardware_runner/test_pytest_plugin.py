"""The plugin: silent unless used, and a whole board test through pytest-embedded where it is."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from hardware_runner.boards import find_board
from hardware_runner.build import build_firmware
from hardware_runner.measure import measure
from hardware_runner.report import RunOutcome, RunReport
from model_compiler import compile_model, load_model
from tests.hardware_runner.stand_in import write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_gcc, needs_qemu
from tests.model_compiler.tflite_builder import ModelBuilder

needs_embedded = pytest.mark.skipif(
    find_spec("pytest_embedded_serial") is None, reason="pytest-embedded-serial is not installed"
)
ROOT = Path(__file__).parents[2]
SAMPLES = np.random.default_rng(5).integers(0, 17, (40, 8, 8)).astype(np.uint8)


def run_pytest(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *options]
    if "boardwright" not in _entry_points():
        command[4:4] = ["-p", "hardware_runner.pytest_plugin"]
    return subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)},
    )


def _entry_points() -> set[str]:
    return {e.name for e in entry_points(group="pytest11")}


def test_it_does_nothing_where_no_test_asks_for_it(tmp_path: Path) -> None:
    (tmp_path / "test_other.py").write_text("def test_other():\n    assert True\n")
    done = run_pytest(tmp_path, "-p", "no:pytest_embedded")
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    with_board = run_pytest(tmp_path, "--board", "an386")
    assert "1 passed" in with_board.stdout, with_board.stdout + with_board.stderr


def test_without_pytest_embedded_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "test_board.py").write_text("def test_board(board_run):\n    board_run()\n")
    project(tmp_path)
    done = run_pytest(tmp_path, "-p", "no:pytest_embedded")
    assert "pip install 'boardwright[boards]'" in done.stdout
    assert done.returncode != 0


def test_an_unknown_board_is_named(tmp_path: Path) -> None:
    (tmp_path / "test_board.py").write_text("def test_board(board_run):\n    board_run()\n")
    done = run_pytest(tmp_path, "-p", "no:pytest_embedded", "--board", "an368")
    assert "Did you mean an386" in done.stdout
    assert done.returncode != 0


def project(folder: Path) -> RunReport:
    """Write a whole project and return the host's report on it."""
    write_project(folder)
    (folder / "model.tflite").write_bytes(classifier())
    truth = np.arange(len(SAMPLES)) % 10
    np.savez(folder / "testset.npz", x=SAMPLES, y=truth)
    host = find_board("host")
    compiled = compile_model(load_model((folder / "model.tflite").read_bytes()))
    firmware = build_firmware(host, folder, compiled, folder / "host")
    report = measure(host, firmware, SAMPLES, lock_dir=folder / "locks")
    assert report.outcome is RunOutcome.PASS, report.reason
    scores = np.array(report.scores, dtype=np.int8)
    host_answers = {
        "predictions": scores.argmax(axis=1).tolist(),
        "scores_sha256": hashlib.sha256(scores.tobytes()).hexdigest(),
    }
    evidence = {"host": host_answers}
    (folder / "evidence.json").write_text(json.dumps(evidence))
    (folder / "goal.toml").write_text("[limits]\naccuracy_min = 0.0\n")
    source = resources.files("templates") / "projects" / "test_board.py"
    (folder / "test_board.py").write_text(source.read_text())
    return report


@needs_embedded
@needs_gcc
@needs_arm_gcc
@needs_qemu
@pytest.mark.slow
@pytest.mark.parametrize("options", [(), ("--board", "f405", "--embedded-services", "serial")])
def test_a_projects_board_test_passes_and_reports(tmp_path: Path, options: tuple[str, ...]) -> None:
    expected = project(tmp_path)
    done = run_pytest(
        tmp_path, "test_board.py", *options, "--report=report.json", "--junitxml=junit.xml"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    report = RunReport.model_validate_json((tmp_path / "report.json").read_text())
    assert report.board == ("netduinoplus2" if options else "mps2-an386")
    assert (report.scores, report.decisions) == (expected.scores, expected.decisions)
    assert report.cost is not None
    xml = ElementTree.parse(tmp_path / "junit.xml")  # noqa: S314, written by pytest
    properties = {p.get("name"): p.get("value") for p in xml.iter("property")}
    assert properties["outcome"] == "pass"
    assert float(properties["model_instructions_median"]) == report.cost.model_median
    assert int(properties["flash_bytes"]) == report.footprint.flash_bytes


@needs_embedded
@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (lambda f: (f / "evidence.json").write_text(
            json.dumps({"host": {"predictions": [11] * len(SAMPLES)}})), "differ from the host's"),
        (lambda f: (f / "evidence.json").write_text(
            re.sub(r'_sha256": ".', '_sha256": "x', (f / "evidence.json").read_text())),
         "not in every byte"),
        (lambda f: (f / "goal.toml").write_text("[limits]\naccuracy_min = 1.0\n"), "assert "),
        (lambda f: (f / "app.c").write_text("nonsense"), "app.c:1:1: error"),
        (lambda f: (f / "model.tflite").write_bytes(b"nonsense"), "error"),
    ],
    ids=["other answers", "other bytes", "accuracy", "build", "model"],
)  # fmt: skip
def test_a_board_test_that_must_fail_fails(tmp_path: Path, harm, words: str) -> None:
    project(tmp_path)
    shutil.rmtree(tmp_path / "host")
    harm(tmp_path)
    done = run_pytest(tmp_path, "test_board.py", "--board", "host")
    assert done.returncode == 1, done.stdout + done.stderr
    assert words in done.stdout


def classifier() -> bytes:
    """Return one dense layer from 16 features to 10 scores, with random weights."""
    noise = np.random.default_rng(6)
    model = ModelBuilder()
    x = model.tensor((1, 16), scale=1 / 255, zero_point=-128)
    weights = model.tensor((10, 16), scale=0.01, data=noise.integers(-127, 128, (10, 16)))
    bias = model.tensor((10,), "int32", scale=0.01 / 255, data=noise.integers(-999, 999, 10))
    y = model.tensor((1, 10), scale=0.05)
    model.add("FULLY_CONNECTED", [x, weights, bias], [y])
    return model.finish([x], [y])
