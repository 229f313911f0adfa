"""A model that cannot fit is refused before a compiler runs, with figures and a cure."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from hardware_runner import build
from hardware_runner.boards import find_board
from hardware_runner.build import build_firmware
from hardware_runner.errors import TooLarge
from hardware_runner.fit import STACK_BYTES, refuse_too_large
from model_compiler import OperatorSummary, Summary, compile_model, dense_classifier
from model_compiler.peak import Held, Peak
from tests.hardware_runner.stand_in import write_project

F405 = find_board("netduinoplus2")

OPERATORS = (
    OperatorSummary(0, "CONV_2D", (1, 200, 200, 4), 1, 100),
    OperatorSummary(1, "CONV_2D", (1, 100, 100, 8), 1, 2_000_000),
    OperatorSummary(2, "FULLY_CONNECTED", (1, 10), 1, 3_000),
)
PEAK = Peak(
    1,
    (
        Held("output of 0 CONV_2D", (1, 200, 200, 4), 160_000),
        Held("output of 1 CONV_2D", (1, 100, 100, 8), 80_000),
        Held("scratch", (), 64),
    ),
)


def summary(constants: int, arena: int) -> Summary:
    return Summary(OPERATORS, 3, constants, arena, arena, (), (), "", peak=PEAK)


def refusal(constants: int, arena: int) -> TooLarge:
    with pytest.raises(TooLarge) as caught:
        refuse_too_large(summary(constants, arena), F405)
    return caught.value


def test_what_just_fits_is_not_refused() -> None:
    refuse_too_large(summary(F405.flash_bytes, F405.ram_bytes - STACK_BYTES), F405)


def test_too_many_constants_name_the_operators_that_have_most() -> None:
    error = refusal(2_003_100, 1000)
    assert (error.section, error.needed_bytes, error.available_bytes) == (
        "flash",
        2_003_100,
        F405.flash_bytes,
    )
    text = str(error)
    assert "at least 2,003,100 bytes of flash" in text
    assert "STM32F405RG has 1,048,576" in text
    assert "1 CONV_2D 2,000,000, 2 FULLY_CONNECTED 3,000, 0 CONV_2D 100" in text
    assert "Boards that have that much: mps2-an386, mps2-an500, mps2-an505" in text
    assert "RAM" not in text


def test_a_large_arena_names_the_moment_and_the_tensors() -> None:
    error = refusal(3_100, 240_064)
    assert (error.section, error.needed_bytes) == ("RAM", 240_064 + STACK_BYTES)
    text = str(error)
    assert "240,064 for its arena and 4,096 for the stack; STM32F405RG has 131,072" in text
    assert "during operator 1 CONV_2D, in bytes: output of 0 CONV_2D 1x200x200x4 160,000" in text
    assert "scratch 64" in text
    assert "--bands auto" in text


def test_both_memories_are_told_at_once() -> None:
    text = str(refusal(2_003_100, 240_064))
    assert "bytes of flash" in text
    assert "bytes of RAM" in text
    assert "No board that can be named has that much." in str(refusal(2_003_100, 2**31))


def test_what_one_kernel_set_does_not_need_is_not_held_against_the_model() -> None:
    over = dataclasses.replace(summary(F405.flash_bytes + 500, 0), constant_spare_bytes=500)
    refuse_too_large(over, F405)


def test_a_process_holds_anything() -> None:
    refuse_too_large(summary(2**40, 2**40), find_board("host"))


def test_no_compiler_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(board: object) -> None:
        raise AssertionError("a compiler was looked for")

    monkeypatch.setattr(build, "find_compiler", refuse)
    compiled = compile_model(dense_classifier(2048, 1024))
    with pytest.raises(TooLarge, match="0 FULLY_CONNECTED 2,1"):
        build_firmware(F405, write_project(tmp_path / "p"), compiled, tmp_path / "out")
    assert not (tmp_path / "out").exists()
