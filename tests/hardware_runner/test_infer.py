"""Features are quantised as TensorFlow Lite's QUANTIZE does it, to the last bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hardware_runner.boards import find_board
from hardware_runner.build import build_firmware
from hardware_runner.measure import measure
from hardware_runner.report import RunOutcome
from tests.hardware_runner.stand_in import GOAL_H, MODEL_C, MODEL_H, STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_gcc, needs_qemu

COUNT = 64
BOARDS = [
    pytest.param("host", marks=needs_gcc),
    pytest.param("netduinoplus2", marks=[needs_arm_gcc, needs_qemu, pytest.mark.slow]),
]


def expected(values: np.ndarray, scale: np.float32, zero_point: int) -> np.ndarray:
    """clamp(round_half_away(f / scale) + zero_point), with the division in float32."""
    with np.errstate(over="ignore"):
        ratio = (values / scale).astype(np.float64)  # halves are exact from here on
    away = np.copysign(np.floor(np.abs(ratio) + 0.5), ratio)
    return np.clip(away + zero_point, -128, 127).astype(np.int8)


@pytest.mark.parametrize("board", BOARDS)
@pytest.mark.parametrize(
    ("scale", "zero_point"), [(0.5, -128), (0.00392156885936856, 3), (7.25, 127)]
)
def test_quantisation(tmp_path: Path, board: str, scale: float, zero_point: int) -> None:
    noise = np.random.default_rng(4)
    scale32 = np.float32(scale)
    steps = noise.integers(-600, 600, (30, COUNT)).astype(np.float32) / np.float32(2)
    values = np.concatenate(
        [
            steps * scale32,  # halves and wholes
            np.nextafter(steps * scale32, np.float32(np.inf)),
            np.nextafter(steps * scale32, np.float32(-np.inf)),
            (noise.normal(0, 100, (30, COUNT)) * scale).astype(np.float32),
            np.full((1, COUNT), 3e38, np.float32),
            np.full((1, COUNT), -3e38, np.float32),
        ]
    ).astype(np.float32)
    report = run(tmp_path, board, scale, zero_point, values)
    assert np.array_equal(np.array(report.scores), expected(values, scale32, zero_point))


@needs_gcc
def test_what_is_no_number_becomes_the_smallest(tmp_path: Path) -> None:
    values = np.full((1, COUNT), np.nan, np.float32)
    report = run(tmp_path, "host", 0.5, 0, values)
    assert set(report.scores[0]) == {-128}


def run(folder: Path, board: str, scale: float, zero_point: int, values: np.ndarray):
    """Run values through a firmware whose features and model only copy."""
    header = MODEL_H.replace("0.00392156885936856f", f"{scale!r}f").replace(
        "(-128)", f"({zero_point})", 1
    )
    header = header.replace("ARENA_BYTES 32", "ARENA_BYTES 128").replace("OFFSET 16", "OFFSET 64")
    header = header.replace("BYTES 16", f"BYTES {COUNT}").replace("COUNT 16", f"COUNT {COUNT}")
    header = header.replace("BYTES 10", f"BYTES {COUNT}").replace("COUNT 10", f"COUNT {COUNT}")
    begin = MODEL_C.index("static const int8_t weights")
    source = MODEL_C[:begin] + MODEL_C[MODEL_C.index("void *bw_model_input") :]
    source = source[: source.index("    for (int o")] + (
        "    for (int i = 0; i < BW_MODEL_OUTPUT_COUNT; ++i) {\n"
        "        output[i] = input[i];\n    }\n    return 0;\n}\n"
    )
    goal = GOAL_H.replace("uint8_t", "float").replace("FEATURE_COUNT 16", f"FEATURE_COUNT {COUNT}")
    goal = goal.replace("CLASS_COUNT 10", f"CLASS_COUNT {COUNT}")
    features = """#include "features.h"
void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT])
{
    for (int i = 0; i < BW_FEATURE_COUNT; ++i) {
        features[i] = raw[i];
    }
}
"""
    compiled = replace(STAND_IN, files={"bw_model.h": header, "bw_model.c": source})
    project = write_project(folder / "p", goal_h=goal, features_c=features)
    chosen = find_board(board)
    firmware = build_firmware(chosen, project, compiled, folder / "out")
    report = measure(chosen, firmware, values, lock_dir=folder / "locks")
    assert report.outcome is RunOutcome.PASS, report.reason
    return report
