"""CONV_2D: int8 convolution with weights [output channels, height, width, input channels]."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.arithmetic import activation_range
from model_compiler.c_text import Constant, by_kernel_set, struct
from model_compiler.operators import agreement, expect, narrow, weighted_sum
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.operators.window import Axis, axes
from model_compiler.options import Conv2DOptions

MEMORY = Memory.OWN
_CHANNEL_AXIS = 0
_PIXELS = 4  # that bw_conv_2d_narrow computes at once
_VECTOR_BYTES = 16
_GATHERED_BYTES = 1296


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
    """Return the bytes of patches of input, as the kernels that may run ask for them."""
    found = weighted_sum.operands(op, model)
    size = found.weights.count // found.weights.shape[_CHANNEL_AXIS]
    general = 0 if _is_pointwise(op, model) else 2 * size
    narrow_form = _narrow_scratch_bytes(op, model) if _is_narrow(op, model) else 0
    return max(general, narrow_form, _gathered_bytes(op, model, size))


def _gathered_bytes(op: ir.Operator, model: ir.Model, size: int) -> int:
    """Return the bytes of the rows that kernels/bw_conv_2d_mve.c gathers at a time."""
    y, x = _axes(op, model)
    if _is_pointwise(op, model) and (size % _VECTOR_BYTES == 0 or size == _VECTOR_BYTES // 2):
        return 0
    row = -(-size // _VECTOR_BYTES) * _VECTOR_BYTES
    return row * min(y.output * x.output, max(_GATHERED_BYTES // row, 3)) + _VECTOR_BYTES


def _narrow_scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return the bytes that bw_conv_2d_narrow asks for."""
    quads = narrow.quads(weighted_sum.operands(op, model))
    if _is_pointwise(op, model):
        return 8 * _PIXELS * quads
    gathered = 4 * _PIXELS * (quads + 1) if _is_gathered(op, model) else 0
    return 8 * _PIXELS * quads + _strip_bytes(op, model) + gathered


def _strip_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return the bytes of an input row that neighbouring outputs see, and room for a word more."""
    _, x = _axes(op, model)
    columns = (_PIXELS - 1) * x.stride + (x.filter - 1) * x.dilation + 1
    return -(-(columns * weighted_sum.operands(op, model).input.shape[3] + 3) // 4) * 4


def _is_gathered(op: ir.Operator, model: ir.Model) -> bool:
    """Return whether windows do not consist of runs of whole quads."""
    _, x = _axes(op, model)
    channels = weighted_sum.operands(op, model).input.shape[3]
    return channels * (x.filter if x.dilation == 1 else 1) % 4 != 0


def _is_narrow(op: ir.Operator, model: ir.Model) -> bool:
    found = weighted_sum.operands(op, model)
    return narrow.words(found) is not None and _narrow_channels(op, found) is not None


def _narrow_channels(op: ir.Operator, found: weighted_sum.Operands) -> list[narrow.Channel] | None:
    output = found.output
    activation = expect.options(op, Conv2DOptions).activation
    cut = activation_range(activation, output.scale, output.zero_point)
    multipliers = weighted_sum.channel_multipliers(found, found.weights.shape[_CHANNEL_AXIS])
    return narrow.channels(found, multipliers, cut)


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return the call of bw_conv_2d, or of bw_conv_2d_narrow where that serves."""
    kernel, constants = "bw_conv_2d", _general_form(op, context)
    if _is_narrow(op, context.model):
        kernel, constants = "bw_conv_2d_narrow", _narrow_form(op, context)
    needs_scratch = scratch_bytes(op, context.model) > 0
    source, target = context.address(op.inputs[0]), context.address(op.outputs[0])
    scratch = context.scratch() if needs_scratch else "NULL"
    return Emitted(
        (f"{kernel}(&{context.symbol(op)}, {source}, {target}, {scratch});",),
        (*context.constant(op.inputs[0]), *constants),
        ("bw_conv_2d",),
    )


def _general_form(
    op: ir.Operator, context: Context, weights: Constant | None = None
) -> tuple[Constant, ...]:
    """Return weights, written already or not, tables, and the parameters of bw_conv_2d."""
    found = weighted_sum.operands(op, context.model)
    multipliers = weighted_sum.channel_multipliers(found, found.weights.shape[_CHANNEL_AXIS])
    activation = expect.options(op, Conv2DOptions).activation
    tables = weighted_sum.requantization(
        op, context, _CHANNEL_AXIS, multipliers, activation, weights
    )
    members = {
        **_sizes(op, context.model),
        "pointwise": int(_is_pointwise(op, context.model)),
        "input_zero_point": found.input.zero_point,
        **tables.members,
    }
    return (*tables.constants, struct("bw_conv_2d_t", context.symbol(op), members))


def _sizes(op: ir.Operator, model: ir.Model) -> dict[str, int | tuple[int, ...]]:
    found = weighted_sum.operands(op, model)
    y, x = _axes(op, model)
    return {
        "batches": found.input.shape[0],
        "input_channels": found.input.shape[3],
        "output_channels": found.weights.shape[_CHANNEL_AXIS],
        "y": y.members,
        "x": x.members,
    }


def _narrow_form(op: ir.Operator, context: Context) -> tuple[Constant, ...]:
    """Return weights, tables and parameters of bw_conv_2d_narrow, and of bw_conv_2d elsewhere."""
    found = weighted_sum.operands(op, context.model)
    weights = narrow.weights(found, context, 2)
    channels = _narrow_channels(op, found)
    assert channels is not None  # noqa: S101, the caller has asked
    channels += [narrow.Channel(0, 0, 0, 1)] * (len(channels) % 2)
    rows = [channel.members for channel in channels]
    table = narrow.table("bw_channel_t", context.symbol(op, "channels"), rows)
    activation = expect.options(op, Conv2DOptions).activation
    least, greatest = activation_range(activation, found.output.scale, found.output.zero_point)
    members = {
        **_sizes(op, context.model),
        "quads": narrow.quads(found),
        "pointwise": int(_is_pointwise(op, context.model)),
        "gathered": int(_is_gathered(op, context.model)),
        "strip": _strip_bytes(op, context.model),
        "input_zero_point": found.input.zero_point,
        "activation_min": least,
        "activation_max": greatest,
        "weights": weights.name,
        "channels": table.name,
    }
    dsp = narrow.together(table, struct("bw_conv_2d_narrow_t", context.symbol(op), members))
    _, *general = _general_form(op, context, weights)
    return weights, by_kernel_set(narrow.together(*general), dsp=dsp)
