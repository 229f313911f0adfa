"""TFLite's integer arithmetic, exactly, for what is computed at compile time.

The kernels hold the same functions in C: kernels/bw_arithmetic.h.

Source: tensorflow/lite/kernels/internal/quantization_util.cc and common.cc of
tensorflow/tflite-micro 90b983c (without TFLITE_SINGLE_ROUNDING), gemmlowp fixedpoint.h at 719139c.
"""

from __future__ import annotations

import math

import numpy as np

from model_compiler.schema import Activation, Padding

INT32_MIN = -(2**31)
INT32_MAX = 2**31 - 1


def quantize_multiplier(multiplier: float) -> tuple[int, int]:
    """Return (Q, shift) such that multiplier is about Q * 2^(shift - 31), Q in [2^30, 2^31).

    Multipliers below 2^-32 become (0, 0), as in TFLite. Shifts above 30 are for callers to refuse.
    """
    if multiplier == 0.0:
        return 0, 0
    fraction, shift = math.frexp(multiplier)
    fixed = _round_half_away(fraction * 2**31)
    if fixed == 2**31:
        fixed //= 2
        shift += 1
    if shift < -31:
        return 0, 0
    return fixed, shift


def _round_half_away(value: float) -> int:
    return math.floor(value + 0.5) if value >= 0 else math.ceil(value - 0.5)


def float32_product(first: float, second: float) -> float:
    """Multiply as float32 does: the rule of FULLY_CONNECTED with one scale for all weights."""
    with np.errstate(over="ignore", under="ignore"):
        return float(np.float32(first) * np.float32(second))


def saturating_rounding_doubling_high_mul(first: int, second: int) -> int:
    """Return first * second / 2^31, rounded to nearest, ties upwards, cut to int32.

    gemmlowp nudges by the product's sign and truncates, which comes to the same.
    """
    return min(INT32_MAX, (first * second + 2**30) >> 31)


def rounding_divide_by_power_of_two(value: int, exponent: int) -> int:
    """Return value / 2^exponent, rounded half away from zero."""
    half = (1 << exponent) >> 1
    magnitude = (abs(value) + half) >> exponent
    return magnitude if value >= 0 else -magnitude


def multiply_by_quantized_multiplier(value: int, multiplier: int, shift: int) -> int:
    """Return value * multiplier * 2^(shift - 31) with TFLM's double rounding; all are int32."""
    left = max(shift, 0)
    right = max(-shift, 0)
    shifted = _wrap_int32(value << left)
    high = saturating_rounding_doubling_high_mul(shifted, multiplier)
    return rounding_divide_by_power_of_two(high, right)


def _wrap_int32(value: int) -> int:
    return (value + 2**31) % 2**32 - 2**31


def quantize(real: float, scale: float, zero_point: int) -> int:
    """Return a real as an unclamped quantised integer, dividing in float32 as TFLite does."""
    return zero_point + _round_half_away(float(np.float32(real) / np.float32(scale)))


def activation_range(fused: Activation, scale: float, zero_point: int) -> tuple[int, int]:
    """Return the least and the greatest int8 output of an operator with a fused activation.

    Raises:
        ValueError: for TANH and SIGN_BIT, which TFLM's int8 kernels do not fuse.
    """
    if fused is Activation.NONE:
        return -128, 127
    if fused is Activation.RELU:
        return max(-128, quantize(0.0, scale, zero_point)), 127
    if fused is Activation.RELU6:
        low, high = 0.0, 6.0
    elif fused is Activation.RELU_N1_TO_1:
        low, high = -1.0, 1.0
    else:
        raise ValueError(f"fused activation {fused.name}")
    return (
        max(-128, quantize(low, scale, zero_point)),
        min(127, quantize(high, scale, zero_point)),
    )


def output_size(padding: Padding, size: int, window: int, stride: int, dilation: int = 1) -> int:
    """Return the length of one output axis of a convolution or a pool."""
    reach = (window - 1) * dilation + 1
    if padding is Padding.SAME:
        return (size + stride - 1) // stride
    return (size + stride - reach) // stride


def padding_before(out: int, size: int, window: int, stride: int, dilation: int = 1) -> int:
    """Return the padding before the first element of one axis; what is odd goes behind the last."""
    reach = (window - 1) * dilation + 1
    return max((out - 1) * stride + reach - size, 0) // 2
