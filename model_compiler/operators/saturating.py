"""What LOGISTIC and TANH share: an input with 4 integer bits, and saturation beyond its reach."""

from __future__ import annotations

import math
from collections.abc import Callable

from model_compiler import arithmetic, ir
from model_compiler.operators import agreement, expect, lookup

INTEGER_BITS = 4
_LARGEST_SHIFT = 62


def check(
    op: ir.Operator, source: ir.Tensor, target: ir.Tensor, scale: float, zero_point: int
) -> None:
    """Refuse an output on another scale than the curve's, and inputs TFLM has no shift for."""
    if (target.scale, target.zero_point) != (scale, zero_point):
        problem = (
            f"scale {target.scale:g} and zero point {target.zero_point}, "
            f"{scale:g} and {zero_point} are expected"
        )
        expect.refuse(op, problem, expect.QUANTIZE_FULLY, target.name)
    _, shift = _multiplier(source)
    if not 0 <= shift <= _LARGEST_SHIFT:
        problem = f"scale {source.scale:g} is out of reach of the fixed-point curve"
        expect.refuse(op, problem, agreement.CALIBRATE, source.name)


def table(source: ir.Tensor, curve: Callable[[int], int]) -> tuple[int, ...]:
    """Return the answers of a curve that takes a number with 4 integer bits.

    Beyond the greatest input that 4 integer bits hold the answer is -128 or 127.

    Source: CalculateInputRadius of tensorflow/lite/kernels/internal/quantization_util.cc, 90b983c.
    """
    multiplier, shift = _multiplier(source)
    reach = ((2**INTEGER_BITS - 1) << (31 - INTEGER_BITS)) >> shift

    def answer(value: int) -> int:
        centred = value - source.zero_point
        if centred <= -reach:
            return -128
        if centred >= reach:
            return 127
        return curve(arithmetic.multiply_by_quantized_multiplier(centred, multiplier, shift))

    return lookup.table(answer)


def _multiplier(source: ir.Tensor) -> tuple[int, int]:
    fraction, shift = math.frexp(source.scale * 2 ** (31 - INTEGER_BITS))
    return int(fraction * 2**31), shift
