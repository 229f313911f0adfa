"""Data sets that scikit-learn ships with its package: `sklearn:digits` and others; no download.

Source: https://scikit-learn.org/stable/datasets/toy_dataset.html (sizes, columns, origins);
https://archive.ics.uci.edu/dataset/80 (digits), /109 (wine), /53 (iris), /17 (breast cancer):
CC BY 4.0.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd

from bot.errors import SourceError
from bot.goal import RawInput, RawType, Task
from bot.records import TableRecords
from bot.rendering.text import code
from bot.sources.loaded import Loaded, check_classes

LICENCE = "CC BY 4.0 (UCI Machine Learning Repository)"


@dataclass(frozen=True, slots=True)
class Bundle:
    """One data set of the bundle."""

    loader: str  # function in sklearn.datasets
    task: Task
    shape: tuple[int, ...]
    dtype: RawType
    unit: str
    label_column: str


BUNDLES: Mapping[str, Bundle] = {
    "digits": Bundle(
        "load_digits",
        Task.IMAGE_CLASSIFICATION,
        (8, 8),
        RawType.UINT8,
        "grey level, 0 (paper) to 16 (ink)",
        "digit",
    ),
    "wine": Bundle(
        "load_wine",
        Task.TABULAR_SENSOR,
        (13,),
        RawType.FLOAT32,
        "each column in its own unit, see names",
        "cultivar",
    ),
    "iris": Bundle("load_iris", Task.TABULAR_SENSOR, (4,), RawType.FLOAT32, "cm", "species"),
    "breast_cancer": Bundle(
        "load_breast_cancer",
        Task.TABULAR_SENSOR,
        (30,),
        RawType.FLOAT32,
        "each column in its own unit, see names",
        "diagnosis",
    ),
}


def load(name: str, label_column: str | None, base_dir: Path) -> Loaded:
    """Read one bundled data set.

    Raises:
        SourceError: no such data set, or a label column is asked for that it does not have.
    """
    if name not in BUNDLES:
        near = get_close_matches(name, BUNDLES, n=1)
        meant = f"Did you mean `sklearn:{near[0]}`? " if near else ""
        known = ", ".join(f"`sklearn:{bundle}`" for bundle in BUNDLES)
        raise SourceError(
            f"There is no data set {code(f'sklearn:{name}')}.", f"{meant}Known are {known}.", "Data"
        )
    bundle = BUNDLES[name]
    if label_column not in (None, bundle.label_column):
        raise SourceError(
            f"{code(f'sklearn:{name}')} has no label column {code(label_column)}; its labels are "
            f"in {code(bundle.label_column)}.",
            f"Leave the field empty, or write {code(bundle.label_column)}.",
            "Label column",
        )
    bunch = getattr(importlib.import_module("sklearn.datasets"), bundle.loader)()
    columns = [_column_name(str(column)) for column in bunch.feature_names]
    element = np.float64 if bundle.dtype is RawType.FLOAT32 else np.int64
    frame = pd.DataFrame(np.asarray(bunch.data, dtype=element), columns=columns)
    frame[bundle.label_column] = [str(bunch.target_names[index]) for index in bunch.target]
    records = TableRecords(frame, bundle.label_column, f"sklearn:{name}", LICENCE)
    tabular = bundle.task is Task.TABULAR_SENSOR
    raw = RawInput(
        shape=bundle.shape,
        dtype=bundle.dtype,
        unit=bundle.unit,
        names=tuple(columns) if tabular else (),
    )
    return Loaded(records, bundle.task, raw, check_classes(records), name.replace("_", "-"))


def _column_name(name: str) -> str:
    """Return a name that is easy to type: 'sepal length (cm)' becomes 'sepal_length_cm'."""
    return "_".join("".join(c if c.isalnum() else " " for c in name).split())
