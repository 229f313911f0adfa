from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.cli import invoke
from tests.model_compiler.test_bands import tall


def compile_tall(folder: Path, *options: str) -> int:
    (folder / "x.tflite").write_bytes(tall())
    return invoke(["compile", str(folder / "x.tflite"), "-o", str(folder / "out"), *options])


@pytest.mark.parametrize("bands", ["0", "1", "-2", "some", "2.5", "99999", ""])
def test_a_wrong_number_of_bands_is_refused_with_the_right_ones(
    bands: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compile_tall(tmp_path, "--bands", bands) == 2
    assert "Use off, auto, or a number from 2 to 1000" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_unknown_preference_is_refused_with_the_known_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compile_tall(tmp_path, "--optimise", "fast") == 2
    assert "'size', 'balanced', 'speed'" in capsys.readouterr().err


def test_the_summary_says_what_bands_save(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compile_tall(tmp_path, "--bands", "4") == 0
    out = capsys.readouterr().out
    assert "CONV_2D in 4 bands" in out
    assert "bytes of arena without them; no multiply-accumulate runs twice" in out


def test_the_figures_as_json_hold_both_arenas(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compile_tall(tmp_path, "--bands", "auto", "--json") == 0
    figures = json.loads(capsys.readouterr().out)
    assert figures["arena_bytes"] < figures["whole_arena_bytes"]
    assert figures["arena_lower_bound_bytes"] <= figures["arena_bytes"]
    assert figures["banded"][0]["bands"] > 1


def test_bands_that_nothing_can_run_in_are_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compile_tall(tmp_path, "--bands", "900") == 0
    assert "none: no stretch of operators can run in 900 bands" in capsys.readouterr().out


def test_a_profile_on_a_board_that_does_not_count_is_refused_before_anything_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compile_tall(tmp_path, "--profile", "--board", "host") == 2
    assert "Name an emulated board: mps2-an386" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
