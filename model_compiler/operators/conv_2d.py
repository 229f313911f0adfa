"""CONV_2D: int8 convolution with weights [output channels, height, width, input channels]."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.c_text import struct
from model_compiler.operators import agreement, expect, weighted_sum
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.operators.window import Axis, axes
from model_compiler.options import Conv2DOptions

MEMORY = Memory.OWN
_CHANNEL_AXIS = 0


def check(op: ir.Operator, model: ir.Model) -> None:
    """Refuse grouped convolutions and what `weighted_sum.check` refuses."""
    options = expect.options(op, Conv2DOptions)
    expect.operands(op, (2, 3))
    for tensor in (expect.input_tensor(op, model, 1), expect.input_tensor(op, model, 0)):
        expect.rank(op, tensor, 4, 4)
    found = weighted_sum.check(op, model, _CHANNEL_AXIS)
    agreement.activation_range(op, options.activation, found.output)
    if found.weights.shape[3] != found.input.shape[3]:
        problem = f"{found.input.shape[3]} channels meet weights for {found.weights.shape[3]}"
        expect.refuse(op, problem, "Grouped convolutions are not compiled: use one group.")
    y, x = _axes(op, model)
    shape = (found.input.shape[0], y.output, x.output, found.weights.shape[0])
    expect.same_shape(op, found.output, shape)
    channels = found.weights.shape[_CHANNEL_AXIS]
    multipliers = weighted_sum.channel_multipliers(found, channels)
    weighted_sum.check_range(op, found, _CHANNEL_AXIS, multipliers)


def _axes(op: ir.Operator, model: ir.Model) -> tuple[Axis, Axis]:
    options = expect.options(op, Conv2DOptions)
    found = weighted_sum.operands(op, model)
    _, filter_h, filter_w, _ = found.weights.shape
    return axes(op, options, found.input.shape, (filter_h, filter_w))


def _is_pointwise(op: ir.Operator, model: ir.Model) -> bool:
    y, x = _axes(op, model)
    return y.is_pointwise and x.is_pointwise


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return outputs times weights per output channel."""
    found = weighted_sum.operands(op, model)
    return found.output.count * found.weights.count // found.weights.shape[0]


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return the bytes of two patches of input; pointwise convolutions read the input directly."""
    weights = weighted_sum.operands(op, model).weights
    return 0 if _is_pointwise(op, model) else 2 * weights.count // weights.shape[0]


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return the call of bw_conv_2d."""
    options = expect.options(op, Conv2DOptions)
    found = weighted_sum.operands(op, context.model)
    channels = found.weights.shape[_CHANNEL_AXIS]
    multipliers = weighted_sum.channel_multipliers(found, channels)
    tables = weighted_sum.requantization(
        op, context, _CHANNEL_AXIS, multipliers, options.activation
    )
    y, x = _axes(op, context.model)
    pointwise = _is_pointwise(op, context.model)
    parameters = struct(
        "bw_conv_2d_t",
        context.symbol(op),
        {
            "batches": found.input.shape[0],
            "input_channels": found.input.shape[3],
            "output_channels": channels,
            "y": y.members,
            "x": x.members,
            "pointwise": int(pointwise),
            "input_zero_point": found.input.zero_point,
            **tables.members,
        },
    )
    source, target = context.address(op.inputs[0]), context.address(op.outputs[0])
    scratch = "NULL" if pointwise else context.scratch()
    return Emitted(
        (f"bw_conv_2d(&{parameters.name}, {source}, {target}, {scratch});",),
        (*context.constant(op.inputs[0]), *tables.constants, parameters),
        ("bw_conv_2d",),
    )
