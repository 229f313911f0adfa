"""DEPTHWISE_CONV_2D: filters of its own for each channel; weights [1, height, width, channels].

Of an input with one channel it is CONV_2D, but for the order of the weights, and computed as such.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from model_compiler import ir
from model_compiler.arithmetic import quantize_multiplier
from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.c_text import struct
from model_compiler.operators import agreement, conv_2d, expect, weighted_sum
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.operators.window import Axis, axes
from model_compiler.optimise import Optimise
from model_compiler.options import Conv2DOptions, DepthwiseConv2DOptions

MEMORY = Memory.OWN
_CHANNEL_AXIS = 3
_POINTER_BYTES = 8  # of a 64-bit host, so that one plan serves every target
_MOST_COLUMNS = 2047
_SMALL_PLANE_BYTES = 1024  # below which a plane may take more than the tensors
_SMALL_MODEL_BYTES = 45_000  # of constants, of which the code of bw_depthwise_conv_2d_3x3 is 2 %


def check(op: ir.Operator, model: ir.Model) -> None:
    """Refuse channels that do not fit together and what `weighted_sum.check` refuses."""
    options = expect.options(op, DepthwiseConv2DOptions)
    expect.operands(op, (2, 3))
    for tensor in (expect.input_tensor(op, model, 1), expect.input_tensor(op, model, 0)):
        expect.rank(op, tensor, 4, 4)
    found = weighted_sum.check(op, model, _CHANNEL_AXIS)
    agreement.activation_range(op, options.activation, found.output)
    channels = options.depth_multiplier * found.input.shape[3]
    if found.weights.shape[0] != 1 or found.weights.shape[3] != channels:
        problem = f"{found.input.shape[3]} channels meet weights of shape {found.weights.shape}"
        problem += f" with depth multiplier {options.depth_multiplier}"
        expect.refuse(op, problem, expect.EXPORT_AGAIN)
    y, x = _axes(op, model)
    shape = (found.input.shape[0], y.output, x.output, found.weights.shape[3])
    expect.same_shape(op, found.output, shape)
    multipliers = weighted_sum.channel_multipliers(found, channels)
    weighted_sum.check_range(op, found, _CHANNEL_AXIS, multipliers)


def _axes(op: ir.Operator, model: ir.Model) -> tuple[Axis, Axis]:
    options = expect.options(op, DepthwiseConv2DOptions)
    found = weighted_sum.operands(op, model)
    _, filter_h, filter_w, _ = found.weights.shape
    return axes(op, options, found.input.shape, (filter_h, filter_w))


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return outputs times taps of the filter."""
    found = weighted_sum.operands(op, model)
    return found.output.count * found.weights.count // found.weights.shape[3]


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return what the hungriest of the kernels that may run asks for.

    That is one pixel of padding and a pointer for each tap behind it, or a channel's plane, or the
    planes of eight channels.
    """
    if _is_convolution(op, model):
        return conv_2d.scratch_bytes(*_as_convolution(op, model))
    found = weighted_sum.operands(op, model)
    _, filter_h, filter_w, _ = found.weights.shape
    pixel = -(-found.input.shape[3] // _POINTER_BYTES) * _POINTER_BYTES
    general = pixel + _POINTER_BYTES * filter_h * filter_w
    plane = _plane_bytes(op, model) if _has_planes(op, model) else 0
    return max(general, plane, _eight_planes_bytes(op, model))


def _is_convolution(op: ir.Operator, model: ir.Model) -> bool:
    """Return whether bw_conv_2d computes the operator."""
    if model.optimise is Optimise.SIZE or _has_planes(op, model):
        return False
    return weighted_sum.operands(op, model).input.shape[3] == 1


def _as_convolution(op: ir.Operator, model: ir.Model) -> tuple[ir.Operator, ir.Model]:
    """Return the same operator as CONV_2D, and the model with weights for it behind its tensors."""
    weights = weighted_sum.operands(op, model).weights
    quantization = weights.quantization
    assert quantization is not None  # noqa: S101, checked
    values = np.moveaxis(weights.values(), _CHANNEL_AXIS, 0)
    turned = dataclasses.replace(
        weights,
        index=len(model.tensors) + weights.index,
        shape=values.shape[:1] + values.shape[2:] + (1,),
        quantization=dataclasses.replace(quantization, axis=0),
        data=values.tobytes(),
    )
    tensors = (*model.tensors, *model.tensors[: weights.index], turned)
    options = expect.options(op, DepthwiseConv2DOptions)
    shared = {
        field.name: getattr(options, field.name) for field in dataclasses.fields(Conv2DOptions)
    }
    convolution = dataclasses.replace(
        op,
        code=BuiltinOperator.CONV_2D,
        inputs=(op.inputs[0], turned.index, *op.inputs[2:]),
        options=Conv2DOptions(**shared),
    )
    return convolution, dataclasses.replace(model, tensors=tensors)


def _eight_planes_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return the scratch of kernels/bw_depthwise_conv_2d_mve.c, 0 where it goes from tap to tap."""
    found = weighted_sum.operands(op, model)
    y, x = _axes(op, model)
    if found.weights.shape[_CHANNEL_AXIS] != found.input.shape[3]:
        return 0
    if max(y.filter, x.filter) > 4 or max(y.dilation, x.dilation) > 1:
        return 0
    columns = (x.output - 1) * x.stride + 4
    return 8 * 4 * 16 + 8 * 4 * columns if columns <= _MOST_COLUMNS else 0


