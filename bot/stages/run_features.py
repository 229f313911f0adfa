"""Run a compiled `bw_features` over samples; started within a sandbox."""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.stages import arrays

_GUARD = np.float32(-12345.0)  # stands behind the output and must still stand there afterwards


def main() -> None:
    """Read `in/features.so` and `in/raw.npz`, leave `out/features.npz`, one array for each of raw's.

    Each output is filled with NaN first, so that what was not written shows.

    Raises:
        RuntimeError: the function wrote beyond its output, or changed its input.
    """
    inputs = arrays.load(Path("in/raw.npz").read_bytes())
    count = int(inputs.pop("feature_count"))
    function = ctypes.CDLL(str(Path("in/features.so").resolve())).bw_features
    function.restype = None
    function.argtypes = (ctypes.c_void_p, ctypes.c_void_p)
    outputs = {name: _apply(function, x, count) for name, x in inputs.items()}
    Path("out/features.npz").write_bytes(arrays.dump(**outputs))


def _apply(function: Any, samples: npt.NDArray[Any], count: int) -> npt.NDArray[np.float32]:
    features = np.empty((len(samples), count), dtype=np.float32)
    output = np.empty(count + 4, dtype=np.float32)
    for sample, row in zip(samples, features, strict=True):
        raw = np.ascontiguousarray(sample).reshape(-1).copy()
        output[:count], output[count:] = np.nan, _GUARD
        function(raw.ctypes.data, output.ctypes.data)
        if np.any(output[count:] != _GUARD):
            raise RuntimeError("bw_features wrote beyond BW_FEATURE_COUNT values")
        if raw.tobytes() != np.ascontiguousarray(sample).tobytes():
            raise RuntimeError("bw_features changed its input")
        row[:] = output[:count]
    return features


if __name__ == "__main__":
    main()
