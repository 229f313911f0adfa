"""PAD and PADV2: a border around a tensor, of zeros or of one constant value."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.operators import agreement, expect, strided
from model_compiler.operators.contract import Context, Emitted, Memory

MEMORY = Memory.OWN


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept up to four axes, constant paddings that are not negative, and a constant value."""
    expect.operands(op, (2, 3))
    source = expect.input_tensor(op, model, 0)
    target = model.tensors[op.outputs[0]]
    strided.check_mover(op, model, source, target)
    tensor = expect.input_tensor(op, model, 1)
    paddings = agreement.integers(op, tensor)
    if len(paddings) != 2 * len(source.shape):
        problem = f"{len(paddings)} paddings, {2 * len(source.shape)} are expected"
        expect.refuse(op, problem, expect.EXPORT_AGAIN, tensor.name)
    if min(paddings, default=0) < 0:
        expect.refuse(op, "a padding is negative", "Crop with a slice instead.", tensor.name)
    shape = tuple(
        size + before + after
        for size, before, after in zip(source.shape, paddings[::2], paddings[1::2], strict=True)
    )
    expect.same_shape(op, target, shape)
    _check_value(op, model, target)


def _check_value(op: ir.Operator, model: ir.Model, target: ir.Tensor) -> None:
    value = expect.optional_input(op, model, 2)
    if value is None:
        return
    expect.constant(op, value)
    expect.per_tensor(op, value)
    agreement.same_quantization(op, target, value)
    if value.count != 1:
        expect.refuse(op, f"{value.count} padding values", expect.EXPORT_AGAIN, value.name)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes are moved."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes go straight to their place."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return a fill of the whole output and a copy into its middle.

    Source: tensorflow/lite/micro/kernels/pad.cc at 90b983c.
    """
    model = context.model
    source, target = model.tensors[op.inputs[0]], model.tensors[op.outputs[0]]
    before = agreement.integers(op, model.tensors[op.inputs[1]])[::2]
    value = expect.optional_input(op, model, 2)
    filler = target.zero_point if value is None else int(value.values().ravel()[0])
    steps = strided.strides(target.shape)
    start = sum(padding * step for padding, step in zip(before, steps, strict=True))
    fill = f"bw_fill({filler}, {context.address(target.index)}, {target.count});"
    copy = strided.Copy(source.shape, strided.strides(source.shape), steps, output_start=start)
    return strided.joined(
        [
            Emitted((fill,), (), ("bw_fill",)),
            strided.emit_copy(op, context, copy, source.index, target.index),
        ]
    )
