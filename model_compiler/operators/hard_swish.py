"""HARD_SWISH: x * min(max(0, x + 3), 6) / 6, in 16 bits as TFLite computes it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from model_compiler import arithmetic, ir
from model_compiler.operators import agreement, expect, lookup
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.IN_PLACE

_LEAST_EXPONENT, _GREATEST_EXPONENT = -15, 15


@dataclass(frozen=True, slots=True)
class _Multiplier:
    """fixed * 2^(exponent - 15)."""

    fixed: int
    exponent: int


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept int8 to int8 of one shape, as long as 16 bits hold what comes between."""
    source, target = lookup.check_unary(op, model)
    output, gate = _multipliers(source, target)
    if not _LEAST_EXPONENT <= output.exponent <= 0:
        problem = f"scale {target.scale:g} does not fit the input's scale {source.scale:g}"
        expect.refuse(op, problem, agreement.CALIBRATE, target.name)
    if not _LEAST_EXPONENT <= gate.exponent <= _GREATEST_EXPONENT:
        problem = f"scale {source.scale:g} is out of reach of 16-bit arithmetic"
        expect.refuse(op, problem, agreement.CALIBRATE, source.name)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: nothing is multiplied at run time."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: the table is a constant."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return one pass through the table.

    Source: HardSwish in tensorflow/lite/kernels/internal/reference/hard_swish.h at 90b983c.
    """
    source, target = (context.model.tensors[i] for i in (op.inputs[0], op.outputs[0]))
    output, gate = _multipliers(source, target)

    def answer(value: int) -> int:
        fine = (value - source.zero_point) * 128
        product = _truncating_high_mul(_gate(fine, gate), _rounding_high_mul(fine, output.fixed))
        rescaled = arithmetic.rounding_divide_by_power_of_two(product, -output.exponent)
        return rescaled + target.zero_point

    return lookup.emit_table(op, context, lookup.table(answer))


def _gate(fine: int, multiplier: _Multiplier) -> int:
    """Return (x + 3) / 6, clamped to 0 and 1, as 0 to 32767."""
    value = fine
    if multiplier.exponent > 0:
        value = _int16(value << (multiplier.exponent - 1))
    value = _rounding_high_mul(value, multiplier.fixed)
    if multiplier.exponent > 0:
        value = _int16(value << 1)
    elif multiplier.exponent < 0:
        value = arithmetic.rounding_divide_by_power_of_two(value, -multiplier.exponent)
    return (value + 2**15) >> 1


def _multipliers(source: ir.Tensor, target: ir.Tensor) -> tuple[_Multiplier, _Multiplier]:
    """Return the multipliers to the output's scale and to the gate's, where 3 is 32768.

    Source: tensorflow/lite/micro/kernels/hard_swish_common.cc at 90b983c, in float32 as there.
    """
    with np.errstate(all="ignore"):
        fine = np.float32(1 / 128) * np.float32(source.scale)
        output = float(fine / np.float32(target.scale))
        gate = float(fine / (np.float32(3) / np.float32(32768)))
    return _fixed(output), _fixed(gate)


def _fixed(multiplier: float) -> _Multiplier:
    if not multiplier < 2.0**31:
        return _Multiplier(0, 32)
    fixed, exponent = arithmetic.quantize_multiplier(multiplier)
    return _Multiplier(min((fixed + 2**15) >> 16, 2**15 - 1), exponent)


def _int16(value: int) -> int:
    return max(-(2**15), min(2**15 - 1, value))


def _rounding_high_mul(first: int, second: int) -> int:
    return (first * second + 2**14) >> 15


def _truncating_high_mul(first: int, second: int) -> int:
    product = first * second
    return product // 2**15 if product >= 0 else -(-product // 2**15)
