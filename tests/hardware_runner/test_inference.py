"""What a model takes on its own is weighed without the shell that measures it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hardware_runner.board import Board
from hardware_runner.boards import BOARDS, find_board
from hardware_runner.build import build_firmware
from hardware_runner.inference import inference_size
from tests.hardware_runner.stand_in import STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc, needs_gcc

CORTEX_M = [b for b in BOARDS.values() if b.is_built_here and not b.is_process]


@needs_arm_gcc
@pytest.mark.parametrize("board", CORTEX_M, ids=lambda b: b.name)
def test_the_shell_is_not_in_it(board: Board, tmp_path: Path) -> None:
    firmware = build_firmware(board, write_project(tmp_path / "p"), STAND_IN, tmp_path / "out")
    size = inference_size(firmware, STAND_IN)
    assert size is not None
    footprint = firmware.footprint
    assert size.ram_bytes == footprint.arena_bytes == 32
    model = footprint.model_code_bytes + footprint.model_constant_bytes
    assert size.flash_bytes < model + size.startup_bytes + 16 < footprint.flash_bytes
    assert 60 < size.startup_bytes < 300


@needs_gcc
def test_a_process_has_no_size_of_its_own(tmp_path: Path) -> None:
    host = find_board("host")
    firmware = build_firmware(host, write_project(tmp_path / "p"), STAND_IN, tmp_path / "out")
    assert inference_size(firmware, STAND_IN) is None
