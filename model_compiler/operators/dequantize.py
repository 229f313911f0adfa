"""DEQUANTIZE: int8 to float32."""

from __future__ import annotations

from model_compiler import c_text, ir
from model_compiler.operators import agreement, expect
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.schema import TensorType

MEMORY = Memory.OWN


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept int8 to float32 of the same shape."""
    expect.operands(op, (1, 1))
    agreement.not_empty(op, model)
    source = expect.input_tensor(op, model, 0)
    target = model.tensors[op.outputs[0]]
    expect.per_tensor(op, source)
    expect.dtype(op, target, TensorType.FLOAT32)
    expect.same_shape(op, target, source.shape)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: nothing is accumulated."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: each element is on its own."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return one multiplication for each element."""
    source = context.model.tensors[op.inputs[0]]
    call = (
        f"bw_dequantize({c_text.number(source.scale)}, {source.zero_point}, "
        f"{context.address(source.index)}, {context.address(op.outputs[0])}, {source.count});"
    )
    return Emitted((call,), context.constant(source.index), ("bw_dequantize",))
