from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from bot import bench
from bot.bench import Failed, Measured, benchmark_table, measure_model
from bot.cli import invoke
from hardware_runner.boards import find_board
from model_compiler import dense_classifier

TOOLS = ("arm-none-eabi-gcc", "qemu-system-arm")
MISSING = [tool for tool in TOOLS if shutil.which(tool) is None]


@pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
def test_a_model_is_measured_with_random_inputs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(bench, "load_model", lambda _: dense_classifier(8, 3))
    board = find_board("mps2-an386")
    row = measure_model("dense", b"", board, 3, tmp_path / "a")
    assert isinstance(row, Measured), row
    assert row.macs == 24
    assert row.instructions is not None
    assert row.instructions > row.macs
    assert row.instructions_per_mac == row.instructions / 24
    assert row.flash_bytes > row.model_flash_bytes > 24
    assert row.ram_bytes >= row.arena_bytes > 0
    again = measure_model("dense", b"", board, 3, tmp_path / "b")
    assert again == row


def test_what_is_no_model_becomes_a_row(tmp_path: Path) -> None:
    row = measure_model("x", b"no model", find_board("host"), 1, tmp_path)
    assert isinstance(row, Failed)
    assert row.why


def test_the_table_and_the_file_hold_the_failure(tmp_path: Path) -> None:
    (tmp_path / "x.tflite").write_bytes(b"no model")
    figures = tmp_path / "out" / "b.json"
    arguments = ["benchmark", str(tmp_path), "--board", "host", "--json", str(figures)]
    assert invoke(arguments) == 1
    (row,) = json.loads(figures.read_text())
    assert (row["model"], row["board"]) == (str(tmp_path / "x.tflite"), "host")
    assert row["why"]


def test_a_folder_without_models_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert invoke(["benchmark", str(tmp_path)]) == 2
    assert "holds no .tflite file" in capsys.readouterr().err


def test_rows_show_counts_and_ratios() -> None:
    row = Measured("m", "b", 1000, 7500.0, 9000, 5000, 1200, 464, 348)
    console = Console(width=160)
    with console.capture() as shown:
        console.print(benchmark_table([row, Failed("f", "b", "needs one int8 input\nmore")]))
    text = shown.get()
    assert "7,500" in text and "7.50" in text and "needs one int8 input" in text
    assert "more" not in text
