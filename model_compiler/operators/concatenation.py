"""CONCATENATION: tensors one behind the other along an axis."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.operators import agreement, expect, strided
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.options import ConcatenationOptions
from model_compiler.schema import Activation

MEMORY = Memory.OWN

_MAX_INPUTS = 64


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept inputs that agree in scale, zero point and all sizes but the axis's."""
    expect.operands(op, (1, _MAX_INPUTS))
    options = expect.options(op, ConcatenationOptions)
    if options.activation is not Activation.NONE:
        cure = "Make the activation a layer of its own."
        expect.refuse(op, f"fused activation {options.activation.name}", cure)
    target = model.tensors[op.outputs[0]]
    axis = agreement.axis(op, options.axis, len(target.shape))
    length = 0
    for position in range(len(op.inputs)):
        source = expect.input_tensor(op, model, position)
        strided.check_mover(op, model, source, target)
        agreement.same_quantization(op, source, target)
        expect.rank(op, source, len(target.shape), len(target.shape))
        here = source.shape[axis]
        expect.same_shape(op, source, (*target.shape[:axis], here, *target.shape[axis + 1 :]))
        length += here
    expect.same_shape(op, target, (*target.shape[:axis], length, *target.shape[axis + 1 :]))


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes are moved."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes go straight to their place."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return a copy for each input into its slice of the output."""
    target = context.model.tensors[op.outputs[0]]
    axis = expect.options(op, ConcatenationOptions).axis % len(target.shape)
    steps = strided.strides(target.shape)
    parts = []
    start = 0
    for part, index in enumerate(op.inputs):
        shape = context.model.tensors[index].shape
        copy = strided.Copy(shape, strided.strides(shape), steps, output_start=start * steps[axis])
        parts.append(strided.emit_copy(op, context, copy, index, target.index, part=part))
        start += shape[axis]
    return strided.joined(parts)
