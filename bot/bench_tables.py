"""The tables of the bench mark, for the terminal and as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from bot.baseline import conditions
from bot.bench import Failed, Measured
from bot.console import PLAIN
from bot.errors import RequestError
from bot.rendering.text import inline

BEGIN = "<!-- written by: boardwright benchmark --markdown -->"
END = "<!-- end of what boardwright benchmark wrote -->"

_COST = (
    *("model", "board", "instructions", "MACs", "/MAC", "flash", "of it constants", "RAM"),
    *("of it arena", "stack", "firmware flash", "firmware RAM"),
)
_COST_SHORT = (0, 1, 2, 4, 5, 7, 9, 10)
_COST_NOTE = (
    "Instructions: median of one inference, counted exactly. Flash and RAM: everything that is "
    "linked for inference, without the stack. Stack: high-water mark of the measuring firmware. "
    "Firmware: all of that one, with its shell, serial line and buffer for samples."
)
_AGAINST = (
    *("model", "core", "instructions", "baseline", "times fewer", "estimated limit", "times that"),
    *("flash", "baseline", "RAM", "baseline", "stack", "baseline"),
)
_AGAINST_SHORT = (0, 1, 2, 3, 4, 7, 8, 9, 10)
_AGAINST_NOTE = (
    "Baseline: {0.software}; {0.compiler}; {0.emulator}. Estimated limit: floor of the "
    "multiply-accumulates and of what they cannot do without, 20 % either way."
)


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as texts; the first two columns are words, the others numbers.

    `short` are the columns for which a terminal has room.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    short: tuple[int, ...]

    def rich(self) -> Table:
        """Return the table for a terminal, as far as that is wide."""
        table = Table(*(self.header[index] for index in self.short), **PLAIN)
        for column in table.columns[2:]:
            column.justify = "right"
        for row in self.rows:
            table.add_row(*(row[index] for index in self.short))
        return table

    def markdown(self) -> str:
        """Return the table and its note as Markdown."""
        rule = ("---", "---", *("--:",) * (len(self.header) - 2))
        escaped = (tuple(inline(cell, 200) for cell in row) for row in self.rows)
        lines = (f"| {' | '.join(cells)} |" for cells in (self.header, rule, *escaped))
        return "\n".join((*lines, "", self.note, ""))


def cost_table(rows: Sequence[Measured | Failed]) -> Grid:
    """Return what each model takes on each board."""
    return Grid(_COST, tuple(_cost(row) for row in rows), _COST_NOTE, _COST_SHORT)


def _cost(row: Measured | Failed) -> tuple[str, ...]:
    model = Path(row.model).stem
    if isinstance(row, Failed):
        return (model, row.board, row.why.splitlines()[0][:120], *("",) * (len(_COST) - 3))
    inference = row.inference
    return (
        model,
        row.board,
        _count(row.instructions),
        _count(row.macs),
        _ratio(row.instructions, row.macs),
        _count(inference.flash_bytes if inference else None),
        _count(row.constant_bytes),
        _count(inference.ram_bytes if inference else None),
        _count(row.arena_bytes),
        _count(row.stack_bytes),
        _count(row.firmware_flash_bytes),
        _count(row.firmware_ram_bytes),
    )


def baseline_table(rows: Sequence[Measured | Failed]) -> Grid | None:
    """Return models against the baseline; None where it knows none of them."""
    known = [row for row in rows if isinstance(row, Measured) and row.baseline and row.inference]
    if not known:
        return None
    note = _AGAINST_NOTE.format(conditions())
    return Grid(_AGAINST, tuple(_against(row) for row in known), note, _AGAINST_SHORT)


def _against(row: Measured) -> tuple[str, ...]:
    known, inference = row.baseline, row.inference
    assert known is not None and inference is not None  # noqa: S101, chosen by the caller
    return (
        known.model,
        row.core,
        _count(row.instructions),
        _count(known.instructions),
        _ratio(known.instructions, row.instructions),
        _count(known.limit_instructions),
        _ratio(row.instructions, known.limit_instructions),
        _count(inference.flash_bytes),
        _count(known.flash_bytes),
        _count(inference.ram_bytes),
        _count(known.ram_bytes),
        _count(row.stack_bytes),
        _count(known.stack_bytes),
    )


def markdown(rows: Sequence[Measured | Failed]) -> str:
    """Return all tables as Markdown, with what they were measured with."""
    tools = sorted({tool for row in rows if isinstance(row, Measured) for tool in row.tools})
    levels = sorted({row.optimise.flag for row in rows if isinstance(row, Measured)})
    tables = [table.markdown() for table in (baseline_table(rows), cost_table(rows)) if table]
    return "\n".join(
        (f"Measured with {', '.join(tools)}, the models with `{'`, `'.join(levels)}`.", "", *tables)
    )


def with_tables(page: str, tables: str) -> str:
    """Return a page with the tables between its two marks, in place of what stood there.

    Raises:
        RequestError: the page has no such marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise RequestError(
            "The page has no place for the tables.", f"Put these two lines into it: {BEGIN} {END}"
        )
    return f"{before}{BEGIN}\n\n{tables}\n{END}{after}"


def _count(value: float | int | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _ratio(value: float | int | None, by: float | int | None) -> str:
    return f"{value / by:.2f}" if value and by else "-"
