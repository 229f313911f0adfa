"""What MEAN and REDUCE_MAX share: axes that end, and the loops around and along them."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.operators import agreement, expect
from model_compiler.options import ReducerOptions

_LOOPS = 5  # of the kernels: kept, reduced, kept, reduced, kept


def check_reduction(op: ir.Operator, model: ir.Model) -> tuple[ir.Tensor, ir.Tensor]:
    """Return input and output, int8 of up to four dimensions, the axes being constant."""
    expect.operands(op, (2, 2))
    agreement.not_empty(op, model)
    source = expect.input_tensor(op, model, 0)
    target = model.tensors[op.outputs[0]]
    for tensor in (source, target):
        expect.per_tensor(op, tensor)
        expect.rank(op, tensor, 0, 4)
    reduced = axes(op, model)
    if expect.options(op, ReducerOptions).keep_dims:
        shape = [1 if axis in reduced else size for axis, size in enumerate(source.shape)]
    else:
        shape = [size for axis, size in enumerate(source.shape) if axis not in reduced]
    expect.same_shape(op, target, tuple(shape))
    return source, target


def axes(op: ir.Operator, model: ir.Model) -> set[int]:
    """Return the axes that end, counted from the front."""
    rank = len(expect.input_tensor(op, model, 0).shape)
    values = agreement.integers(op, expect.input_tensor(op, model, 1))
    return {agreement.axis(op, value, rank) for value in values}


def loops(op: ir.Operator, model: ir.Model) -> list[int]:
    """Return the sizes of alternately kept and reduced runs of axes, with 1 where there is none."""
    reduced = axes(op, model)
    sizes = [1] * _LOOPS
    loop = 0
    for axis, size in enumerate(expect.input_tensor(op, model, 0).shape):
        if size == 1:
            continue
        if (loop % 2 == 1) != (axis in reduced):
            loop += 1
        sizes[loop] *= size
    if loop <= _LOOPS // 2:  # kept, reduced, kept: the last run is the one of neighbours
        sizes = [sizes[0], 1, 1, sizes[1], sizes[2]]
    return sizes
