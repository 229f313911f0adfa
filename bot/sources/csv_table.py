"""Tables in CSV files: `csv:<path>`, one record a row, one column of labels, the others numbers.

The element type of a sample is decided by all records: uint8 or int16 where every value is a whole
number in its range, float32 otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from bot.errors import SourceError
from bot.goal import RawInput, RawType, Task
from bot.records import TableRecords
from bot.rendering.text import code
from bot.sources.csv_text import Table, read_table
from bot.sources.loaded import Loaded, check_classes

LABEL_NAMES = ("label", "labels", "class", "target", "species", "category", "kind", "type")

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?"
_WHOLE_RANGES = {RawType.UINT8: (0, 255), RawType.INT16: (-32768, 32767)}
_WHAT_IS_THERE: Mapping[str, str] = {"": "no value", "nan": "not a number", "inf": "infinite"}


def load(name: str, label_column: str | None, base_dir: Path) -> Loaded:
    """Read a CSV file.

    Raises:
        SourceError: the file or a cell of it cannot be used, or the label column is not plain.
    """
    table = read_table(name, base_dir)
    text = pd.DataFrame(list(table.rows), columns=list(table.header), dtype=str)
    label = _label_column(table, text, label_column)
    values = [column for column in table.header if column != label]
    _check_labels(table, text[label], label)
    numbers = {column: _numbers(table, text[column], column) for column in values}
    dtype = _element_type(np.stack(list(numbers.values())))
    frame = text.copy()
    for column, cells in numbers.items():
        frame[column] = cells if dtype is RawType.FLOAT32 else cells.astype(np.int64)
    records = TableRecords(frame, label, f"csv:{name}", "unknown")
    raw = RawInput(
        shape=(len(values),), dtype=dtype, unit=f"as in the columns of {name}", names=tuple(values)
    )
    return Loaded(records, Task.TABULAR_SENSOR, raw, check_classes(records), _slug(name))


def _label_column(table: Table, text: pd.DataFrame, wanted: str | None) -> str:
    """Return the label column: the one named, else the one of text, else the one called so."""
    columns = ", ".join(code(column) for column in table.header[:40])
    if wanted is not None:
        exact = [c for c in table.header if c == wanted]
        close = exact or [c for c in table.header if c.casefold() == wanted.casefold()]
        if len(close) != 1:
            raise SourceError(
                f"{code(table.path)} has no column {code(wanted)}; it has {columns}.",
                f"Name one of them, for example {code(table.header[0])}.",
                "Label column",
            )
        return close[0]
    of_text = [column for column in table.header if _is_text(text[column])]
    if len(of_text) == 1:
        return of_text[0]
    named = [c for c in (of_text or table.header) if c.casefold() in LABEL_NAMES]
    if len(named) == 1:
        return named[0]
    found = (
        f"text stands in {', '.join(code(c) for c in of_text)}"
        if of_text
        else f"all columns are numbers ({columns})"
    )
    raise SourceError(
        f"Which column of {code(table.path)} holds the labels is not plain: {found}.",
        f"Name the label column, for example {code((of_text or table.header)[-1])}.",
        "Label column",
    )


def _is_text(cells: pd.Series) -> bool:
    """Tell whether most cells that hold something are not numbers."""
    filled = cells[cells != ""]
    numeric = filled.str.fullmatch(_NUMBER) | filled.str.lower().isin(["nan", "inf", "-inf", "na"])
    return len(filled) > 0 and int(numeric.sum()) * 2 < len(filled)


def _check_labels(table: Table, cells: pd.Series, column: str) -> None:
    missing = np.flatnonzero((cells == "").to_numpy())
    if len(missing):
        raise SourceError(
            f"{code(table.path)}, {_lines(table, missing)}, column {code(column)}: no label.",
            "Write the label, or remove the records.",
            "Data",
        )


def _numbers(
    table: Table, cells: pd.Series, column: str
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return one column as numbers.

    Raises:
        SourceError: a cell is empty, text, NaN, infinite, or too large for float32.
    """
    bad = np.flatnonzero(~cells.str.fullmatch(_NUMBER).to_numpy(dtype=bool))
    if len(bad):
        raise _bad_cell(table, column, bad, str(cells.iloc[bad[0]]))
    values = cells.to_numpy(dtype=np.float64)
    large = np.flatnonzero(np.abs(values) > np.finfo(np.float32).max)
    if len(large):
        raise SourceError(
            f"{code(table.path)}, {_lines(table, large)}, column {code(column)}: "
            f"{code(str(cells.iloc[large[0]])[:40])} is too large for float32.",
            "Give the column in a larger unit, or correct the value.",
            "Data",
        )
    return np.asarray(values)


def _bad_cell(
    table: Table, column: str, rows: np.ndarray[tuple[int], np.dtype[np.intp]], cell: str
) -> SourceError:
    where = f"{code(table.path)}, {_lines(table, rows)}, column {code(column)}"
    kind = _WHAT_IS_THERE.get(cell.lower().lstrip("+-").replace("infinity", "inf"))
    if kind is not None:
        shown = f"{code(cell)}, {kind}" if cell else kind
        return SourceError(f"{where}: {shown}.", "Fill the cell in, or remove the record.", "Data")
    if re.fullmatch(r"[+-]?\d+,\d+", cell):
        cure = "Write numbers with a decimal point."
    else:
        cure = (
            "Correct the cell; if the column holds labels, name it as label column; or remove it "
            "where the board does not measure it."
        )
    return SourceError(f"{where}: {code(cell[:40])} is not a number.", cure, "Data")


def _lines(table: Table, rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> str:
    """Name the lines of some rows, the first three of many."""
    numbers = [str(table.lines[row]) for row in rows[:3]]
    if len(rows) == 1:
        return f"line {numbers[0]}"
    more = f" and {len(rows) - 3} more" if len(rows) > 3 else ""
    return f"lines {', '.join(numbers)}{more}"


def _element_type(values: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> RawType:
    if np.array_equal(values, np.round(values)):
        for dtype, (low, high) in _WHOLE_RANGES.items():
            if values.min() >= low and values.max() <= high:
                return dtype
    return RawType.FLOAT32


def _slug(name: str) -> str:
    return PurePosixPath(name).stem
