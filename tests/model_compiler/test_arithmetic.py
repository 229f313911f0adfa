from __future__ import annotations

import struct
from fractions import Fraction

import numpy as np
import pytest

from model_compiler import arithmetic
from model_compiler.schema import Activation, Padding


@pytest.mark.parametrize(
    ("real", "expected"),
    [
        (0.0, (0, 0)),
        (1.0, (1 << 30, 1)),
        (0.5, (1 << 30, 0)),
        (0.75, (3 << 29, 0)),
        (1 - 2.0**-40, (1 << 30, 1)),  # rounds up to 2^31 and is halved
        (2.0**-32, (1 << 30, -31)),
        (2.0**-33, (0, 0)),  # flushed to zero
    ],
)
def test_quantize_multiplier(real: float, expected: tuple[int, int]) -> None:
    assert arithmetic.quantize_multiplier(real) == expected


def test_quantize_multiplier_is_within_half_a_step() -> None:
    for real in np.random.default_rng(0).lognormal(-4, 3, 200).tolist():
        fixed, shift = arithmetic.quantize_multiplier(real)
        assert 2**30 <= fixed < 2**31
        error = abs(Fraction(fixed) * Fraction(2) ** (shift - 31) - Fraction(real))
        assert error <= Fraction(2) ** (shift - 32)


def test_high_multiply_follows_the_definition_with_a_nudge_by_sign() -> None:
    def defined(a: int, b: int) -> int:
        product = a * b
        nudged = product + ((1 << 30) if product >= 0 else 1 - (1 << 30))
        return int(Fraction(nudged, 1 << 31))  # int() truncates towards zero

    values = [-(2**31), 1 - 2**31, -(2**30), -3, -1, 0, 1, 2, 2**30, 2**31 - 1]
    values += np.random.default_rng(1).integers(-(2**31), 2**31, 30).tolist()
    for a in values:
        for b in values:
            if a == b == -(2**31):
                continue
            found = arithmetic.saturating_rounding_doubling_high_mul(a, b)
            assert found == defined(a, b)
            assert found == (a * b + (1 << 30)) >> 31  # the one-floor form of the kernels


def test_high_multiply_saturates_where_both_are_least() -> None:
    least = -(2**31)
    assert arithmetic.saturating_rounding_doubling_high_mul(least, least) == 2**31 - 1


@pytest.mark.parametrize(
    ("value", "exponent", "expected"),
    [
        (5, 0, 5),
        (-5, 0, -5),
        (5, 1, 3),
        (-5, 1, -3),
        (6, 2, 2),
        (-6, 2, -2),
        (5, 2, 1),
        (-5, 2, -1),
    ],
)
def test_division_rounds_half_away_from_zero(value: int, exponent: int, expected: int) -> None:
    assert arithmetic.rounding_divide_by_power_of_two(value, exponent) == expected


def test_double_rounding_differs_from_single_rounding() -> None:
    # 0.99 / 2: the high multiply makes 0.99 a 1, whose half rounds up to 1; rounded once it is 0.
    fixed, shift = arithmetic.quantize_multiplier(0.99 / 2)
    assert arithmetic.multiply_by_quantized_multiplier(1, fixed, shift) == 1


def test_float32_product_is_not_the_double_product() -> None:
    first, second = (float(np.float32(value)) for value in (0.1, 0.3))
    product = arithmetic.float32_product(first, second)
    assert product != first * second
    assert struct.pack("<f", product) == struct.pack("<f", first * second)


@pytest.mark.parametrize(
    ("fused", "expected"),
    [
        (Activation.NONE, (-128, 127)),
        (Activation.RELU, (-28, 127)),
        (Activation.RELU6, (-28, 32)),
        (Activation.RELU_N1_TO_1, (-38, -18)),
    ],
)
def test_activation_range(fused: Activation, expected: tuple[int, int]) -> None:
    assert arithmetic.activation_range(fused, 0.1, -28) == expected


def test_activation_range_refuses_what_is_not_fused() -> None:
    with pytest.raises(ValueError, match="TANH"):
        arithmetic.activation_range(Activation.TANH, 0.1, 0)


@pytest.mark.parametrize(
    ("padding", "sizes", "expected"),  # sizes: input, window, stride, dilation
    [
        (Padding.SAME, (49, 10, 2, 1), (25, 4)),
        (Padding.SAME, (10, 4, 2, 1), (5, 1)),
        (Padding.VALID, (10, 4, 2, 1), (4, 0)),
        (Padding.SAME, (7, 3, 1, 2), (7, 2)),
        (Padding.VALID, (7, 3, 1, 3), (1, 0)),
        (Padding.SAME, (8, 1, 3, 1), (3, 0)),
    ],
)
def test_windows(
    padding: Padding, sizes: tuple[int, int, int, int], expected: tuple[int, int]
) -> None:
    out = arithmetic.output_size(padding, *sizes)
    assert (out, arithmetic.padding_before(out, *sizes)) == expected
