"""Logistic and tanh in fixed point, exactly as gemmlowp computes them for TFLite.

Numbers are int32 with `bits` integer bits: real = raw * 2^(bits - 31).

Source: gemmlowp fixedpoint/fixedpoint.h at 719139c; the division is Newton-Raphson's, whose start
value 48/17 - 32/17 * d is explained at en.wikipedia.org/wiki/Division_algorithm.
"""

from __future__ import annotations

from model_compiler.arithmetic import (
    INT32_MAX,
    INT32_MIN,
    rounding_divide_by_power_of_two,
)
from model_compiler.arithmetic import saturating_rounding_doubling_high_mul as multiply

ONE = INT32_MAX  # the real 1 with 0 integer bits, as near as it goes
_ONE_2_BITS = 1 << 29  # the real 1 with 2 integer bits
_48_OVER_17 = 1515870810  # with 2 integer bits
_MINUS_32_OVER_17 = -1010580540  # likewise
_ONE_THIRD = 715827883
_EXP_MINUS_ONE_EIGHTH = 1895147668
_EXP_OF_MINUS_POWERS = (  # (exponent n, exp(-2^n) with 0 integer bits)
    (-2, 1672461947),
    (-1, 1302514674),
    (0, 790015084),
    (1, 290630308),
    (2, 39332535),
    (3, 720401),
    (4, 242),
)


def logistic(raw: int, bits: int) -> int:
    """Return 1 / (1 + exp(-x)) with 0 integer bits, of x with `bits` integer bits (at most 5)."""
    if raw == 0:
        return 1 << 30
    reciprocal = _newton_reciprocal(exp_of_negative(-abs(raw), bits))
    positive = _saturating_shift_left(reciprocal, 1)
    return positive if raw > 0 else ONE - positive


def tanh(raw: int, bits: int) -> int:
    """Return tanh(x) with 0 integer bits, of x with `bits` integer bits (at most 4)."""
    if raw == 0:
        return 0
    reciprocal = _newton_reciprocal(exp_of_negative(-abs(raw), bits + 1))
    magnitude = _saturating_shift_left(reciprocal - _ONE_2_BITS, 2)
    return magnitude if raw > 0 else -magnitude


def exp_of_negative(raw: int, bits: int) -> int:
    """Return exp(x) with 0 integer bits, of x <= 0 with `bits` integer bits (at most 5)."""
    if raw == 0:
        return ONE
    fraction_bits = 31 - bits
    quarter = 1 << (fraction_bits - 2)
    within = (raw & (quarter - 1)) - quarter
    result = _exp_between_minus_quarter_and_zero(_saturating_shift_left(within, bits))
    remainder = within - raw
    for exponent, factor in _EXP_OF_MINUS_POWERS:
        if exponent < bits and remainder & (1 << (fraction_bits + exponent)):
            result = multiply(result, factor)
    return result


def _exp_between_minus_quarter_and_zero(raw: int) -> int:
    """Return the Taylor expansion around -1/8, both with 0 integer bits."""
    x = raw + (1 << 28)
    x2 = multiply(x, x)
    x3 = multiply(x2, x)
    x4_over_4 = rounding_divide_by_power_of_two(multiply(x2, x2), 2)
    tail = rounding_divide_by_power_of_two(multiply(x4_over_4 + x3, _ONE_THIRD) + x2, 1)
    return _EXP_MINUS_ONE_EIGHTH + multiply(_EXP_MINUS_ONE_EIGHTH, x + tail)


def _newton_reciprocal(raw: int) -> int:
    """Return 2 / (1 + x) with 2 integer bits, of x in (0, 1) with 0 integer bits."""
    half_denominator = (raw + ONE + 1) // 2
    x = _48_OVER_17 + multiply(half_denominator, _MINUS_32_OVER_17)
    for _ in range(3):
        error = _ONE_2_BITS - multiply(half_denominator, x)
        x += _saturating_shift_left(multiply(x, error), 2)
    return x


def _saturating_shift_left(value: int, amount: int) -> int:
    return max(INT32_MIN, min(INT32_MAX, value << amount))
