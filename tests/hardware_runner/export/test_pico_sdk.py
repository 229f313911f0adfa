"""The project for the Pico SDK builds with the SDK, and runs where the Pico is emulated."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hardware_runner.boards import find_board
from hardware_runner.build import build_firmware
from hardware_runner.measure import can_run, measure
from hardware_runner.report import RunOutcome
from tests.hardware_runner.export.exported import write
from tests.hardware_runner.stand_in import RAW, STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc

SDK = Path(os.environ.get("PICO_SDK_PATH", "/usr/share/pico-sdk"))

# The emulator has no boot ROM, so nothing may be taken from it.
WITHOUT_ROM = "".join(
    f"pico_set_{what}_implementation(firmware compiler)\n"
    for what in ("mem_ops", "bit_ops", "float", "double")
)


@pytest.mark.slow
@needs_arm_gcc
@pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed")
@pytest.mark.skipif(
    not (SDK / "pico_sdk_init.cmake").is_file(),
    reason="there is no Pico SDK: PICO_SDK_PATH names its folder",
)
def test_the_project_builds_with_the_sdk_and_answers_as_our_firmware_does(tmp_path: Path) -> None:
    pico = find_board("pico")
    made = write(tmp_path / "export", pico, "pico-sdk")
    with (tmp_path / "export/CMakeLists.txt").open("a") as lists:
        lists.write(WITHOUT_ROM)
    run(tmp_path, "-S", "export", "-B", "b", f"-DPICO_SDK_PATH={SDK}", "-DPICO_NO_PICOTOOL=1")
    run(tmp_path, "--build", "b", "-j2")
    if not can_run(pico):
        pytest.skip("the Pico's emulator is not installed; PICO_SDK_PATH alone builds")
    ours = build_firmware(pico, write_project(tmp_path / "p"), STAND_IN, tmp_path / "out")
    theirs = replace(ours, elf=tmp_path / "b/firmware.elf", build_id=made.build_id)
    samples = np.arange(3 * RAW, dtype=np.uint8).reshape(3, RAW) % 17
    one, other = (
        measure(pico, firmware, samples, lock_dir=tmp_path / "locks") for firmware in (ours, theirs)
    )
    assert (other.outcome, other.samples) == (RunOutcome.PASS, 3), other.reason
    assert other.scores == one.scores
    assert other.cost is not None
    assert other.cost.unit == "cycles"


def run(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["cmake", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
