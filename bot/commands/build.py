"""`boardwright build`: a project's firmware for boards, as a bundle to measure elsewhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ExitCode, RequestError


def build_project(
    project: Annotated[Path, typer.Argument(help="a project folder, with model.tflite in it")],
    commit: Annotated[str, typer.Option(help="full id of the commit that the project is of")],
    into: Annotated[Path, typer.Option("--output", "-o", help="folder for the bundle, a new one")],
    board: Annotated[
        list[str] | None,
        typer.Option(help="repeat it for several boards; none: those of goal.toml"),
    ] = None,
) -> int:
    """Build a project's firmware for each board and bundle it with the samples to feed.

    A board for which it cannot be built is named in the bundle, with the reason. Ends with 1 where
    it could be built for none. The project's C is compiled without a sandbox, and not run.
    """
    from bot.console import output  # noqa: PLC0415
    from bot.project_folder import boards_of, check_project  # noqa: PLC0415
    from bot.summary import say_lines  # noqa: PLC0415
    from hardware_runner.boards import find_board  # noqa: PLC0415
    from hardware_runner.bundle import write_bundle  # noqa: PLC0415

    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        raise RequestError(
            f"'{commit[:60]}' is no commit.", "Give its full id, 40 hexadecimal digits."
        )
    if into.exists() and (not into.is_dir() or any(into.iterdir())):
        raise RequestError(f"{into} is there already.", "Name a new folder for the bundle.")
    check_project(project)
    boards = dict.fromkeys(find_board(name) for name in board) if board else boards_of(project)
    manifest = write_bundle(project, tuple(boards), commit, into)
    for one in manifest.firmware:
        taken = f"{one.footprint.flash_bytes:,} bytes of flash, {one.footprint.ram_bytes:,} of RAM"
        output().print(f"{one.board}: {taken}", highlight=False, soft_wrap=True)
    for name, why in manifest.failed.items():
        say_lines(output(), f"{name}: not built", why)
    return int(ExitCode.DONE if manifest.firmware else ExitCode.LIMIT_MISSED)
