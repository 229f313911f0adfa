"""`boardwright bench listen`: measure a firmware that was exported, built and flashed by people."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ExitCode, RequestError


def listen(
    exported: Annotated[Path, typer.Argument(help="the folder that `boardwright export` wrote")],
    project: Annotated[Path, typer.Option(help="what it was exported from, with testset.npz")],
    place: Annotated[str, typer.Option(help="which board of the bench runs it")],
    bench: Annotated[
        Path | None,
        typer.Option(help="the file; default: $BOARDWRIGHT_BENCH, bench.toml, your own"),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write the report to this file")
    ] = None,
) -> int:
    """Send each held-out sample to the firmware that is in a board and show what came back.

    Nothing is written into the board. Ends with 3 where bench, board or line fail.
    """
    from bot import measuring  # noqa: PLC0415
    from bot.console import choose_progress  # noqa: PLC0415
    from hardware_runner.bench_file import find_place, read_bench  # noqa: PLC0415
    from hardware_runner.bundle.testset import read_testset  # noqa: PLC0415
    from hardware_runner.export import read_exported  # noqa: PLC0415
    from hardware_runner.listening import listen as listen_to  # noqa: PLC0415
    from hardware_runner.report import RunOutcome  # noqa: PLC0415

    what = read_exported(exported)
    if not (project / "testset.npz").is_file():
        raise RequestError(f"{project} holds no testset.npz.", "Name the folder of a project.")
    testset = read_testset((project / "testset.npz").read_bytes())
    there = read_bench(bench)
    with choose_progress() as progress:
        report = listen_to(
            there,
            find_place(there, place),
            what,
            testset.x,
            on_progress=lambda done, total: progress.advanced(f"samples on {place}", done, total),
        )
    measuring.tell([report], testset, json_file)
    if report.outcome is RunOutcome.INFRASTRUCTURE:
        return int(ExitCode.MACHINE)
    return int(ExitCode.DONE if report.outcome is RunOutcome.PASS else ExitCode.LIMIT_MISSED)
