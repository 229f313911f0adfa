"""RESHAPE, SQUEEZE and EXPAND_DIMS: the same bytes under another shape; nothing runs."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.operators import agreement, expect
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.VIEW


def check(op: ir.Operator, model: ir.Model) -> None:
    """Refuse views of constants, views that change size or type, and shapes of the last minute.

    As in TFLM the bytes stay as they are, whatever the quantisation says.
    """
    expect.operands(op, (1, 2))
    source, target = expect.input_tensor(op, model, 0), model.tensors[op.outputs[0]]
    if source.data is not None:
        expect.refuse(op, "its input is a constant", "Fold constants before export.", source.name)
    shape = expect.optional_input(op, model, 1)
    if shape is not None:
        agreement.integers(op, shape)
    expect.dtype(op, target, source.dtype)
    if source.count != target.count:
        problem = f"{source.count} values become {target.count}"
        expect.refuse(op, problem, expect.EXPORT_AGAIN, target.name)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0."""
    del op, model
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0."""
    del op, model
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return nothing: the output stands where the input stands."""
    del op, context
    return Emitted()
