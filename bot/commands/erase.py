"""`boardwright bench erase`: what a measurement that was ended from outside left in boards."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.errors import ExitCode


def erase(
    bench: Annotated[
        Path | None,
        typer.Option(help="the file; default: $BOARDWRIGHT_BENCH, bench.toml, your own"),
    ] = None,
) -> int:
    """Erase the firmware in every place of the bench that has the tag `erase` and is not in use.

    A measurement that ends by itself has done so already. Ends with 3 where a place resists.
    """
    from bot.console import output  # noqa: PLC0415
    from hardware_runner.bench_erase import erase_left  # noqa: PLC0415
    from hardware_runner.bench_file import read_bench  # noqa: PLC0415

    described = read_bench(bench)
    found = erase_left(described)
    if not found:
        output().print(f"No place of {described.name} has the tag `erase`: nothing to do.")
    for one in found:
        line = f"{one.place}: {one.trouble or 'erased'}"
        output().print(line, markup=False, highlight=False, soft_wrap=True)
    return int(ExitCode.MACHINE if any(one.trouble for one in found) else ExitCode.DONE)
