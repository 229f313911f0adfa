"""Profile: how many instructions of one inference belong to each operator of the model.

The model is built twice, as it is and with a point before each operator. A point keeps all
registers, so both builds do the same work: the plain one says what an inference takes, the other
how that divides, and the two are compared each time.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from hardware_runner.build import Firmware, build_firmware
from hardware_runner.errors import BoardTrouble, FirmwareFault, ProjectError
from hardware_runner.measure import measure
from hardware_runner.report import Profile, RunOutcome, RunReport
from model_compiler import CompiledModel


def profile(
    plain: Firmware,
    project: Path,
    compiled: CompiledModel,
    sample: npt.NDArray[np.generic],
    out: Path,
    *,
    response_timeout_s: float = 120.0,
    lock_dir: Path | None = None,
) -> Profile:
    """Return the instructions of one inference by operator, on an emulated board.

    Args:
        plain: What `build_firmware` returned for the board, the project and the model.
        project: A folder with goal.h, features.h, features.c, app.h and app.c.
        compiled: The model as C.
        sample: One raw sample of the goal's dtype, `[*shape]`.
        out: Where the build with points goes; made if need be.
        response_timeout_s: Longest wait for the answer.
        lock_dir: Where the locks are; None: this user's folder.

    Raises:
        BuildError, TooLarge, ToolMissing: there is no firmware.
        FirmwareFault: it failed.
        BoardTrouble: the board or the machine failed.
        ProjectError: the board counts no instructions, or both builds do not do the same work.
    """
    board = plain.board
    if board.machine is None:
        raise ProjectError(f"{board.title} counts no instructions: name an emulated board.")
    pointed = build_firmware(board, project, compiled, out, profiled=True)
    reports: list[RunReport] = []
    for firmware in (plain, pointed):
        report = measure(
            board, firmware, sample[np.newaxis],
            response_timeout_s=response_timeout_s, lock_dir=lock_dir,
        )  # fmt: skip
        _refuse_trouble(report)
        reports.append(report)
    return _agreed(*reports)


def _refuse_trouble(report: RunReport) -> None:
    if report.outcome is RunOutcome.FAIL:
        raise FirmwareFault(report.reason)
    if report.outcome is not RunOutcome.PASS:
        raise BoardTrouble(report.reason)


def _agreed(plain: RunReport, pointed: RunReport) -> Profile:
    found = pointed.profile
    if found is None or plain.cost is None:
        raise BoardTrouble(f"{plain.board} gave no count of instructions.")
    total = round(plain.cost.model_median)
    disturbance = found.total - total
    # In a long function a point may move a table of constants, and with it a branch.
    if plain.scores != pointed.scores or abs(disturbance) > len(found.operators):
        raise ProjectError(
            f"The points change what they measure: an inference takes {total:,} instructions "
            f"without them and {found.total:,} beside them. The C compiler treated the two builds "
            "differently: there is no exact profile."
        )
    return found.model_copy(update={"total": total, "disturbance": disturbance})
