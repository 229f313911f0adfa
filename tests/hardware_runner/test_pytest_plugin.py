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
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
import serial

from hardware_runner import pytest_plugin
from hardware_runner.boards import find_board
from hardware_runner.build import build_firmware
from hardware_runner.lease import lease
from hardware_runner.measure import measure
from hardware_runner.qemu import QemuBoard
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


def run_pytest(
    folder: Path, *options: str, runtime: Path | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder)}
    if runtime is not None:
        environment["XDG_RUNTIME_DIR"] = str(runtime)
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
        env=environment,
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


BENCH = """\
schema_version = 1
name = "attic"

[[place]]
name = "left"
board = "netduinoplus2"
flasher = "openocd"
probe = {vendor = "0483", product = "374b", serial = "066CFF5"}
console = {kind = "pty", path = "%s"}
"""


def chosen(bench: Path, *boards: str) -> list[str]:
    """Return which boards and places the options lead to."""
    options = {"bench": bench, "board": list(boards)}
    config = SimpleNamespace(getoption=options.get)
    return [seat.name for seat in pytest_plugin._chosen(config)]  # type: ignore[arg-type]


def test_a_place_of_the_bench_is_a_board_too(tmp_path: Path) -> None:
    bench = tmp_path / "bench.toml"
    bench.write_text(BENCH % "/nowhere")
    assert chosen(bench, "left", "an386", "left") == ["left", "mps2-an386"]
    with pytest.raises(pytest.UsageError, match=r"no board 'lift'.*places of .* are: left\."):
        chosen(bench, "lift")
    bench.unlink()
    with pytest.raises(pytest.UsageError, match=r"There is no .*bench\.toml"):
        chosen(bench, "left")


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
    assert properties == figures_of(report)


def figures_of(report: RunReport) -> dict[str, str]:
    """Return what JUnit must hold of a report: each of its figures, to the last digit."""
    fields = report.model_dump(mode="json", exclude_none=True)
    cost, footprint, tools = (fields.pop(name) for name in ("cost", "footprint", "tools"))
    for name in ("schema_version", "scores", "decisions"):
        del fields[name]
    expected = fields | footprint | {f"tool_{name}": value for name, value in tools.items()}
    unit = cost.pop("unit")
    expected["method"] = cost.pop("method")
    expected |= {name.replace("_", f"_{unit}_"): value for name, value in cost.items()}
    return {name: str(value) for name, value in expected.items()}


@needs_embedded
@needs_gcc
@needs_arm_gcc
@needs_qemu
@pytest.mark.slow
def test_a_board_test_runs_at_a_place_of_the_bench(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = project(tmp_path)
    board = find_board("netduinoplus2")
    compiled = compile_model(load_model((tmp_path / "model.tflite").read_bytes()))
    firmware = build_firmware(board, tmp_path, compiled, tmp_path / "attached")
    (tmp_path / "bench.toml").write_text(BENCH % (tmp_path / "tty"))
    (tmp_path / "bin").mkdir()
    openocd = tmp_path / "bin" / "openocd"  # the board below has its firmware already
    openocd.write_text(f'#!/bin/sh\necho "$@" >> {tmp_path}/openocd.log\n')
    openocd.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    attached = QemuBoard(board, firmware.elf)
    try:
        attached.resume()
        assert isinstance(attached.console, serial.Serial)
        (tmp_path / "tty").symlink_to(str(attached.console.port))
        attached.console.close()
        done = run_pytest(
            tmp_path, "test_board.py", "--bench=bench.toml", "--board=left",
            "--report=r.json", runtime=tmp_path,
        )  # fmt: skip
    finally:
        attached.close()
    assert done.returncode == 0, done.stdout + done.stderr
    report = RunReport.model_validate_json((tmp_path / "r.json").read_text())
    assert (report.board, report.scores) == ("netduinoplus2", expected.scores)
    log = (tmp_path / "openocd.log").read_text()
    assert log.count("program {") == 1
    assert log.count("init; reset run; shutdown") == 1


@needs_embedded
@needs_gcc
@needs_arm_gcc
@needs_qemu
@pytest.mark.slow
@pytest.mark.skipif(find_spec("xdist") is None, reason="pytest-xdist is not installed")
def test_two_boards_at_the_same_time(tmp_path: Path) -> None:
    expected = project(tmp_path)
    boards = ("--board", "an386", "--board", "an500", "--board", "an386")
    done = run_pytest(
        tmp_path, "test_board.py", *boards, "-n", "2", "--report=r.json", "--junitxml=junit.xml"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    xml = ElementTree.parse(tmp_path / "junit.xml")  # noqa: S314, written by pytest
    cases = {case.get("name"): case for case in xml.iter("testcase")}
    assert cases.keys() == {"test_board[mps2-an386]", "test_board[mps2-an500]"}
    for board in ("mps2-an386", "mps2-an500"):
        report = RunReport.model_validate_json((tmp_path / f"r.{board}.json").read_text())
        assert (report.board, report.scores) == (board, expected.scores)
        case = cases[f"test_board[{board}]"]
        properties = {p.get("name"): p.get("value") for p in case.iter("property")}
        assert properties == figures_of(report)


@needs_embedded
@needs_gcc
@pytest.mark.slow
def test_a_board_in_use_names_its_holder(tmp_path: Path) -> None:
    project(tmp_path)
    locks = tmp_path / "run" / "boardwright"
    with lease("host", timeout_s=0, lock_dir=locks):
        done = run_pytest(
            tmp_path, "test_board.py", "--board", "host", "--lease-timeout", "0.2",
            "--report=r.json", runtime=locks.parent,
        )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    assert "infrastructure: The board host is held by" in done.stdout
    assert f"process {os.getpid()}" in done.stdout
    report = RunReport.model_validate_json((tmp_path / "r.json").read_text())
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert f"process {os.getpid()}" in report.reason


@needs_embedded
@needs_gcc
@needs_arm_gcc
@needs_qemu
@pytest.mark.slow
def test_missed_limits_are_named_with_both_figures(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "goal.toml").write_text(
        "[limits]\nflash_max_bytes = 1000\nram_max_bytes = 20\ninstructions_max = 1200000\n"
    )
    done = run_pytest(tmp_path, "test_board.py", "--report=r.json")
    assert done.returncode == 1, done.stdout + done.stderr
    footprint = RunReport.model_validate_json((tmp_path / "r.json").read_text()).footprint
    assert footprint is not None
    assert footprint.stack_bytes is not None
    assert "limits of goal.toml are missed on mps2-an386" in done.stdout
    assert f"flash_max_bytes: {footprint.flash_bytes:,} measured, 1,000 allowed" in done.stdout
    ram_bytes = footprint.ram_bytes + footprint.stack_bytes
    assert f"ram_max_bytes: {ram_bytes:,} measured, 20 allowed" in done.stdout
    assert "instructions_max:" not in done.stdout


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
        (lambda f: (f / "goal.toml").write_text("[limits]\naccuracy_min = 1.0\n"),
         "on the board, at least 1 asked for"),
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
