"""RELU6: min(max(0, x), 6) on one scale."""

from __future__ import annotations

from model_compiler import arithmetic, ir
from model_compiler.operators import agreement, expect, lookup
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.IN_PLACE

_FUSE = (
    "Put the activation right behind a convolution, dense, addition or pooling layer, into which "
    "the converter fuses it, or use RELU."
)


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept int8 to int8 of one shape and one quantisation.

    TFLite's kernel brings the result to the output's scale, TFLM's leaves it on the input's: on two
    scales TFLM answers, but with numbers that mean something else.
    """
    source, target = lookup.check_unary(op, model)
    if (source.scale, source.zero_point) != (target.scale, target.zero_point):
        problem = f"it goes from scale {source.scale:g} to {target.scale:g}, which TFLM ignores"
        expect.refuse(op, problem, _FUSE, target.name)
    agreement.within_int32(op, 6.0, target)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: nothing is multiplied."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: the table is a constant."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return one pass through the table.

    Source: Relu6Prepare in tensorflow/lite/micro/kernels/activations_common.cc at 90b983c.
    """
    source = context.model.tensors[op.inputs[0]]
    zero = source.zero_point
    six = min(127, arithmetic.quantize(6.0, source.scale, zero))
    return lookup.emit_table(op, context, lookup.table(lambda q: max(zero, min(six, q))))
