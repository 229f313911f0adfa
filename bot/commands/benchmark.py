"""`boardwright benchmark`: what models cost on boards, measured with random inputs."""

from __future__ import annotations

import itertools
import json
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer

from bot.errors import ExitCode, RequestError
from bot.workspace import write_atomically

DEFAULT_BOARDS = ("mps2-an386", "mps2-an500", "mps3-an547")


def benchmark(
    models: Annotated[
        list[Path] | None,
        typer.Argument(help="int8 .tflite files, or folders that are searched for them"),
    ] = None,
    board: Annotated[list[str] | None, typer.Option(help="may be repeated")] = None,
    digits: Annotated[
        bool, typer.Option("--digits", help="also the example's digits model, trained first")
    ] = False,
    samples: Annotated[int, typer.Option(min=1, max=1000, help="random inputs of each model")] = 5,
    optimise: Annotated[
        Literal["size", "balanced", "speed", "all"],
        typer.Option(help="as for `boardwright compile`; all: side by side"),
    ] = "balanced",
    json_file: Annotated[
        Path | None, typer.Option("--json", help="write the figures to this file")
    ] = None,
    markdown_file: Annotated[
        Path | None,
        typer.Option("--markdown", help="write the tables to this file, between its marks"),
    ] = None,
) -> int:
    """Measure instructions, flash, RAM and stack of models on boards.

    Without a model, the digits model of the example is trained and measured. The four models of
    MLPerf Tiny are also compared with TensorFlow Lite Micro and CMSIS-NN.
    """
    from bot import bench_tables  # noqa: PLC0415
    from bot.bench import (  # noqa: PLC0415
        Failed,
        Measured,
        digits_model,
        measure_model,
    )
    from bot.console import choose_progress, output  # noqa: PLC0415
    from hardware_runner.boards import find_board  # noqa: PLC0415
    from model_compiler import Optimise  # noqa: PLC0415

    levels = list(Optimise) if optimise == "all" else [Optimise(optimise)]
    begin = bench_tables.BEGIN_LEVELS if len(levels) > 1 else bench_tables.BEGIN
    page = _page(markdown_file, begin) if markdown_file else ""
    targets = [find_board(name) for name in board or DEFAULT_BOARDS]
    rows: list[Failed | Measured] = []
    with (
        tempfile.TemporaryDirectory(prefix="boardwright-") as scratch,
        choose_progress() as progress,
    ):
        files = _files(models) if models else {}
        if digits or not files:
            files["digits"] = digits_model(Path(scratch), progress)
        for (name, content), target, level in itertools.product(files.items(), targets, levels):
            progress.note(f"{name} on {target.name}, {level}")
            folder = Path(scratch) / str(len(rows))
            rows.append(measure_model(name, content, target, samples, folder, level))
    for table in bench_tables.tables_of(rows, levels):
        output().print(table.rich())
        output().print(table.note, markup=False, highlight=False, soft_wrap=True)
    for row in rows:
        if isinstance(row, Failed):
            line = f"{row.model} on {row.board}: {row.why}"
            output().print(line, markup=False, highlight=False, soft_wrap=True)
    if markdown_file is not None:
        text = bench_tables.with_tables(page, bench_tables.markdown(rows, levels), begin)
        write_atomically(markdown_file, text.encode())
    if json_file is not None:
        json_file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps([row.as_json() for row in rows], indent=2)
        write_atomically(json_file, text.encode() + b"\n")
    failed = any(isinstance(row, Failed) for row in rows)
    return int(ExitCode.LIMIT_MISSED if failed else ExitCode.DONE)


def _page(path: Path, begin: str) -> str:
    """Return the page that takes the tables; one that does not exist yet is nothing but them.

    Raises:
        RequestError: it has no place for them.
    """
    from bot import bench_tables  # noqa: PLC0415

    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        return f"{begin}\n{bench_tables.END}\n"
    page = path.read_text(encoding="utf-8")
    bench_tables.with_tables(page, "", begin)
    return page


def _files(models: list[Path]) -> dict[str, bytes]:
    """Return the models by name, of folders those below them, in the order of their paths."""
    found: list[Path] = []
    for path in models:
        if path.is_dir():
            found += sorted(path.rglob("*.tflite"))
        elif path.is_file():
            found.append(path)
        else:
            raise RequestError(f"There is no {path}.", "Name a .tflite file, or a folder of them.")
    if not found:
        raise RequestError(
            f"{', '.join(map(str, models))} holds no .tflite file.", "Name a folder that does."
        )
    return {str(path): path.read_bytes() for path in found}
