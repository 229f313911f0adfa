"""What a compiled model costs, as a table for the terminal."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.console import PLAIN
from model_compiler import CompiledModel


def show(console: Console, compiled: CompiledModel, into: Path) -> None:
    """Print what each operator costs, and the sums."""
    summary = compiled.summary
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