def _plane_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return the bytes of a channel as a filter of 3x3 sees it, two bytes an element."""
    height, width = ((axis.output - 1) * axis.stride + 3 for axis in _axes(op, model))
    return 2 * (height + height % 2) * (width + width % 2)


def _has_planes(op: ir.Operator, model: ir.Model) -> bool:
    """Return whether bw_depthwise_conv_2d_3x3 computes the operator."""
    if model.optimise is Optimise.SIZE and _constant_bytes(model) < _SMALL_MODEL_BYTES:
        return False
    found = weighted_sum.operands(op, model)
    y, x = _axes(op, model)
    channels = found.weights.shape[_CHANNEL_AXIS]
    filters = {(axis.filter, axis.dilation) for axis in (y, x)}
    shaped = filters == {(3, 1)} and x.stride in (1, 2) and x.padding in (0, 1)
    if not shaped or channels != found.input.shape[3]:
        return False
    tensors = found.input.count + found.output.count
    if _plane_bytes(op, model) > max(_SMALL_PLANE_BYTES, tensors // 2):
        return False
    multipliers = weighted_sum.channel_multipliers(found, channels)
    bounds = weighted_sum.sum_bounds(found, _CHANNEL_AXIS)
    return all(
        _fits(quantize_multiplier(multiplier)[1], found.output.zero_point, max(-least, greatest))
        for multiplier, (least, greatest) in zip(multipliers, bounds, strict=True)
    )


def _constant_bytes(model: ir.Model) -> int:
    return sum(tensor.nbytes for tensor in model.tensors if tensor.data is not None)


def _fits(shift: int, zero_point: int, greatest: int) -> bool:
    """Return whether twice a sum fits into 32 bits, and its product, half a step and zero point."""
    if shift >= 0:
        return False
    rounding = (2 * abs(zero_point) + 1) << (-shift - 1)
    return max(2 * greatest, greatest + rounding) < 2**31 - 2


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return the call of bw_depthwise_conv_2d, or of what serves better."""
    if _is_convolution(op, context.model):
        convolution, model = _as_convolution(op, context.model)
        return conv_2d.emit(convolution, dataclasses.replace(context, model=model))
    options = expect.options(op, DepthwiseConv2DOptions)
    found = weighted_sum.operands(op, context.model)
    channels = found.weights.shape[_CHANNEL_AXIS]
    multipliers = weighted_sum.channel_multipliers(found, channels)
    tables = weighted_sum.requantization(
        op, context, _CHANNEL_AXIS, multipliers, options.activation
    )
    y, x = _axes(op, context.model)
    parameters = struct(
        "bw_depthwise_conv_2d_t",
        context.symbol(op),
        {
            "batches": found.input.shape[0],
            "input_channels": found.input.shape[3],
            "depth_multiplier": channels // found.input.shape[3],
            "y": y.members,
            "x": x.members,
            "input_zero_point": found.input.zero_point,
            **tables.members,
        },
    )
    source, target = context.address(op.inputs[0]), context.address(op.outputs[0])
    kernels: tuple[str, ...] = ("bw_depthwise_conv_2d",)
    function = kernels[0]
    if _has_planes(op, context.model):
        kernels = ("bw_depthwise_conv_2d_3x3", *kernels)
        least = tables.members["activation_min"]
        positive = isinstance(least, int) and least >= found.output.zero_point
        function = f"{kernels[0]}_relu" if positive else kernels[0]
    return Emitted(
        (f"{function}(&{parameters.name}, {source}, {target}, {context.scratch()});",),
        (*context.constant(op.inputs[0]), *tables.constants, parameters),
        kernels,
    )
