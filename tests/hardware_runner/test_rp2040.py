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
from model_compiler import compile_model, dense_classifier
from tests.hardware_runner.stand_in import FEATURES_C, STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_gcc

PICO = find_board("pico")
SAMPLES = np.random.default_rng(3).integers(0, 17, (20, 8, 8)).astype(np.uint8)

needs_emulator = pytest.mark.skipif(
    not rp2040.is_installed(), reason=f"rp2040js is not installed: {rp2040.INSTALL}"
)


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
    compiled = compile_model(dense_classifier(16, 10))
    project = write_project(tmp_path / "p")
    expected = run(build_firmware(find_board("host"), project, compiled, tmp_path / "h"), tmp_path)
    built = build_firmware(PICO, project, compiled, tmp_path / "b")
    first, second = run(built, tmp_path), run(built, tmp_path)
    assert first.outcome is RunOutcome.PASS, first.reason
    assert first.scores == expected.scores
    assert first.decisions == expected.decisions
    assert first.cost is not None
    assert first.cost == second.cost
    assert first.cost.unit == "cycles"  # and never time: flash is not modelled
    assert "5.00 cycles a turn" in first.cost.method  # nop 1, nop 1, subs 1, taken bne 2
    assert 16 * 10 < first.cost.model_median <= first.cost.model_p99 <= first.cost.model_max
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
