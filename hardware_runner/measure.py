"""Measure a firmware on a board: lease, start, talk, switch off, report.

Whatever goes wrong becomes a report, and its reason names the cure.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from hardware_runner.board import Board
from hardware_runner.build import Firmware
from hardware_runner.errors import BoardTrouble, ToolMissing
from hardware_runner.lease import lease
from hardware_runner.machine import Machine
from hardware_runner.process import HostProcess
from hardware_runner.qemu import QemuBoard
from hardware_runner.report import RunOutcome, RunReport
from hardware_runner.rp2040 import NAME, Rp2040Board, is_installed
from hardware_runner.run import Progress, blank_report, converse


def measure(
    board: Board,
    firmware: Firmware,
    samples: npt.NDArray[np.generic],
    *,
    on_progress: Progress | None = None,
    lease_timeout_s: float = 300.0,
    response_timeout_s: float = 10.0,
    lock_dir: Path | None = None,
) -> RunReport:
    """Run every sample through a firmware on a board and report answers and cost.

    Args:
        board: Where to run; leased while it lasts.
        firmware: What `build_firmware` returned for this board.
        samples: Raw samples `[N, ...]` of the goal's dtype.
        on_progress: Called with samples answered and samples in all.
        lease_timeout_s: Longest wait for the board to come free.
        response_timeout_s: Longest wait for one answer.
        lock_dir: Where the locks are; None: this user's folder.

    Returns:
        A report; its outcome is infrastructure where board or machine failed, and fail where the
        firmware did. Never raises for either.
    """
    try:
        with lease(board.name, timeout_s=lease_timeout_s, lock_dir=lock_dir):
            machine = start(board, firmware, response_timeout_s)
            try:
                machine.resume()
                return converse(
                    machine, firmware, samples,
                    on_progress=on_progress, response_timeout_s=response_timeout_s,
                )  # fmt: skip
            finally:
                machine.close()
    except (BoardTrouble, ToolMissing) as trouble:
        return blank_report(firmware, RunOutcome.INFRASTRUCTURE, str(trouble))
    except OSError as error:
        reason = f"This machine failed: {error}. Look after it, then try again."
        return blank_report(firmware, RunOutcome.INFRASTRUCTURE, reason)


def start(board: Board, firmware: Firmware, response_timeout_s: float = 10.0) -> Machine:
    """Start the board with the firmware in it, standing still.

    Raises:
        BoardDied, ToolMissing.
    """
    if board.machine is not None:
        return QemuBoard(board, firmware.elf, write_timeout_s=response_timeout_s)
    if board.simulator == NAME:
        return Rp2040Board(board, firmware.elf, write_timeout_s=response_timeout_s)
    if board.is_process:
        return HostProcess(firmware.elf.resolve(), write_timeout_s=response_timeout_s)
    raise ToolMissing(f"Nothing here runs {board.name}: no emulator has it. Measure it on a bench.")


def can_run(board: Board) -> bool:
    """Say whether a board's firmware can be run on this machine at all, without a bench."""
    if board.simulator == NAME and board.machine is None:
        return is_installed()
    return board.runs_here
