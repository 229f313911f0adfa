"""RELU: max(0, x), with a change of scale on the way."""

from __future__ import annotations

import numpy as np

from model_compiler import arithmetic, ir
from model_compiler.operators import agreement, lookup
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.IN_PLACE


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept int8 to int8 of one shape."""
    source, target = lookup.check_unary(op, model)
    agreement.rescale(op, source, _multiplier(source, target), 255)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: nothing is multiplied."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: the table is a constant."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return one pass through the table."""
    source, target = (context.model.tensors[i] for i in (op.inputs[0], op.outputs[0]))
    quantized, shift = agreement.rescale(op, source, _multiplier(source, target), 255)

    def answer(value: int) -> int:
        rescaled = arithmetic.multiply_by_quantized_multiplier(
            value - source.zero_point, quantized, shift
        )
        return max(target.zero_point, target.zero_point + rescaled)

    return lookup.emit_table(op, context, lookup.table(answer))


def _multiplier(source: ir.Tensor, target: ir.Tensor) -> float:
    """Divide in float32.

    Source: CalculateReluOpData in tensorflow/lite/micro/kernels/activations_common.cc at 90b983c.
    """
    with np.errstate(all="ignore"):
        return float(np.float32(source.scale) / np.float32(target.scale))
