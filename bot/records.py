"""Records: what a data source holds, before anything was made of it.

Records keep the format of their source, since an authored `load()` reads that; beside it they hold
what the harness reads there itself, against which `load()` is checked.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from bot.stages import arrays


class Records(Protocol):
    """Samples with one label each, in the order of the source; never changed in place."""

    @property
    def uri(self) -> str:
        """Return where they come from, as in `goal.toml`."""

    @property
    def licence(self) -> str:
        """Return the licence of the data, 'unknown' where nobody said."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the label of each record."""

    @property
    def values(self) -> npt.NDArray[Any]:
        """Return the samples `[N, ...]` as the harness reads them."""

    @property
    def label_column(self) -> str | None:
        """Return the name under which the source has the labels; None where it has no names."""

    @property
    def value_columns(self) -> tuple[str, ...]:
        """Return the name of each value of a sample; empty where they have none."""

    def take(self, rows: Sequence[int]) -> Records:
        """Return some of the records, in the order given."""

    def known_as(self, uri: str) -> Records:
        """Return the same records under another `uri`."""

    def entry(self, stem: str) -> str:
        """Return what `load()` is given of `files(stem)`: a file's path, or a folder's."""

    def files(self, stem: str) -> Mapping[str, bytes]:
        """Return the records in the format of the source, as files by path."""


@dataclass(frozen=True)
class TableRecords:
    """A table, one record a row, with one column of labels.

    Attributes:
        frame: all columns as they stand in the source, in its order.
    """

    frame: pd.DataFrame
    label_column: str
    uri: str
    licence: str

    @property
    def value_columns(self) -> tuple[str, ...]:
        """Return the names of the input columns, in order."""
        return tuple(str(c) for c in self.frame.columns if c != self.label_column)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """Return the column of labels as text."""
        return tuple(self.frame[self.label_column].astype(str))

    @cached_property
    def values(self) -> npt.NDArray[np.float64]:
        """Return the input columns, float64 `[N, columns]`."""
        return np.asarray(self.frame[list(self.value_columns)].to_numpy(dtype=np.float64))

    def take(self, rows: Sequence[int]) -> TableRecords:
        """Return some rows."""
        return replace(self, frame=self.frame.iloc[list(rows)].reset_index(drop=True))

    def known_as(self, uri: str) -> TableRecords:
        """Return the same records under another `uri`."""
        return replace(self, uri=uri)

    def entry(self, stem: str) -> str:
        """Return the name of the CSV file."""
        return f"{stem}.csv"

    def files(self, stem: str) -> Mapping[str, bytes]:
        """Return one CSV file with a header, UTF-8, `\\n` line ends."""
        return {self.entry(stem): self.frame.to_csv(index=False, lineterminator="\n").encode()}


@dataclass(frozen=True)
class ArrayRecords:
    """An `.npz` file with the arrays `x` `[N, ...]` and `y` `[N]`, the labels as text."""

    values: npt.NDArray[Any]
    labels: tuple[str, ...]
    uri: str
    licence: str
    label_column: None = None
    value_columns: tuple[str, ...] = ()

    def take(self, rows: Sequence[int]) -> ArrayRecords:
        """Return some samples."""
        chosen = tuple(self.labels[row] for row in rows)
        return replace(self, values=self.values[list(rows)], labels=chosen)

    def known_as(self, uri: str) -> ArrayRecords:
        """Return the same records under another `uri`."""
        return replace(self, uri=uri)

    def entry(self, stem: str) -> str:
        """Return the name of the file."""
        return f"{stem}.npz"

    def files(self, stem: str) -> Mapping[str, bytes]:
        """Return one file, the same bytes for the same records."""
        labels = np.array(self.labels, dtype=np.str_)
        return {self.entry(stem): arrays.dump_small(x=self.values, y=labels)}


@dataclass(frozen=True)
class FileRecords:
    """A folder with one folder for each label, and in it one file for each record.

    Attributes:
        names: the path of each record, `<label>/<file>`.
        contents: the bytes of each file.
        values: the samples as the harness decodes them, `[N, ...]`.
    """

    names: tuple[str, ...]
    contents: tuple[bytes, ...]
    values: npt.NDArray[Any]
    uri: str
    licence: str
    label_column: None = None
    value_columns: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the folder of each record."""
        return tuple(name.partition("/")[0] for name in self.names)

    def take(self, rows: Sequence[int]) -> FileRecords:
        """Return some files."""
        return replace(
            self,
            names=tuple(self.names[row] for row in rows),
            contents=tuple(self.contents[row] for row in rows),
            values=self.values[list(rows)],
        )

    def known_as(self, uri: str) -> FileRecords:
        """Return the same records under another `uri`."""
        return replace(self, uri=uri)

    def entry(self, stem: str) -> str:
        """Return the folder."""
        return stem

    def files(self, stem: str) -> Mapping[str, bytes]:
        """Return the files as they are, below the folder."""
        paths = (f"{stem}/{name}" for name in self.names)
        return dict(zip(paths, self.contents, strict=True))


def digest(records: Records) -> str:
    """Return the SHA-256 of the records' only file; of several, that of their names and hashes."""
    files = records.files("records")
    if len(files) == 1:
        return hashlib.sha256(*files.values()).hexdigest()
    lines = (f"{hashlib.sha256(files[path]).hexdigest()}  {path}\n" for path in sorted(files))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
