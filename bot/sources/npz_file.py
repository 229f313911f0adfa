"""Arrays in NumPy files: `npz:<path>` with `x` `[N, ...]` and `y` `[N]`, labels as text or numbers.

What a sample is follows from its shape: `[values]` is a table's row, `[height, width, channels]` or
uint8 `[height, width]` a picture, any other `[time, channels]` a window of sensor readings. The
request may say otherwise.
"""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.errors import SourceError
from bot.goal import RawInput, RawType, Task
from bot.records import ArrayRecords
from bot.rendering.text import code
from bot.sources.loaded import Loaded, check_classes
from bot.sources.paths import required_file

FILE_MAX_BYTES = 64 * 1024 * 1024
UNPACKED_MAX_BYTES = 256 * 1024 * 1024
# What zipfile and NumPy raise for archives that are damaged, encrypted, or claim sizes that no
# memory holds.
_UNREADABLE = (
    *(OSError, EOFError, ValueError, MemoryError, RuntimeError, NotImplementedError),
    *(zipfile.BadZipFile, zlib.error),
)
_WHOLE_RANGES = {RawType.UINT8: (0, 255), RawType.INT16: (-32768, 32767)}


def load(name: str, label_column: str | None, base_dir: Path) -> Loaded:
    """Read an `.npz` file.

    Raises:
        SourceError: the file cannot be used, or a label column is named, which it cannot have.
    """
    if label_column is not None:
        raise SourceError(
            f"An `.npz` file has no label column {code(label_column)}; its labels are the array "
            "`y`.",
            "Leave the field empty.",
            "Label column",
        )
    path = required_file(name, base_dir, "npz:data/windows.npz", ".npz", FILE_MAX_BYTES)
    x, y = _read(path, name)
    dtype = _element_type(x)
    labels = tuple(map(str, y.tolist()))
    records = ArrayRecords(x.astype(dtype.value), labels, f"npz:{name}", "unknown")
    raw = RawInput(shape=x.shape[1:], dtype=dtype, unit=f"as in {name}")
    classes = check_classes(records)
    return Loaded(records, _task(raw.shape, dtype), raw, classes, PurePosixPath(name).stem)


def _read(path: Path, name: str) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(entry.file_size for entry in archive.infolist())
        if unpacked > UNPACKED_MAX_BYTES:
            raise SourceError(
                f"{code(name)} unpacks to {unpacked / 1024**2:,.0f} MB; at most "
                f"{UNPACKED_MAX_BYTES // 1024**2} MB are read.",
                "Take a part of the records, or a smaller element type.",
                "Data",
            )
        with np.load(path, allow_pickle=False) as arrays:
            found = {key: arrays[key] for key in arrays.files if key in ("x", "y")}
    except _UNREADABLE as error:
        raise SourceError(
            f"{code(name)} is no archive of plain arrays: {str(error) or 'it ends too early'}.",
            "Write it with `numpy.savez_compressed(path, x=x, y=y)`, without Python objects.",
            "Data",
        ) from None
    missing = [f"`{key}`" for key in ("x", "y") if key not in found]
    if missing:
        raise SourceError(
            f"{code(name)} lacks the array {' and '.join(missing)}.",
            "Write it with `numpy.savez_compressed(path, x=x, y=y)`.",
            "Data",
        )
    x, y = found["x"], found["y"]
    _check(x, y, name)
    return x, y


def _check(x: npt.NDArray[Any], y: npt.NDArray[Any], name: str) -> None:
    if x.dtype.kind not in "iuf" or not 2 <= x.ndim <= 5 or 0 in x.shape:
        raise SourceError(
            f"`x` in {code(name)} is {x.dtype} {list(x.shape)}.",
            "It must hold numbers, `[samples, ...]`.",
            "Data",
        )
    if y.dtype.kind not in "iuU" or y.shape != (len(x),):
        raise SourceError(
            f"`y` in {code(name)} is {y.dtype} {list(y.shape)}.",
            f"It must hold {len(x)} labels, one for each sample, as text or whole numbers.",
            "Data",
        )
    bad = np.flatnonzero(~np.isfinite(x.reshape(len(x), -1).astype(np.float32)).all(axis=1))
    if len(bad):
        raise SourceError(
            f"`x` in {code(name)} holds values that are not finite in float32, first in sample "
            f"{bad[0]}.",
            "Fill the gaps in, or remove these samples.",
            "Data",
        )


def _element_type(x: npt.NDArray[Any]) -> RawType:
    if np.array_equal(x, np.round(x)):
        for dtype, (low, high) in _WHOLE_RANGES.items():
            if x.min() >= low and x.max() <= high:
                return dtype
    return RawType.FLOAT32


def _task(shape: tuple[int, ...], dtype: RawType) -> Task:
    if len(shape) == 1:
        return Task.TABULAR_SENSOR
    if len(shape) == 3 or (len(shape) == 2 and dtype is RawType.UINT8):
        return Task.IMAGE_CLASSIFICATION
    return Task.MOTION
