"""MEAN: the average over some axes."""

from __future__ import annotations

import math

from model_compiler import c_text, ir
from model_compiler.operators import agreement, expect, reduction
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.OWN


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept up to four dimensions and constant axes."""
    reduction.check_reduction(op, model)
    _rescaling(op, model)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: sums are no products."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: one sum is open at a time."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return a call with the loops over kept and reduced axes."""
    source, target = (context.model.tensors[i] for i in (op.inputs[0], op.outputs[0]))
    multiplier, shift = _rescaling(op, context.model)
    count = math.prod(source.shape[axis] for axis in reduction.axes(op, context.model))
    name = context.symbol(op)
    parameters = c_text.struct(
        "bw_mean_t",
        name,
        {
            "size": reduction.loops(op, context.model),
            "sum_offset": -source.zero_point * count,
            "output_offset": target.zero_point,
            "multiplier": multiplier,
            "shift": shift,
        },
    )
    call = f"bw_mean(&{name}, {context.address(source.index)}, {context.address(target.index)});"
    return Emitted((call,), (*context.constant(source.index), parameters), ("bw_mean",))


def _rescaling(op: ir.Operator, model: ir.Model) -> tuple[int, int]:
    """Return multiplier and shift that divide by the number of elements, too.

    Source: QuantizedMeanOrSum in tensorflow/lite/kernels/internal/reference/reduce.h at 90b983c.
    """
    source, target = expect.input_tensor(op, model, 0), model.tensors[op.outputs[0]]
    count = math.prod(source.shape[axis] for axis in reduction.axes(op, model))
    if count >= 2**22:
        expect.refuse(op, f"a mean of {count} elements", "Pool first.", source.name)
    multiplier, shift = agreement.rescale(op, source, source.scale / target.scale, 512)
    down = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << down) // count, shift - down
