"""The CMake project builds, and gives the bytes of `boardwright build`."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from elftools.elf.elffile import ELFFile

from hardware_runner.board import Board
from hardware_runner.boards import BOARDS, find_board
from hardware_runner.boot2 import boot2_crc
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.export.cmake import BOOT2_CRC
from hardware_runner.measure import measure
from hardware_runner.report import RunOutcome
from tests.hardware_runner.export.exported import write
from tests.hardware_runner.stand_in import RAW, STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_qemu

pytestmark = [
    needs_arm_gcc,
    pytest.mark.skipif(shutil.which("cmake") is None, reason="cmake is not installed"),
    pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed"),
]

BUILT = [board for board in BOARDS.values() if "cmake" in board.exports and board.is_built_here]
IN_QEMU = find_board("mps2-an386")
SECTIONS = (".boot2", ".text", ".ARM.exidx", ".data")


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in (done.stdout + done.stderr).lower()


def build_both(board: Board, folder: Path) -> tuple[Firmware, Path]:
    """Return the firmware as it is built here, and the ELF file that CMake makes of the export."""
    firmware = build_firmware(board, write_project(folder / "p"), STAND_IN, folder / "out")
    write(folder / "export", board, "cmake")
    built = (folder / "out/shell/bw_build.h").read_bytes()
    (folder / "export/shell/bw_build.h").write_bytes(built)  # its build id
    run(folder / "export", "cmake", "--preset", "make", "-DCMAKE_C_COMPILER_FORCED=ON")
    run(folder / "export", "cmake", "--build", "--preset", "make", "-j2")
    return firmware, folder / "export/build/firmware.elf"


def sections(elf: Path) -> dict[str, tuple[int, bytes]]:
    with elf.open("rb") as stream:
        found = {s.name: (s["sh_addr"], s.data()) for s in ELFFile(stream).iter_sections()}
    return {name: found[name] for name in SECTIONS if name in found}


def compare(firmware: Firmware, elf: Path) -> None:
    assert sections(elf) == sections(firmware.elf)
    assert len(sections(elf)[".text"][1]) > 1000


@pytest.mark.slow
@pytest.mark.parametrize("board", [b for b in BUILT if b is not IN_QEMU], ids=lambda b: b.name)
def test_cmake_makes_the_bytes_that_the_build_makes(board: Board, tmp_path: Path) -> None:
    firmware, elf = build_both(board, tmp_path)
    compare(firmware, elf)
    assert (elf.parent / "firmware.bin").stat().st_size > 1000
    assert (elf.parent / "firmware.hex").read_text().startswith(":")


def test_the_second_boot_stage_is_sealed_in_the_source(tmp_path: Path) -> None:
    pico = find_board("pico")
    write(tmp_path, pico, "cmake")
    run(
        tmp_path, "arm-none-eabi-gcc", *pico.cpu_flags, "-Os", "-c", "shell/board.c", "-o", "b.o"
    )  # fmt: skip
    with (tmp_path / "b.o").open("rb") as stream:
        code = ELFFile(stream).get_section_by_name(".boot2").data()
    assert boot2_crc(code[:252]) == BOOT2_CRC == int.from_bytes(code[252:], "little")


@needs_qemu
def test_the_firmware_that_cmake_made_runs_in_qemu(tmp_path: Path) -> None:
    firmware, elf = build_both(IN_QEMU, tmp_path)
    compare(firmware, elf)
    samples = np.arange(3 * RAW, dtype=np.uint8).reshape(3, RAW) % 17
    report = measure(IN_QEMU, replace(firmware, elf=elf), samples, lock_dir=tmp_path / "locks")
    assert (report.outcome, report.samples) == (RunOutcome.PASS, 3), report.reason
    assert report.cost is not None
    assert report.cost.unit == "instructions"


def test_who_configures_without_the_preset_is_told_which_to_take(tmp_path: Path) -> None:
    write(tmp_path, find_board("f446re"), "cmake")
    done = subprocess.run(
        ["cmake", "-S", ".", "-B", "build", "-DCMAKE_C_COMPILER_FORCED=ON"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "cmake --preset ninja" in " ".join(done.stderr.split())


def test_the_presets_name_the_toolchain_file_that_is_there(tmp_path: Path) -> None:
    write(tmp_path, find_board("f446re"), "cmake")
    presets = json.loads((tmp_path / "CMakePresets.json").read_text())
    (toolchain,) = {p["toolchainFile"] for p in presets["configurePresets"] if "inherits" not in p}
    assert (tmp_path / toolchain.removeprefix("${sourceDir}/")).is_file()
