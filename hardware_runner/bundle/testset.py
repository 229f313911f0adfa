"""Testset: the raw held-out samples of a bundle, read as numbers and as nothing else.

Source: NEP 1, "A simple file format for NumPy arrays".
"""

from __future__ import annotations

import io
import math
import zipfile
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hardware_runner.errors import BundleRefused

_UNFOLDED_BYTES_MAX = 256 * 1024 * 1024
_SAMPLES_MAX = 100_000
_HEADER_MAX = 1000
_SAMPLE_TYPES = frozenset({"uint8", "int16", "float32"})
_LABEL_TYPES = frozenset({"uint8", "int16", "int32", "int64"})

Array = npt.NDArray[np.generic]
Labels = npt.NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Testset:
    """Raw samples `x` `[N, ...]` of the goal's type and labels `y` `[N]`."""

    x: Array
    y: Labels


def read_testset(content: bytes) -> Testset:
    """Return the arrays of a `testset.npz`.

    Raises:
        BundleRefused: it is no such archive, unfolds to too much, or its arrays are odd.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sorted(archive.namelist()) != ["x.npy", "y.npy"]:
                raise BundleRefused("testset.npz must hold the arrays x and y, and nothing else.")
            testset = Testset(
                _array(archive, "x", _SAMPLE_TYPES),
                _array(archive, "y", _LABEL_TYPES).astype(np.int64),
            )
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BundleRefused(f"testset.npz is damaged: {str(error)!a}.") from error
    n = len(testset.x)
    if testset.y.ndim != 1 or len(testset.y) != n or not 1 <= n <= _SAMPLES_MAX:
        raise BundleRefused(
            f"testset.npz holds {n:,} samples and labels of the shape {testset.y.shape}: "
            f"it must be 1 to {_SAMPLES_MAX:,} samples with one label each."
        )
    if testset.x.dtype.kind == "f" and not np.isfinite(testset.x).all():
        raise BundleRefused("testset.npz holds samples that are no numbers.")
    return testset


def _array(archive: zipfile.ZipFile, name: str, types: frozenset[str]) -> Array:
    """Read one array without a call to `numpy.load`, which would reserve what a header claims."""
    with archive.open(f"{name}.npy") as file:
        try:
            if np.lib.format.read_magic(file) != (1, 0):
                raise ValueError("another version of the format")
            shape, by_columns, dtype = np.lib.format.read_array_header_1_0(
                file, max_header_size=_HEADER_MAX
            )
        except ValueError as error:
            raise BundleRefused(f"testset.npz: {name} cannot be read: {str(error)!a}.") from error
        if dtype.name not in types or dtype.byteorder == ">":
            raise BundleRefused(
                f"testset.npz: {name} is of type {ascii(str(dtype))[:40]}; "
                f"it must be one of {', '.join(sorted(types))}."
            )
        if not 1 <= len(shape) <= 5 or not all(0 < extent < 2**31 for extent in shape):
            raise BundleRefused(f"testset.npz: {name} has the shape {ascii(str(shape))[:80]}.")
        size = math.prod(shape) * dtype.itemsize
        if size > _UNFOLDED_BYTES_MAX:
            raise BundleRefused(f"testset.npz: {name} takes {size:,} bytes, which is too much.")
        content = file.read(size + 1)
    if len(content) != size:
        raise BundleRefused(f"testset.npz: {name} is not as long as its shape says.")
    array = np.frombuffer(content, dtype).reshape(shape, order="F" if by_columns else "C")
    return np.ascontiguousarray(array)  # a table's samples lie in the file column by column
