"""`boardwright export`: a project for a board, as its users open it in their own tool."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.errors import RequestError


def export(
    project: Annotated[Path, typer.Argument(help="a project folder, with model.tflite in it")],
    kind: Annotated[
        str,
        typer.Option("--as", help="arduino, platformio, zephyr, esp-idf, pico-sdk or cmake"),
    ],
    board: Annotated[str, typer.Option(help="what it is for: see `boardwright boards`")],
    into: Annotated[Path, typer.Option("--output", "-o", help="folder for it, a new one")],
    force: Annotated[
        bool, typer.Option("--force", help="write also into a folder with files; yours stay")
    ] = False,
    mlperf: Annotated[
        str,
        typer.Option(
            metavar="MODEL", help="answer a runner of MLPerf Tiny too, which calls it so: ic01"
        ),
    ] = "",
) -> None:
    """Write the model's C, features, application and measuring shell as a project of a tool.

    Nothing is built. README.md says how to build, flash and measure it, and what was verified.
    """
    from bot.console import output  # noqa: PLC0415
    from hardware_runner.boards import find_board  # noqa: PLC0415
    from hardware_runner.export import EXPORTERS, export_project  # noqa: PLC0415
    from model_compiler import ModelError  # noqa: PLC0415

    one = find_board(board)
    if kind not in EXPORTERS:
        raise RequestError(f"There is no export '{kind}'.", f"There are: {', '.join(EXPORTERS)}.")
    try:
        export_project(project, one, kind, into, force=force, text_model=mlperf)
    except ModelError as error:
        raise RequestError(f"{project / 'model.tflite'}: {error}") from None
    seen = EXPORTERS[kind].seen(one)
    for line in (
        f"{into}: {one.title} for {EXPORTERS[kind].TITLE}.",
        f"Verified: {seen}.",
        f"Go on with {into / 'README.md'}.",
    ):
        output().print(line, markup=False, highlight=False, soft_wrap=True)
