"""The tables of the bench mark, for the terminal and as Markdown."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from bot.baseline import conditions
from bot.bench import Failed, Measured
from bot.console import PLAIN
from bot.errors import RequestError
from bot.rendering.text import inline
from model_compiler import Optimise

BEGIN = "<!-- written by: boardwright benchmark --markdown -->"
BEGIN_LEVELS = "<!-- levels, written by: boardwright benchmark --optimise all --markdown -->"
END = "<!-- end of what boardwright benchmark wrote -->"

_COST = (
    *("model", "board", "instructions", "MACs", "/MAC", "flash", "of it constants", "RAM"),
    *("of it arena", "stack", "firmware flash", "firmware RAM"),
)
_COST_SHORT = (0, 1, 2, 4, 5, 7, 9, 10)
_INFERENCE_NOTE = (
    "Instructions: median of one inference, counted exactly. Flash and RAM: everything that is "
    "linked for inference, without the stack."
)
_COST_NOTE = (
    f"{_INFERENCE_NOTE} Stack: high-water mark of the measuring firmware. "
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
_LEVELED = ("instructions", "flash", "RAM")


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


def levels_table(rows: Sequence[Measured | Failed], levels: Sequence[Optimise]) -> Grid:
    """Return what each model takes at each level of optimisation, levels side by side."""
    header = ("model", "core", *(f"{what}, {level}" for what in _LEVELED for level in levels))
    found = {(row.model, row.core, row.optimise): row for row in rows if isinstance(row, Measured)}
    lines = []
    for model, core in dict.fromkeys((model, core) for model, core, _ in found):
        figures = (_leveled(found.get((model, core, level))) for level in levels)
        lines.append((Path(model).stem, core, *itertools.chain(*zip(*figures, strict=True))))
    return Grid(header, tuple(lines), _INFERENCE_NOTE, tuple(range(2 + 2 * len(levels))))


def _leveled(row: Measured | None) -> tuple[str, ...]:
    """Return the texts of `_LEVELED`."""
    inference = row.inference if row else None
    return (
        _count(row.instructions if row else None),
        _count(inference.flash_bytes if inference else None),
        _count(inference.ram_bytes if inference else None),
    )


def tables_of(rows: Sequence[Measured | Failed], levels: Sequence[Optimise] = ()) -> list[Grid]:
    """Return the tables that show rows; with several levels, the one that compares these."""
    if len(levels) > 1:
        return [levels_table(rows, levels)]
    against = baseline_table(rows)
    return [*([against] if against else []), cost_table(rows)]


def markdown(rows: Sequence[Measured | Failed], levels: Sequence[Optimise] = ()) -> str:
    """Return the tables as Markdown, with what they were measured with."""
    measured = [row for row in rows if isinstance(row, Measured)]
    tools = sorted({tool for row in measured for tool in row.tools})
    flags = "`, `".join(dict.fromkeys(row.optimise.flag for row in measured))
    tables = (table.markdown() for table in tables_of(rows, levels))
    return "\n".join((f"Measured with {', '.join(tools)}, the models with `{flags}`.", "", *tables))


def with_tables(page: str, tables: str, begin: str = BEGIN) -> str:
    """Return a page with the tables between its two marks, in place of what stood there.

    Raises:
        RequestError: the page has no such marks.
    """
    before, found, rest = page.partition(begin)
    _, end, after = rest.partition(END)
    if not (found and end):
        raise RequestError(
            "The page has no place for the tables.", f"Put these two lines into it: {begin} {END}"
        )
    return f"{before}{begin}\n\n{tables}\n{END}{after}"


def _count(value: float | int | None) -> str:
    return "-" if value is None else f"{value:,.0f}"


def _ratio(value: float | int | None, by: float | int | None) -> str:
    return f"{value / by:.2f}" if value and by else "-"
