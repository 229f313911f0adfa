"""`boardwright compile` with boards: what does not fit is refused, what it costs is shown."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from bot.cli import invoke
from bot.errors import ExitCode
from model_compiler import dense_classifier
from tests.hardware_runner.tools import needs_arm_gcc, needs_qemu

Captured = pytest.CaptureFixture[str]


def arguments(
    monkeypatch: pytest.MonkeyPatch, folder: Path, features: int, classes: int
) -> list[str]:
    monkeypatch.setattr("model_compiler.load_model", lambda _: dense_classifier(features, classes))
    (folder / "x.tflite").write_bytes(b"stands for the model made above")
    return ["compile", str(folder / "x.tflite"), "-o", str(folder / "out")]


def test_a_model_too_big_for_a_board_is_refused_and_not_written(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    given = arguments(monkeypatch, tmp_path, 2048, 1024)
    assert invoke([*given, "--board", "stm32f405"]) == ExitCode.REQUEST
    said = capsys.readouterr().err
    assert re.search(r"at least 2,1\d\d,\d\d\d bytes of flash", said)
    assert "STM32F405RG has 1,048,576" in said
    assert "mps2-an386" in said
    assert not (tmp_path / "out").exists()


def test_what_fits_says_how_much_room_it_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    given = arguments(monkeypatch, tmp_path, 16, 4)
    assert invoke([*given, "--board", "stm32f405", "--board", "host"]) == 0
    said = capsys.readouterr().out
    assert "netduinoplus2: " in said
    assert "of 1,048,576 bytes of flash" in said
    assert "host: " not in said


@needs_arm_gcc
@needs_qemu
def test_a_profile_is_shown_and_written_under_any_name(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    given = arguments(monkeypatch, tmp_path, 16, 4)
    assert invoke([*given, "--profile"]) == 0
    said = capsys.readouterr().out
    assert "Cortex-M4F on MPS2 (AN386), emulated: instructions of one inference" in said
    both = [*given, "--profile", "--board", "m55", "--board", "m4", "--name", "tiny", "--json"]
    assert invoke(both) == 0
    profiles = json.loads(capsys.readouterr().out)["profiles"]
    assert list(profiles) == ["mps3-an547", "mps2-an386"]
    for found in profiles.values():
        (operator,) = found["operators"]
        assert operator["name"] == "FULLY_CONNECTED"
        assert operator["instructions"] > 64 / 16
        assert operator["instructions"] + found["overhead"] == found["instructions"]
        assert 0 < found["overhead"] < 40
    assert f"{profiles['mps2-an386']['instructions']:,}" in said
    source = (tmp_path / "out" / "bw_tiny.c").read_text()
    assert "PROFILE" not in source.upper()


def test_the_host_cannot_be_profiled(
    monkeypatch: pytest.MonkeyPatch, capsys: Captured, tmp_path: Path
) -> None:
    given = arguments(monkeypatch, tmp_path, 16, 4)
    assert invoke([*given, "--profile", "--board", "host"]) == ExitCode.REQUEST
    assert "Name an emulated board" in capsys.readouterr().err
