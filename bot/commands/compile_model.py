"""`boardwright compile`: an int8 `.tflite` to C99, with a table of what it costs."""

from __future__ import annotations

import dataclasses
import json
from functools import partial
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.errors import RequestError

MOST_BANDS = 1000


def compile_file(
    model: Annotated[Path, typer.Argument(help="an int8 .tflite file")],
    into: Annotated[
        Path, typer.Option("--output", "-o", help="folder for the C files, made if missing")
    ],
    name: Annotated[
        str, typer.Option(help="prefix of files, functions and macros: bw_<name>_invoke")
    ] = "model",
    optimise: Annotated[
        Literal["size", "balanced", "speed"],
        typer.Option(help="what to prefer: fewest bytes of flash, or fewest instructions"),
    ] = "balanced",
    bands: Annotated[
        str,
        typer.Option(
            metavar="off|auto|N",
            help="run the operators that need most RAM in N bands of rows, or in as many as help",
        ),
    ] = "off",
    profile: Annotated[
        bool,
        typer.Option("--profile", help="also run it on emulated boards: instructions by operator"),
    ] = False,
    board: Annotated[
        list[str] | None,
        typer.Option(help="a board that must hold it, and for --profile; may be repeated"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Compile a TensorFlow Lite model to C99 and show what it costs."""
    from bot import profiles  # noqa: PLC0415
    from bot.compile_summary import show, show_room  # noqa: PLC0415
    from bot.console import output  # noqa: PLC0415
    from hardware_runner.boards import find_board  # noqa: PLC0415
    from hardware_runner.fit import refuse_too_large  # noqa: PLC0415
    from model_compiler import (  # noqa: PLC0415
        ModelError,
        Optimise,
        compile_model,
        load_model,
    )

    if into.exists() and not into.is_dir():
        raise RequestError(f"{into} is a file.", "Name a folder for the C files.")
    if not model.is_file():
        what = f"{model} is a folder." if model.is_dir() else f"There is no file {model}."
        raise RequestError(what, "Name a .tflite file.")
    boards = [find_board(one) for one in board or ([profiles.DEFAULT_BOARD] if profile else [])]
    if profile:
        profiles.refuse_uncounted(boards)
    try:
        loaded = load_model(model.read_bytes())
        compile_as = partial(
            compile_model, loaded, optimise=Optimise(optimise), bands=_bands(bands)
        )
        compiled = compile_as(name=name)
    except ModelError as error:
        raise RequestError(f"{model}: {error}") from None
    except ValueError as error:  # about the name
        raise RequestError(f"{error}.") from None
    for one in boards:
        refuse_too_large(compiled.summary, one)
    compiled.write(into)
    measured = compile_as() if name != "model" else compiled
    found = [profiles.profile_alone(measured, one) for one in boards] if profile else []
    if as_json:
        figures = {
            "name": name,
            "files": sorted(compiled.files),
            **dataclasses.asdict(compiled.summary),
            "profiles": {
                one.name: profiles.figures(compiled.summary, result)
                for one, result in zip(boards, found, strict=False)
            },
        }
        typer.echo(json.dumps(figures, indent=2))
        return
    show(output(), compiled, into)
    if bands != "off" and not compiled.summary.banded:
        output().print(_no_bands(bands), markup=False, highlight=False, soft_wrap=True)
    for one in boards:
        show_room(output(), compiled.summary, one)
    for one, result in zip(boards, found, strict=False):
        profiles.show_profile(output(), compiled.summary, one, result)


def _no_bands(text: str) -> str:
    """Say why nothing runs in the bands that somebody asked for."""
    many = "bands" if text == "auto" else f"{text} bands"
    return f"bands      none: no stretch of operators can run in {many} and needs less RAM then"


def _bands(text: str) -> int | Literal["auto"]:
    """Return the number of bands that somebody asks for; 1 is off."""
    if text == "auto":
        return "auto"
    if text == "off":
        return 1
    if text.isascii() and text.isdigit() and 2 <= int(text) <= MOST_BANDS:
        return int(text)
    problem = f"An image cannot be cut into '{text}' bands."
    raise RequestError(problem, f"Use off, auto, or a number from 2 to {MOST_BANDS}.")
