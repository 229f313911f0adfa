"""`boardwright measure`: a project, or a bundle of firmware, on boards, without training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ExitCode, RequestError


def measure_project(
    project: Annotated[
        Path | None, typer.Argument(help="a project folder, with model.tflite in it")
    ] = None,
    board: Annotated[
        list[str] | None,
        typer.Option("--board", help="repeat it for several; of a bundle: none means all"),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write the reports to this file")
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(help="instead of a project: what `boardwright build` left, folder or zip"),
    ] = None,
    sha256: Annotated[str, typer.Option(help="of a zip: what it must be")] = "",
    commit: Annotated[str, typer.Option(help="of a bundle: which commit it must be of")] = "",
    bench: Annotated[
        Path | None,
        typer.Option(help="bench.toml, or default: your own; without: emulated boards"),
    ] = None,
    into: Annotated[
        Path | None, typer.Option("--output", "-o", help="of a bundle: folder for the results")
    ] = None,
    outputs: Annotated[
        Path | None, typer.Option(help="append the worst figures to this file, as name=value")
    ] = None,
) -> int:
    """Stream held-out samples through firmware on boards and show what came back.

    Given a project, its firmware is built first. Given a bundle, nothing of it runs here but on a
    board, and `boardwright-results.json` is written into the folder of `--output`.
    """
    from bot import measuring  # noqa: PLC0415
    from hardware_runner.report import RunOutcome  # noqa: PLC0415

    if bundle is not None and project is None:
        asked = measuring.Asked(bundle, sha256, commit, bench, tuple(board or ()))
        reports, testset = measuring.measure_bundled(asked, into)
    elif project is not None and bundle is None:
        reports, testset = measuring.measure_project(project, board or [])
    else:
        raise RequestError("There is nothing to measure.", "Name a project, or a --bundle.")
    measuring.tell(reports, testset, json_file, outputs)
    outcomes = {report.outcome for report in reports}
    if RunOutcome.INFRASTRUCTURE in outcomes or RunOutcome.SKIPPED in outcomes:
        return int(ExitCode.MACHINE)
    return int(ExitCode.LIMIT_MISSED if RunOutcome.FAIL in outcomes else ExitCode.DONE)
