"""TRANSPOSE: axes in another order."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.operators import agreement, expect, strided
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.OWN


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept up to four axes and a constant permutation."""
    expect.operands(op, (2, 2))
    source = expect.input_tensor(op, model, 0)
    target = model.tensors[op.outputs[0]]
    strided.check_mover(op, model, source, target)
    permutation = expect.input_tensor(op, model, 1)
    order = agreement.integers(op, permutation)
    if sorted(order) != list(range(len(source.shape))):
        problem = f"{order} is no permutation of {len(source.shape)} axes"
        expect.refuse(op, problem, expect.EXPORT_AGAIN, permutation.name)
    expect.same_shape(op, target, tuple(source.shape[axis] for axis in order))


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes are moved."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes go straight to their place."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return a copy that walks the input in the order of the output."""
    source, permutation = (context.model.tensors[index] for index in op.inputs)
    order = agreement.integers(op, permutation)
    steps = strided.strides(source.shape)
    target = context.model.tensors[op.outputs[0]]
    copy = strided.Copy(
        target.shape, tuple(steps[axis] for axis in order), strided.strides(target.shape)
    )
    return strided.emit_copy(op, context, copy, source.index, target.index)
