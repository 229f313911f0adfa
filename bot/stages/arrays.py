"""Named arrays as bytes, for files that processes exchange: same arrays, same bytes, no pickle."""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt

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
    """Return the arrays of an `.npz`.

    Raises:
        ValueError: it is damaged, or holds Python objects.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (OSError, EOFError, KeyError) as error:
        raise ValueError(f"not an archive of arrays: {error}") from error
