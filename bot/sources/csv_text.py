"""CSV text to a table of strings: encoding, delimiter, header and the shape of the rows.

Every error names the file, the line and what to do. Lines are counted from 1, as editors do.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SourceError
from bot.rendering.text import code
from bot.sources.paths import required_file

FILE_MAX_BYTES = 32 * 1024 * 1024
COLUMNS_MAX = 4097  # an image of 64 x 64 and its label
DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab"}


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file as text: `rows[i]` began in line `lines[i]` of the file."""

    path: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    lines: tuple[int, ...]


def read_table(name: str, base_dir: Path) -> Table:
    """Read a CSV file with a header as text.

    Raises:
        SourceError: there is no such file, or it is not such a table.
    """
    path = required_file(name, base_dir, "csv:data/fruit.csv", ".csv", FILE_MAX_BYTES)
    return parse_table(path.read_bytes(), name)


def parse_table(raw: bytes, name: str) -> Table:
    """Take the bytes of a CSV file apart.

    Raises:
        SourceError: not UTF-8, empty, no records, or a header or row of the wrong shape.
    """
    text = _decode(raw, name)
    delimiter = _sniff(text)
    numbered = _rows(text, delimiter, name)
    if not numbered:
        raise SourceError(
            f"{code(name)} is empty.", "Write a header line and the records into it.", "Data"
        )
    header = tuple(cell.strip() for cell in numbered[0][1])
    _check_header(header, numbered[0][0], name)
    if len(numbered) == 1:
        raise SourceError(
            f"{code(name)} holds a header and no records.",
            "Write the records below the header.",
            "Data",
        )
    for line, row in numbered[1:]:
        if len(row) != len(header):
            raise SourceError(
                f"{code(name)}, line {line}: {len(row)} cells where the header has {len(header)} "
                f"columns (separated by {DELIMITERS[delimiter]}).",
                "Give the row a cell for each column.",
                "Data",
            )
    rows = tuple(tuple(cell.strip() for cell in row) for _, row in numbered[1:])
    return Table(name, header, rows, tuple(line for line, _ in numbered[1:]))


def _decode(raw: bytes, name: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise SourceError(
            f"{code(name)}, line {line}: byte 0x{raw[error.start]:02x} is not UTF-8.",
            "Save the file as UTF-8.",
            "Data",
        ) from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise SourceError(
            f"{code(name)}, line {line}: a zero byte; this is not a text file, or it is UTF-16.",
            "Save the file as CSV in UTF-8.",
            "Data",
        )
    return text


def _sniff(text: str) -> str:
    """Return the delimiter that the header uses most, outside quotes."""
    header = re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]
    bare = "".join(header.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


def _rows(text: str, delimiter: str, name: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not blank, each with the line in which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append((begins, row))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise SourceError(
            f"{code(name)}, line {begins}: {error}.",
            'Check the quotes in this line: each opening `"` needs a closing one, and a quote '
            'inside a quoted cell is written `""`.',
            "Data",
        ) from None
    return rows


def _check_header(header: tuple[str, ...], line: int, name: str) -> None:
    where = f"{code(name)}, line {line}"
    if len(header) < 2:
        raise SourceError(
            f"{where}: the header has one column, {code(header[0][:80])}.",
            "A label column and at least one number column are needed, separated by comma, "
            "semicolon or tab.",
            "Data",
        )
    if len(header) > COLUMNS_MAX:
        raise SourceError(
            f"{where}: {len(header)} columns; at most {COLUMNS_MAX} are read.",
            "Leave out columns that the board does not measure.",
            "Data",
        )
    for position, column in enumerate(header, start=1):
        if not column:
            raise SourceError(
                f"{where}: column {position} has no name.",
                "Name it, or remove it where it only counts the rows.",
                "Data",
            )
        if len(column) > 80 or not column.isprintable():
            raise SourceError(
                f"{where}: the name of column {position} is {code(repr(column[:80]))}; names are "
                "printable and at most 80 characters long.",
                "Rename the column.",
                "Data",
            )
        if column in header[: position - 1]:
            raise SourceError(
                f"{where}: columns {header.index(column) + 1} and {position} are both "
                f"named {code(column)}.",
                "Rename or remove one of them.",
                "Data",
            )
