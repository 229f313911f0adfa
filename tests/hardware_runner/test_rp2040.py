"""The emulated Pico: right answers, cycles that repeat, and each failure of the emulator named."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from hardware_runner import rp2040
from hardware_runner.boards import find_board
from hardware_runner.boot2 import SECTION
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.errors import BoardDied, ToolMissing
from hardware_runner.measure import can_run, measure, start
from hardware_runner.report import RunOutcome, RunReport
from hardware_runner.run import converse
from model_compiler import compile_model, load_model
from tests.hardware_runner.stand_in import FEATURES_C, GOAL_H, STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_gcc
from tests.model_compiler.tflite_builder import Activation, ModelBuilder, Padding

PICO = find_board("pico")
SAMPLES = np.random.default_rng(3).integers(0, 17, (20, 8, 8)).astype(np.uint8)

needs_emulator = pytest.mark.skipif(
    not rp2040.is_installed(), reason=f"rp2040js is not installed: {rp2040.INSTALL}"
)


GOAL_64 = GOAL_H.replace("BW_FEATURE_COUNT 16", "BW_FEATURE_COUNT 64")
FEATURES_64 = """\
#include "features.h"

void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT])
{
    for (int i = 0; i < BW_RAW_COUNT; ++i) {
        features[i] = (float)raw[i] / 16.0f;
    }
}
"""


def digits_network() -> bytes:
    """Return a network of the shape that handwritten digits get, with weights by lot."""
    lot = np.random.default_rng(11)
    model = ModelBuilder()

    def weights(shape: tuple[int, ...], scale: float) -> int:
        return model.tensor(shape, scale=scale, data=lot.integers(-127, 128, shape))

    image = model.tensor((1, 8, 8, 1), scale=1 / 255, zero_point=-128)
    first = model.tensor((1, 8, 8, 8), scale=0.02, zero_point=-128)
    half = model.tensor((1, 4, 4, 8), scale=0.02, zero_point=-128)
    second = model.tensor((1, 4, 4, 16), scale=0.05, zero_point=-128)
    flat = model.tensor((1, 256), scale=0.05, zero_point=-128)
    dense = model.tensor((1, 10), scale=0.5)
    scores = model.tensor((1, 10), scale=1 / 256, zero_point=-128)
    same = {"padding": Padding.SAME, "stride_h": 1, "stride_w": 1, "activation": Activation.RELU}
    model.add("CONV_2D", (image, weights((8, 3, 3, 1), 0.01)), (first,), **same)
    pool = {"stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 2}
    model.add("MAX_POOL_2D", (first,), (half,), padding=Padding.VALID, **pool)
    model.add("CONV_2D", (half, weights((16, 3, 3, 8), 0.005)), (second,), **same)
    model.add("RESHAPE", (second,), (flat,))
    model.add("FULLY_CONNECTED", (flat, weights((10, 256), 0.002)), (dense,))
    model.add("SOFTMAX", (dense,), (scores,), beta=1.0)
    return model.finish((image,), (scores,))


def build(folder: Path, **changed: str) -> Firmware:
    return build_firmware(PICO, write_project(folder / "p", **changed), STAND_IN, folder / "out")


def run(firmware: Firmware, folder: Path, timeout_s: float = 30.0) -> RunReport:
    return measure(
        firmware.board, firmware, SAMPLES, response_timeout_s=timeout_s, lock_dir=folder / "locks"
    )


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Firmware:
    return build(tmp_path_factory.mktemp("pico"))


@needs_emulator
@needs_arm_gcc
@needs_gcc
@pytest.mark.slow  # two builds and three runs in an emulator written in JavaScript
def test_the_pico_answers_as_the_host_does_and_counts_the_same_cycles_twice(
    tmp_path: Path,
) -> None:
    compiled = compile_model(load_model(digits_network()))
    project = write_project(tmp_path / "p", goal_h=GOAL_64, features_c=FEATURES_64)
    expected = run(build_firmware(find_board("host"), project, compiled, tmp_path / "h"), tmp_path)
    built = build_firmware(PICO, project, compiled, tmp_path / "b")
    first, second = run(built, tmp_path), run(built, tmp_path)
    assert first.outcome is RunOutcome.PASS, first.reason
    assert first.scores == expected.scores
    assert len(set(first.scores)) > len(SAMPLES) // 2  # the images are told apart
    assert first.decisions == expected.decisions
    assert first.cost is not None
    assert first.cost == second.cost
    assert first.cost.unit == "cycles"  # and never time: flash is not modelled
    assert "5.00 cycles a turn" in first.cost.method  # nop 1, nop 1, subs 1, taken bne 2
    assert (
        compiled.summary.macs
        < first.cost.model_median
        <= first.cost.model_p99
        <= first.cost.model_max
    )
    assert first.verified == "emulator"
    assert first.footprint is not None
    assert 64 <= first.footprint.stack_bytes < 2048
    assert first.tools.keys() == {"arm-none-eabi-gcc", "rp2040js"}


@needs_emulator
@needs_arm_gcc
def test_a_second_stage_that_no_boot_rom_starts_is_not_started(
    firmware: Firmware, tmp_path: Path
) -> None:
    from elftools.elf.elffile import ELFFile

    damaged = tmp_path / "firmware.elf"
    shutil.copy(firmware.elf, damaged)
    with damaged.open("r+b") as stream:
        at = ELFFile(stream).get_section_by_name(SECTION)["sh_offset"]
        stream.seek(at)
        stream.write(b"\x00")
    with pytest.raises(BoardDied, match="CRC of the second boot stage is wrong"):
        rp2040.Rp2040Board(PICO, damaged)


@needs_emulator
@needs_arm_gcc
def test_features_that_never_end_are_found_where_they_are(tmp_path: Path) -> None:
    source = FEATURES_C.replace("for (int row", "for (;;) { }\n    for (int row", 1)
    report = run(build(tmp_path, features_c=source), tmp_path, timeout_s=1.0)
    assert report.outcome is RunOutcome.FAIL
    assert "computing, in bw_features()" in report.reason or "work_features" in report.reason


@needs_emulator
@needs_arm_gcc
def test_an_emulator_that_ends_is_infrastructure(firmware: Firmware) -> None:
    machine = start(PICO, firmware)
    assert machine.busy_at() is None  # it stands still
    try:
        machine.resume()
        assert machine.busy_at() is not None
        os.kill(machine._process.pid, 9)
        report = converse(machine, firmware, SAMPLES)
    finally:
        machine.close()
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "rp2040js" in report.reason


def test_what_is_missing_is_named_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\n")
    node.chmod(0o755)
    monkeypatch.setenv(rp2040.FOLDER_VARIABLE, str(tmp_path / "nowhere"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=r"rp2040js is not installed .*rp2040-emulator\.sh"):
        rp2040.find_emulator()
    assert not can_run(PICO)
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    with pytest.raises(ToolMissing, match=r"node is not installed: apt-get install"):
        rp2040.find_emulator()


@needs_arm_gcc
def test_a_board_that_nothing_emulates_is_not_run(tmp_path: Path) -> None:
    nucleo = find_board("nucleo-l476rg")
    built = build_firmware(nucleo, write_project(tmp_path / "p"), STAND_IN, tmp_path / "out")
    report = run(built, tmp_path)
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "Measure it on a bench" in report.reason
    assert not can_run(nucleo)
