"""MEAN: the average over some axes."""

from __future__ import annotations

import math

from model_compiler import c_text, ir
from model_compiler.operators import agreement, expect
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.options import ReducerOptions

MEMORY = Memory.OWN

_LOOPS = 5  # of kernels/bw_mean.c: kept, reduced, kept, reduced, kept


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept up to four dimensions and constant axes."""
    expect.operands(op, (2, 2))
    agreement.not_empty(op, model)
    source = expect.input_tensor(op, model, 0)
    target = model.tensors[op.outputs[0]]
    for tensor in (source, target):
        expect.per_tensor(op, tensor)
        expect.rank(op, tensor, 0, 4)
    axes = _axes(op, model)
    if expect.options(op, ReducerOptions).keep_dims:
        shape = [1 if axis in axes else size for axis, size in enumerate(source.shape)]
    else:
        shape = [size for axis, size in enumerate(source.shape) if axis not in axes]
    expect.same_shape(op, target, tuple(shape))
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
    axes = _axes(op, context.model)
    multiplier, shift = _rescaling(op, context.model)
    count = math.prod(source.shape[axis] for axis in axes)
    name = context.symbol(op)
    parameters = c_text.struct(
        "bw_mean_t",
        name,
        {
            "size": _loops(source.shape, axes),
            "sum_offset": -source.zero_point * count,
            "output_offset": target.zero_point,
            "multiplier": multiplier,
            "shift": shift,
        },
    )
    call = f"bw_mean(&{name}, {context.address(source.index)}, {context.address(target.index)});"
    return Emitted((call,), (*context.constant(source.index), parameters), ("bw_mean",))


def _axes(op: ir.Operator, model: ir.Model) -> set[int]:
    rank = len(expect.input_tensor(op, model, 0).shape)
    values = agreement.integers(op, expect.input_tensor(op, model, 1))
    return {agreement.axis(op, value, rank) for value in values}


def _rescaling(op: ir.Operator, model: ir.Model) -> tuple[int, int]:
    """Return multiplier and shift that divide by the number of elements, too.

    Source: QuantizedMeanOrSum in tensorflow/lite/kernels/internal/reference/reduce.h at 90b983c.
    """
    source, target = expect.input_tensor(op, model, 0), model.tensors[op.outputs[0]]
    count = math.prod(source.shape[axis] for axis in _axes(op, model))
    if count >= 2**22:
        expect.refuse(op, f"a mean of {count} elements", "Pool first.", source.name)
    multiplier, shift = agreement.rescale(op, source, source.scale / target.scale, 512)
    down = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << down) // count, shift - down


def _loops(shape: tuple[int, ...], axes: set[int]) -> list[int]:
    """Return the sizes of alternately kept and reduced runs of axes, with 1 where there is none."""
    sizes = [1] * _LOOPS
    loop = 0
    for axis, size in enumerate(shape):
        if size == 1:
            continue
        if (loop % 2 == 1) != (axis in axes):
            loop += 1
        sizes[loop] *= size
    return sizes
