"""`boardwright measure`: a project on boards, without training anything."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ExitCode, RequestError
from bot.workspace import write_atomically
from hardware_runner.board import Board
from hardware_runner.report import RunOutcome, RunReport

_NEEDED = ("model.tflite", "testset.npz", "goal.h", "features.c", "app.c")


def measure_project(
    project: Annotated[Path, typer.Argument(help="a project folder, with model.tflite in it")],
    board: Annotated[list[str], typer.Option("--board", help="repeat it for several boards")],
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write the reports to this file")
    ] = None,
) -> int:
    """Build a project's firmware, stream its held-out samples through it, and show the report."""
    import numpy as np  # noqa: PLC0415
    from pydantic import TypeAdapter  # noqa: PLC0415

    from bot.console import output  # noqa: PLC0415
    from bot.summary import show_reports  # noqa: PLC0415
    from hardware_runner.boards import find_board  # noqa: PLC0415

    _check(project)
    boards = [find_board(name) for name in board]
    with np.load(project / "testset.npz", allow_pickle=False) as stored:
        truth = stored["y"]
    reports = _reports(project, boards)
    show_reports(output(), reports, truth)
    if json_file is not None:
        content = TypeAdapter(list[RunReport]).dump_json(reports, indent=2)
        json_file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(json_file, content + b"\n")
    outcomes = {report.outcome for report in reports}
    if RunOutcome.INFRASTRUCTURE in outcomes or RunOutcome.SKIPPED in outcomes:
        return int(ExitCode.MACHINE)
    return int(ExitCode.LIMIT_MISSED if RunOutcome.FAIL in outcomes else ExitCode.DONE)


def _check(project: Path) -> None:
    """Refuse a folder that is no project."""
    if not project.is_dir():
        raise RequestError(f"There is no folder {project}.", "Name the folder of a project.")
    for needed in _NEEDED:
        if not (project / needed).is_file():
            raise RequestError(
                f"{project} holds no {needed}.",
                "Name the folder of a project, such as tinyml/<name>.",
            )


def _reports(project: Path, boards: Sequence[Board]) -> list[RunReport]:
    """Build for each board, run all held-out samples on it, and show how far it is."""
    import numpy as np  # noqa: PLC0415

    from bot.console import choose_progress  # noqa: PLC0415
    from hardware_runner.build import build_firmware  # noqa: PLC0415
    from hardware_runner.measure import measure  # noqa: PLC0415
    from model_compiler import compile_model, load_model  # noqa: PLC0415

    compiled = compile_model(load_model((project / "model.tflite").read_bytes()))
    with np.load(project / "testset.npz", allow_pickle=False) as stored:
        samples = stored["x"]
    reports = []
    with (
        tempfile.TemporaryDirectory(prefix="boardwright-") as scratch,
        choose_progress() as progress,
    ):
        for board in boards:
            firmware = build_firmware(board, project, compiled, Path(scratch) / board.name)
            advanced = functools.partial(progress.advanced, f"samples on {board.name}")
            reports.append(measure(board, firmware, samples, on_progress=advanced))
    return reports
