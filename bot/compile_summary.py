"""What a compiled model costs, as a table for the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bot.console import PLAIN
from hardware_runner.board import Board
from hardware_runner.fit import STACK_BYTES
from model_compiler import CompiledModel, OperatorSummary, Summary


def show(console: Console, compiled: CompiledModel, into: Path) -> None:
    """Print what each operator costs, and the sums."""
    summary = compiled.summary
    table = Table("#", "operator", "output", "MACs", "constants (bytes)", **PLAIN)
    for column in (0, 3, 4):
        table.columns[column].justify = "right"
    for row in rows(summary):
        table.add_row(
            row.label,
            row.name,
            " x ".join(map(str, row.output_shape)),
            f"{row.macs:,}",
            f"{row.constant_bytes:,}",
        )
    console.print(table)
    bound = summary.arena_lower_bound_bytes
    bands = _bands(summary)
    for line in (
        f"MACs       {summary.macs:,}",
        f"constants  {summary.constant_bytes:,} bytes of flash, without code",
        f"arena      {summary.arena_bytes:,} bytes of RAM; no plan needs less than {bound:,}",
        *([f"bands      {bands}"] if bands else []),
        f"build      with {summary.optimise.flag}, for which the C was written",
        f"files      {', '.join(sorted(compiled.files))}",
        f"in         {into}",
    ):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


@dataclass(frozen=True, slots=True)
class Row:
    """One operator, or all bands of one; `indices` are their places in the summary."""

    indices: tuple[int, ...]
    label: str
    name: str
    output_shape: tuple[int, ...]
    macs: int
    constant_bytes: int


def rows(summary: Summary) -> list[Row]:
    """Return a row for each operator as the model file has them, and one for its copied rows."""
    found: dict[tuple[object, ...], list[OperatorSummary]] = {}
    for operator in summary.operators:
        band = operator.band
        key = (band.source, operator.name) if band else (operator.index,)
        found.setdefault(("band" if band else "whole", *key), []).append(operator)
    return [_row(operators) for operators in found.values()]


def _row(operators: list[OperatorSummary]) -> Row:
    first = operators[0]
    shape, name, label = first.output_shape, first.name, str(first.index)
    if first.band is not None:
        height = sum(operator.output_shape[1] for operator in operators)
        shape = (shape[0], height, *shape[2:])
        name, label = f"{name} in {len(operators)} bands", f"{label}..{operators[-1].index}"
    macs = sum(operator.macs for operator in operators)
    return Row(
        tuple(operator.index for operator in operators),
        label,
        name,
        shape,
        macs,
        sum(operator.constant_bytes for operator in operators),
    )


def _bands(summary: Summary) -> str:
    """Return what runs in bands, and what that saves; empty where nothing does."""
    if not summary.banded:
        return ""
    parts = [f"{b.first} to {b.last} in {b.bands}" for b in summary.banded]
    saved = f"{summary.whole_arena_bytes:,} bytes of arena without them"
    return f"operators {' and '.join(parts)}; {saved}; no multiply-accumulate runs twice"


def show_room(console: Console, summary: Summary, board: Board) -> None:
    """Print what of a board's memories the model takes, code not counted; nothing for a process."""
    if board.is_process:
        return
    flash, ram = summary.constant_bytes, summary.arena_bytes + STACK_BYTES
    console.print(
        f"{board.name}: {flash:,} of {board.flash_bytes:,} bytes of flash for constants, "
        f"{ram:,} of {board.ram_bytes:,} of RAM for arena and stack",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
