"""Operators of known length are counted exactly, and a profile that cannot be right is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hardware_runner.boards import BOARDS, find_board
from hardware_runner.build import build_firmware
from hardware_runner.errors import ProjectError
from hardware_runner.measure import measure
from hardware_runner.profile import profile
from hardware_runner.report import Profile, RunOutcome
from model_compiler import CompiledModel, OperatorSummary, Summary, compile_model, load_model
from tests.hardware_runner.stand_in import CLASSES, FEATURES, MODEL_H, RAW, write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_qemu
from tests.model_compiler.tflite_builder import ModelBuilder

EMULATED = [board for board in BOARDS.values() if board.machine]
SAMPLE = np.arange(RAW, dtype=np.uint8)

CALL = 3
"""What one call of the known loop takes beside its turns: the argument, bl, and bx at its end."""

PLACES = """\
void *bw_model_input(void *arena, int index)
{
    (void)index;
    return arena;
}

const void *bw_model_output(const void *arena, int index)
{
    (void)index;
    return (const int8_t *)arena + BW_MODEL_OUTPUT_OFFSET;
}
"""


def loops(body: str) -> CompiledModel:
    """Return a model of three operators whose work is `body`, where `@2` marks the point 2."""
    includes = '#include "bw_model.h"\n#include "bw_board.h"\n'

    def source(text: str) -> str:
        head = "int bw_model_invoke(void *arena)\n{\n    (void)arena;\n"
        return f"{includes}{PLACES}\n{head}{text}    return 0;\n}}\n"

    plain, pointed = body, body
    for index in range(4):
        plain = plain.replace(f"@{index}", "")
        pointed = pointed.replace(f"@{index}", f"BW_PROFILE({index});")
    operators = tuple(OperatorSummary(index, "LOOP", (1,), 0, 0) for index in range(3))
    return CompiledModel(
        "model",
        {"bw_model.h": MODEL_H, "bw_model.c": source(plain)},
        Summary(operators, 0, 0, 32, 32, (), (), ""),
        '#include "bw_profile.h"\n' + source(pointed),
    )


IN_ORDER = """\
    @0
    bw_board_known_loop(100);
    @1
    @2
    bw_board_known_loop(1000);
    bw_board_known_loop(70);
    @3
"""
BY_TURNS = """\
    for (volatile int turn = 0; turn < 5; ++turn) {
        @0
        bw_board_known_loop(100);
        @2
        bw_board_known_loop(7);
        @3
    }
"""


def run(board, compiled: CompiledModel, folder: Path) -> Profile:
    project = write_project(folder / "p")
    plain = build_firmware(board, project, compiled, folder / "plain")
    return profile(plain, project, compiled, SAMPLE, folder / "out", lock_dir=folder / "locks")


@needs_arm_gcc
@needs_qemu
@pytest.mark.parametrize("board", EMULATED, ids=lambda b: b.name)
def test_known_loops_are_counted_exactly(board, tmp_path: Path) -> None:
    found = run(board, loops(IN_ORDER), tmp_path)
    assert found.operators == (400 + CALL, 0, 4000 + CALL + 280 + CALL)
    assert found.disturbance == 0
    assert found.total == sum(found.operators) + found.overhead
    assert 0 < found.overhead < 500  # 16 features are quantised


@needs_arm_gcc
@needs_qemu
def test_operators_that_take_turns_are_added_up(tmp_path: Path) -> None:
    found = run(find_board("an386"), loops(BY_TURNS), tmp_path)
    assert found.operators == (5 * (400 + CALL), 0, 5 * (28 + CALL))


def network() -> bytes:
    """Build a convolution, a view of it and a dense layer, for the stand-in's project."""
    random = np.random.default_rng(5)
    builder = ModelBuilder()
    image = builder.tensor((1, 4, 4, 1), scale=1 / 255, zero_point=-128)
    filters = builder.tensor((3, 3, 3, 1), scale=0.1, data=random.integers(-127, 128, (3, 3, 3, 1)))
    maps = builder.tensor((1, 4, 4, 3), scale=0.05)
    flat = builder.tensor((1, 48), scale=0.05)
    weights = builder.tensor(
        (CLASSES, 48), scale=0.01, data=random.integers(-127, 128, (CLASSES, 48))
    )
    scores = builder.tensor((1, CLASSES), scale=0.1)
    builder.add("CONV_2D", (image, filters), (maps,), padding=0, stride_h=1, stride_w=1)
    builder.add("RESHAPE", (maps,), (flat,))
    builder.add("FULLY_CONNECTED", (flat, weights), (scores,))
    return builder.finish((image,), (scores,))


@needs_arm_gcc
@needs_qemu
@pytest.mark.parametrize("board", EMULATED, ids=lambda b: b.name)
def test_operators_and_overhead_are_what_the_plain_build_takes(board, tmp_path: Path) -> None:
    assert FEATURES == 16
    compiled = compile_model(load_model(network()))
    found = run(board, compiled, tmp_path)
    plain = build_firmware(board, tmp_path / "p", compiled, tmp_path / "plain")
    assert plain.points == 0
    report = measure(board, plain, SAMPLE[np.newaxis], lock_dir=tmp_path / "locks")
    assert report.outcome is RunOutcome.PASS, report.reason
    assert report.profile is None
    assert report.cost is not None
    assert found.total == report.cost.model_median
    assert found.disturbance == 0
    convolution, view, dense = found.operators
    assert view == 0
    assert min(convolution, dense) > 100
    assert 0 < found.overhead < 500


@needs_arm_gcc
@needs_qemu
def test_points_that_change_the_work_are_refused(tmp_path: Path) -> None:
    honest = loops(IN_ORDER)
    slower = loops(IN_ORDER.replace("1000", "1010"))
    mixed = CompiledModel("model", honest.files, honest.summary, slower.profiled_source)
    with pytest.raises(ProjectError, match="no exact profile"):
        run(find_board("an386"), mixed, tmp_path)


def test_a_board_that_counts_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="name an emulated board"):
        run(find_board("host"), loops(IN_ORDER), tmp_path)
