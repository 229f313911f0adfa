"""Named arrays as bytes, for files that processes exchange: same arrays, same bytes, no pickle."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import numpy.typing as npt

_LARGEST_BYTES = 4 << 30

Array = npt.NDArray[np.generic]


def dump(**arrays: Array) -> bytes:
    """Return the arrays as an uncompressed `.npz`; its members carry no time of day."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def dump_small(**arrays: Array) -> bytes:
    """Return the arrays as a compressed `.npz`, for files that stay in a repository."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def load(content: bytes) -> dict[str, Array]:
    """Return the arrays of an `.npz`, which hostile code may have made.

    Raises:
        ValueError: it is damaged, unfolds to too much, or holds Python objects.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > _LARGEST_BYTES:
                raise ValueError(f"the arrays take more than {_LARGEST_BYTES:,} bytes")
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, EOFError, KeyError, MemoryError, zipfile.BadZipFile) as error:
        raise ValueError(f"not an archive of arrays: {error}") from error


def first_of_each(labels: Array, count: int) -> npt.NDArray[np.int64]:
    """Return the indices of the first `count` samples of each label, in order."""
    return np.sort(
        np.concatenate([np.flatnonzero(labels == value)[:count] for value in np.unique(labels)])
    )
