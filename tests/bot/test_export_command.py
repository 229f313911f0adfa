"""`boardwright export` writes a project, and says what keeps it from doing so."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.cli import invoke
from bot.errors import ExitCode
from hardware_runner.export import read_exported
from tests.hardware_runner.bundled_project import write_whole_project


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_whole_project(tmp_path / "digits")


def export(project: Path, kind: str, board: str, *more: str) -> int:
    return invoke(["export", str(project), "--as", kind, "--board", board, *more])


def test_a_project_is_written_and_its_claim_told(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    assert export(project, "zephyr", "nano33ble", "-o", str(out)) == ExitCode.DONE
    said = capsys.readouterr().out
    assert "Verified: compiled against declarations." in said
    assert str(out / "README.md") in said
    exported = read_exported(out)
    assert (exported.kind, exported.board) == ("zephyr", "arduino-nano33ble")


@pytest.mark.parametrize(
    ("kind", "board", "said"),
    [
        ("make", "pico", "There are: cmake, arduino"),
        ("zephyr", "esp32s3", "It has: esp-idf"),
        ("cmake", "picco", "Did you mean"),
    ],
)
def test_what_cannot_be_exported_is_explained(
    kind: str,
    board: str,
    said: str,
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert export(project, kind, board, "-o", str(tmp_path / "out")) == ExitCode.REQUEST
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_model_that_cannot_be_compiled_is_named(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "model.tflite").write_bytes(b"no model")
    assert export(project, "cmake", "pico", "-o", str(tmp_path / "out")) == ExitCode.REQUEST
    assert "model.tflite" in capsys.readouterr().err


@pytest.mark.parametrize("manifest", [None, "{", '{"schema_version": 2}'])
def test_a_bench_listens_to_exports_alone(
    manifest: str | None, project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if manifest is not None:
        (tmp_path / "boardwright.json").write_text(manifest)
    wish = ["bench", "listen", str(tmp_path), "--project", str(project), "--place", "left"]
    assert invoke(wish) == ExitCode.REQUEST
    assert "boardwright.json" in capsys.readouterr().err
