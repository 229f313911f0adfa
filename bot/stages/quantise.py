"""Between real numbers and int8, as the firmware computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def quantise(
    features: npt.NDArray[np.float32], scale: float, zero_point: int
) -> npt.NDArray[np.int8]:
    """Return `clamp(round_half_away(f / scale) + zero_point, -128, 127)`, computed in float32.

    Source: TensorFlow Lite, QUANTIZE for float32 to int8 (`AffineQuantize`).
    """
    ratio = features.astype(np.float32) / np.float32(scale)
    whole = np.trunc(ratio)
    rounded = whole + np.where(np.abs(ratio - whole) >= np.float32(0.5), np.sign(ratio), 0)
    clipped = np.clip(rounded + zero_point, -128, 127)
    return np.asarray(clipped, dtype=np.int8)


def represented(scale: float, zero_point: int) -> tuple[float, float]:
    """Return the smallest and the largest real number that int8 stands for."""
    return (-128 - zero_point) * scale, (127 - zero_point) * scale
