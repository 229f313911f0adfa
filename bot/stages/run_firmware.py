"""Build a project's firmware for one board and measure it there; started within a sandbox.

The compiler reads what the source tells it to, and the emulator runs what comes out: both are done
where neither finds anything but the project.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.frozen import Frozen
from bot.stages import arrays
from hardware_runner.board import Board
from hardware_runner.boards import find_board, nearest_emulated
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.errors import BuildError, RunnerError, ToolMissing, ToolSlow
from hardware_runner.measure import can_run, measure
from hardware_runner.profile import profile
from hardware_runner.report import RunOutcome, RunReport
from hardware_runner.run import blank_report
from model_compiler import CompiledModel, compile_model, load_model

PROGRESS = "samples:"
_LINES = 200  # at most, of progress
RESPONSE_TIMEOUT_S = 60.0
"""Longest wait for an answer: on a busy machine emulators are slow, and the code is right."""


class BoardRun(Frozen):
    """What came of a board.

    Attributes:
        trouble: why it did not build.
        missing: what the machine lacked: a tool, or time for the compiler.
        warnings: what the compiler said of authored files.
        report: what was measured; None where it did not build.
    """

    trouble: str = ""
    missing: str = ""
    warnings: tuple[str, ...] = ()
    report: RunReport | None = None


def main(board: str, response_timeout_s: float) -> None:
    """Read the project, `in/model.tflite` and raw `in/samples.npz`, leave `out/run.json`."""
    compiled = compile_model(load_model(Path("in/model.tflite").read_bytes()))
    samples = arrays.load(Path("in/samples.npz").read_bytes())["x"]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        found = run(find_board(board), Path("in"), compiled, samples, out, response_timeout_s)
    Path("out/run.json").write_text(found.model_dump_json())


def run(
    board: Board,
    project: Path,
    compiled: CompiledModel,
    samples: npt.NDArray[np.generic],
    out: Path,
    response_timeout_s: float = RESPONSE_TIMEOUT_S,
) -> BoardRun:
    """Build in `out` and measure; what each operator costs is added where it can be told."""
    try:
        firmware = build_firmware(board, project, compiled, out)
    except BuildError as error:
        return BoardRun(trouble=str(error))
    except (ToolMissing, ToolSlow) as error:
        return BoardRun(missing=str(error))
    if not can_run(board):
        report = blank_report(firmware, RunOutcome.SKIPPED, _not_run(board))
        return BoardRun(warnings=firmware.warnings, report=report)
    report = measure(
        board, firmware, samples, on_progress=_say, response_timeout_s=response_timeout_s
    )
    report = _with_profile(report, firmware, project, compiled, samples[0], out / "profile")
    return BoardRun(warnings=firmware.warnings, report=report)


def _not_run(board: Board) -> str:
    """Say what is known of a board that was built for and not run, and what is not."""
    known = f"It was built for {board.part} and weighed, but nothing here runs it."
    if board.simulator:
        known += (
            f" It could be run in {board.simulator}: `boardwright doctor` tells what is missing."
        )
    if near := nearest_emulated(board):
        known += f" The same code for the same core, {board.core}, was run on {near.name}."
    return f"{known} Answers and cost on {board.name} are unproven until a bench measured them."


def _say(done: int, total: int) -> None:
    if done == total or done * _LINES // total > (done - 1) * _LINES // total:
        sys.stdout.write(f"{PROGRESS} {done} of {total}\n")
        sys.stdout.flush()


def _with_profile(
    report: RunReport,
    firmware: Firmware,
    project: Path,
    compiled: CompiledModel,
    sample: npt.NDArray[np.generic],
    out: Path,
) -> RunReport:
    """Add what each operator costs; no claim rests on it, so without it the report stands too."""
    if report.cost is None or report.outcome is not RunOutcome.PASS:
        return report
    try:
        found = profile(firmware, project, compiled, sample, out)
    except RunnerError:
        return report
    return report.model_copy(update={"profile": found})


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]))
