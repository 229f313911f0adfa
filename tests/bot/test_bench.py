from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from rich.console import Console

from bot import bench
from bot.baseline import conditions, find_baseline
from bot.bench import Failed, Measured, measure_model
from bot.bench_tables import (
    BEGIN,
    BEGIN_LEVELS,
    END,
    Grid,
    baseline_table,
    cost_table,
    levels_table,
    markdown,
    with_tables,
)
from bot.cli import invoke
from bot.errors import RequestError
from hardware_runner.boards import BOARDS, find_board
from hardware_runner.inference import InferenceSize
from model_compiler import Optimise, dense_classifier

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
    assert row.inference is not None
    assert row.firmware_flash_bytes > row.inference.flash_bytes > row.constant_bytes > 24
    assert row.firmware_ram_bytes > row.inference.ram_bytes >= row.arena_bytes > 0
    assert row.baseline is None
    assert any(tool.startswith("arm-none-eabi-gcc ") for tool in row.tools)
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


KWS = "aeea436800704fce17b17292e4412630ad856e9d777c044c64ef748a880bd0ae"


def row_of(model_sha256: str, core: str = "Cortex-M4F", instructions: float = 7500.0) -> Measured:
    return Measured(
        model="folder/m.tflite",
        board="mps2-an386",
        core=core,
        macs=1000,
        instructions=instructions,
        inference=InferenceSize(flash_bytes=6000, ram_bytes=480, startup_bytes=174),
        constant_bytes=5000,
        arena_bytes=464,
        stack_bytes=348,
        firmware_flash_bytes=9000,
        firmware_ram_bytes=1200,
        model_sha256=model_sha256,
        tools=("gcc 1.2",),
        optimise=Optimise.BALANCED,
    )


def shown(grid: Grid) -> str:
    console = Console(width=100)
    with console.capture() as capture:
        console.print(grid.rich())
    return capture.get()


def test_rows_show_counts_and_ratios() -> None:
    text = shown(cost_table([row_of(""), Failed("f", "b", "needs one int8 input\nmore")]))
    for cell in ("7,500", "7.50", "6,000", "9,000", "needs one int8 input"):
        assert f" {cell} " in text
    assert "more" not in text


def test_a_known_model_stands_beside_the_baseline() -> None:
    known = find_baseline(KWS, "Cortex-M4F")
    assert known is not None
    assert known.limit_instructions is not None
    table = baseline_table([row_of(""), row_of(KWS, instructions=known.instructions / 2)])
    assert table is not None
    (cells,) = table.rows
    named = dict(zip(table.header, cells, strict=False))
    assert (named["model"], named["times fewer"]) == ("kws", "2.00")
    limit = known.instructions / 2 / known.limit_instructions
    assert named["times that"] == f"{limit:.2f}"
    assert conditions().software in table.note
    assert max(map(len, shown(table).splitlines())) <= 100
    assert known.model in shown(table)
    assert row_of(KWS).as_json()["baseline"] is not None


def test_a_core_without_a_baseline_has_no_second_table() -> None:
    assert baseline_table([row_of(KWS, core="host"), row_of("")]) is None


def test_every_emulated_core_but_the_newest_has_a_baseline() -> None:
    cores = {board.core for board in BOARDS.values() if board.machine} - {"Cortex-M33"}
    found = [find_baseline(KWS, core) for core in cores]
    assert None not in found


def test_a_page_keeps_what_stands_around_the_tables() -> None:
    page = f"# Title\n\n{BEGIN}\nold\n{END}\nafter\n"
    text = with_tables(page, markdown([row_of(KWS)]))
    assert text.startswith("# Title\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert "| kws | Cortex-M4F | 7,500 |" in text
    assert "Measured with gcc 1.2, the models with `-O2`." in text
    assert with_tables(text, markdown([row_of(KWS)])) == text
    with pytest.raises(RequestError, match="no place for the tables"):
        with_tables("# Title\n", "")


def test_levels_stand_side_by_side() -> None:
    small, fast = (
        dataclasses.replace(row_of("", instructions=count), optimise=level)
        for level, count in ((Optimise.SIZE, 7500), (Optimise.SPEED, 5000))
    )
    levels = (Optimise.SIZE, Optimise.SPEED)
    other = dataclasses.replace(small, core="Cortex-M7")
    table = levels_table([small, fast, other, Failed("f", "b", "why")], levels)
    assert table.header[:4] == ("model", "core", "instructions, size", "instructions, speed")
    assert table.rows == (
        ("m", "Cortex-M4F", "7,500", "5,000", "6,000", "6,000", "480", "480"),
        ("m", "Cortex-M7", "7,500", "-", "6,000", "-", "480", "-"),
    )
    page = f"{BEGIN}\nfigures\n{END}\n{BEGIN_LEVELS}\nold\n{END}\n"
    text = with_tables(page, markdown([small, fast], levels), BEGIN_LEVELS)
    assert text.startswith(f"{BEGIN}\nfigures\n{END}\n{BEGIN_LEVELS}\n")
    assert "the models with `-Os`, `-O3`." in text
    assert "old" not in text


def test_a_page_without_marks_is_left_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.md"
    page.write_text("precious")
    (tmp_path / "x.tflite").write_bytes(b"no model")
    assert invoke(["benchmark", str(tmp_path), "--board", "host", "--markdown", str(page)]) == 2
    assert "no place for the tables" in capsys.readouterr().err
    assert page.read_text() == "precious"
    fresh = tmp_path / "new" / "page.md"
    assert invoke(["benchmark", str(tmp_path), "--board", "host", "--markdown", str(fresh)]) == 1
    assert fresh.read_text().startswith(BEGIN)
