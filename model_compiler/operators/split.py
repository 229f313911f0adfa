"""SPLIT: equal pieces of a tensor along an axis."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.operators import agreement, expect, strided
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.options import SplitOptions

MEMORY = Memory.OWN

_MAX_OUTPUTS = 64


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept a constant axis whose length the number of outputs divides."""
    expect.operands(op, (2, 2), (1, _MAX_OUTPUTS))
    source = expect.input_tensor(op, model, 1)
    expect.rank(op, source, 1, strided.MAX_RANK)
    axis = _axis(op, model)
    pieces = len(op.outputs)
    if expect.options(op, SplitOptions).num_splits != pieces or source.shape[axis] % pieces:
        problem = f"axis {axis} of length {source.shape[axis]} in {pieces} pieces"
        expect.refuse(op, problem, expect.EXPORT_AGAIN, source.name)
    shape = list(source.shape)
    shape[axis] //= pieces
    for index in op.outputs:
        strided.check_mover(op, model, source, model.tensors[index])
        expect.same_shape(op, model.tensors[index], tuple(shape))


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes are moved."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes go straight to their place."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return a copy for each output out of its slice of the input."""
    source = context.model.tensors[op.inputs[1]]
    axis = _axis(op, context.model)
    steps = strided.strides(source.shape)
    parts = []
    for part, index in enumerate(op.outputs):
        shape = context.model.tensors[index].shape
        start = part * shape[axis] * steps[axis]
        copy = strided.Copy(shape, steps, strided.strides(shape), input_start=start)
        parts.append(strided.emit_copy(op, context, copy, source.index, index, part=part))
    return strided.joined(parts)


def _axis(op: ir.Operator, model: ir.Model) -> int:
    tensor = expect.input_tensor(op, model, 0)
    values = agreement.integers(op, tensor)
    if len(values) != 1:
        expect.refuse(op, f"{len(values)} axes, one is expected", expect.EXPORT_AGAIN, tensor.name)
    return agreement.axis(op, values[0], len(expect.input_tensor(op, model, 1).shape))
