"""LEAKY_RELU: x where it is positive, else alpha * x, with a change of scale on the way."""

from __future__ import annotations

import numpy as np

from model_compiler import arithmetic, ir
from model_compiler.operators import agreement, expect, lookup
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.options import LeakyReluOptions

MEMORY = Memory.IN_PLACE


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept int8 to int8 of one shape; alpha may be negative or above 1."""
    source, target = lookup.check_unary(op, model)
    alpha = expect.options(op, LeakyReluOptions).alpha
    for multiplier in _multipliers(source, target, alpha):
        agreement.rescale(op, source, abs(multiplier), 255)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: nothing is multiplied at run time."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: the table is a constant."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return one pass through the table.

    Source: QuantizeLeakyRelu in tensorflow/lite/kernels/internal/reference/leaky_relu.h at 90b983c.
    """
    source, target = (context.model.tensors[i] for i in (op.inputs[0], op.outputs[0]))
    alpha = expect.options(op, LeakyReluOptions).alpha
    positive, negative = _multipliers(source, target, alpha)
    identity = agreement.rescale(op, source, positive, 255)
    leak = agreement.rescale(op, source, abs(negative), 255)
    sign = -1 if negative < 0 else 1

    def answer(value: int) -> int:
        centred = value - source.zero_point
        if centred >= 0:
            product = arithmetic.multiply_by_quantized_multiplier(centred, *identity)
        else:
            product = sign * arithmetic.multiply_by_quantized_multiplier(centred, *leak)
        return target.zero_point + product

    return lookup.emit_table(op, context, lookup.table(answer))


def _multipliers(source: ir.Tensor, target: ir.Tensor, alpha: float) -> tuple[float, float]:
    """Return the multipliers of positive and of negative inputs, each step in float32.

    Source: tensorflow/lite/micro/kernels/leaky_relu_common.cc at 90b983c.
    """
    scale, out = np.float32(source.scale), np.float32(target.scale)
    with np.errstate(all="ignore"):
        return float(scale / out), float(scale * np.float32(alpha) / out)
