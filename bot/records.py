"""Records: what a data source holds, before anything was made of it."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Records:
    """A table of records, one a row, with one column of labels.

    Attributes:
        frame: all columns as they stand in the source, in its order; never changed in place.
        label_column: the column that holds the label.
        uri: where they come from, as in `goal.toml`.
        licence: the licence of the data, 'unknown' where nobody said.
    """

    frame: pd.DataFrame
    label_column: str
    uri: str
    licence: str

    @property
    def value_columns(self) -> tuple[str, ...]:
        """Return the names of the input columns, in order."""
        return tuple(str(c) for c in self.frame.columns if c != self.label_column)

    def to_csv(self) -> bytes:
        """Return the records as CSV with a header, UTF-8, `\\n` line ends."""
        return self.frame.to_csv(index=False, lineterminator="\n").encode()
