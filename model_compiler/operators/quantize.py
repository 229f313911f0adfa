"""QUANTIZE: float32 to int8, or int8 to int8 on another scale."""

from __future__ import annotations

from model_compiler import arithmetic, c_text, ir
from model_compiler.operators import agreement, expect, lookup
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.schema import TensorType

MEMORY = Memory.IN_PLACE


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept float32 or int8, to int8 of the same shape."""
    expect.operands(op, (1, 1))
    source = expect.input_tensor(op, model, 0)
    if source.dtype is TensorType.INT8:
        source, target = lookup.check_unary(op, model)
        agreement.rescale(op, source, source.scale / target.scale, 255)
        return
    expect.dtype(op, source, TensorType.FLOAT32, TensorType.INT8)
    agreement.not_empty(op, model)
    target = model.tensors[op.outputs[0]]
    expect.per_tensor(op, target)
    expect.same_shape(op, target, source.shape)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: nothing is accumulated."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: each element is on its own."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return a table for int8, a division for each element of float32.

    Source: tensorflow/lite/micro/kernels/quantize_common.cc at 90b983c.
    """
    source, target = (context.model.tensors[i] for i in (op.inputs[0], op.outputs[0]))
    if source.dtype is TensorType.FLOAT32:
        return _emit_float(op, context, target)
    multiplier, shift = arithmetic.quantize_multiplier(source.scale / target.scale)

    def answer(value: int) -> int:
        rescaled = arithmetic.multiply_by_quantized_multiplier(
            value - source.zero_point, multiplier, shift
        )
        return rescaled + target.zero_point

    return lookup.emit_table(op, context, lookup.table(answer))


def _emit_float(op: ir.Operator, context: Context, target: ir.Tensor) -> Emitted:
    call = (
        f"bw_quantize({c_text.number(target.scale)}, {target.zero_point}, "
        f"{context.address(op.inputs[0])}, {context.address(target.index)}, {target.count});"
    )
    return Emitted((call,), context.constant(op.inputs[0]), ("bw_quantize",))
