"""LOGISTIC: 1 / (1 + exp(-x)), in fixed point as gemmlowp computes it."""

from __future__ import annotations

from model_compiler import arithmetic, fixed_point, ir
from model_compiler.operators import lookup, saturating
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.IN_PLACE


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept int8 to int8 of one shape, the output from 0 to 1 in steps of 1/256."""
    source, target = lookup.check_unary(op, model)
    saturating.check(op, source, target, 1 / 256, -128)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: nothing is multiplied at run time."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: the table is a constant."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return one pass through the table.

    Source: tensorflow/lite/kernels/internal/reference/integer_ops/logistic.h at 90b983c.
    """

    def curve(raw: int) -> int:
        real = fixed_point.logistic(raw, saturating.INTEGER_BITS)
        return arithmetic.rounding_divide_by_power_of_two(real, 31 - 8) - 128

    source = context.model.tensors[op.inputs[0]]
    return lookup.emit_table(op, context, saturating.table(source, curve))
