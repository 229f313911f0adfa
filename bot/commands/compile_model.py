"""`boardwright compile`: an int8 `.tflite` to C99, with a table of what it costs."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from bot.errors import RequestError


def compile_file(
    model: Annotated[Path, typer.Argument(help="an int8 .tflite file")],
    into: Annotated[
        Path, typer.Option("--output", "-o", help="folder for the C files, made if missing")
    ],
    name: Annotated[
        str, typer.Option(help="prefix of files, functions and macros: bw_<name>_invoke")
    ] = "model",
    as_json: Annotated[bool, typer.Option("--json", help="print the figures as JSON")] = False,
) -> None:
    """Compile a TensorFlow Lite model to C99 and show what it costs."""
    from bot.console import PLAIN, output  # noqa: PLC0415
    from model_compiler import compile_model, load_model  # noqa: PLC0415

    if into.exists() and not into.is_dir():
        raise RequestError(f"{into} is a file.", "Name a folder for the C files.")
    if not model.is_file():
        raise RequestError(f"There is no file {model}.", "Name a .tflite file.")
    try:
        compiled = compile_model(load_model(model.read_bytes()), name=name)
    except ValueError as error:
        raise RequestError(f"{model}: {error}.") from None
    compiled.write(into)
    summary = compiled.summary
    if as_json:
        figures = {"name": name, "files": sorted(compiled.files), **dataclasses.asdict(summary)}
        typer.echo(json.dumps(figures, indent=2))
        return
    table = Table("#", "operator", "output", "MACs", "constants (bytes)", **PLAIN)
    for column in (0, 3, 4):
        table.columns[column].justify = "right"
    for operator in summary.operators:
        table.add_row(
            str(operator.index),
            operator.name,
            " x ".join(map(str, operator.output_shape)),
            f"{operator.macs:,}",
            f"{operator.constant_bytes:,}",
        )
    console = output()
    console.print(table)
    bound = summary.arena_lower_bound_bytes
    for line in (
        f"MACs       {summary.macs:,}",
        f"constants  {summary.constant_bytes:,} bytes of flash, without code",
        f"arena      {summary.arena_bytes:,} bytes of RAM; no plan needs less than {bound:,}",
        f"files      {', '.join(sorted(compiled.files))}",
        f"in         {into}",
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
