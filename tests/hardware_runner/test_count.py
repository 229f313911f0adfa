"""The virtual clock's counts against a second method: a plugin in QEMU's code generator."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from hardware_runner import qemu
from hardware_runner.boards import BOARDS
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.footprint import read_image
from hardware_runner.measure import measure
from hardware_runner.report import RunOutcome, RunReport
from model_compiler import compile_model, dense_classifier
from tests.hardware_runner.stand_in import write_project
from tests.hardware_runner.test_qemu import SAMPLES
from tests.hardware_runner.tools import needs_arm_gcc, needs_gcc, needs_qemu

EMULATED = [board for board in BOARDS.values() if board.machine]
BX_LR = 1
"""The one instruction of bw_board_nothing(), which an empty measurement takes off with the rest."""


def _qemu_major() -> int:
    done = subprocess.run([qemu.PROGRAM, "--version"], capture_output=True, text=True, check=True)
    found = re.search(r"version (\d+)", done.stdout)
    return int(found[1]) if found else 0


pytestmark = [
    needs_gcc,
    needs_arm_gcc,
    needs_qemu,
    pytest.mark.slow,
]


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> Path:
    library = tmp_path_factory.mktemp("plugin") / "count_calls.so"
    source = Path(__file__).with_name("count_calls.c")
    version = f"-DPLUGIN_VERSION={1 if _qemu_major() < 9 else 2}"
    strict = ["-std=c99", "-O2", "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Werror"]
    subprocess.run(["gcc", *strict, version, "-shared", "-fPIC", source, "-o", library], check=True)
    return library


def entry_of(firmware: Firmware, name: str) -> int:
    """Return the address of a function of the shell."""
    (symbol,) = [s for s in read_image(firmware.elf).symbols if s.name == name]
    return symbol.address


def return_address(firmware: Firmware) -> int:
    """Return the address behind the one call through a register, `blx`, in measure()."""
    (symbol,) = [s for s in read_image(firmware.elf).symbols if s.name == "measure"]
    with firmware.elf.open("rb") as stream:
        text = ELFFile(stream).get_section_by_name(".text")
        begin = symbol.address - text["sh_addr"]
        code = text.data()[begin : begin + symbol.size]
    halves = [int.from_bytes(code[i : i + 2], "little") for i in range(0, len(code), 2)]
    (call,) = [i for i, half in enumerate(halves) if half & 0xFF87 == 0x4780]
    return symbol.address + 2 * call + 2


def run_counted(
    firmware: Firmware, plugin: Path, function: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[RunReport, list[int]]:
    """Run the firmware and return the report and the plugin's count of each call of `function`."""
    out = folder / f"{function}.txt"
    arguments = (
        f"{plugin},begin={entry_of(firmware, function):#x},"
        f"end={return_address(firmware):#x},out={out}"
    )
    plain = qemu.command_line
    with monkeypatch.context() as patch:
        patch.setattr(qemu, "command_line", lambda *a: [*plain(*a), "-plugin", arguments])
        report = measure(firmware.board, firmware, SAMPLES, lock_dir=folder / "locks")
    assert report.outcome is RunOutcome.PASS, report.reason
    return report, [int(line) for line in out.read_text().split()]


@pytest.mark.parametrize("board", EMULATED, ids=lambda b: b.name)
def test_a_plugin_counts_the_same_instructions(
    board, plugin: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both methods differ by exactly the return that the empty measurement holds as well."""
    compiled = compile_model(dense_classifier(16, 10))
    firmware = build_firmware(board, write_project(tmp_path / "p"), compiled, tmp_path / "out")
    for function, phase in (("work_features", "features"), ("work_model", "model")):
        report, counts = run_counted(firmware, plugin, function, tmp_path, monkeypatch)
        assert report.cost is not None
        assert len(counts) == len(SAMPLES)
        counts.sort()
        median = (counts[len(counts) // 2 - 1] + counts[len(counts) // 2]) / 2
        assert getattr(report.cost, f"{phase}_max") == counts[-1] - BX_LR
        assert getattr(report.cost, f"{phase}_median") == median - BX_LR
