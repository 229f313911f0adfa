"""What the operators that sum products of inputs and weights have in common.

The kernels start from a bias into which the input's zero point has been folded:
bias[c] + sum (x - z) * w[c] = (bias[c] - z * sum w[c]) + sum x * w[c].
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_compiler import ir
from model_compiler.arithmetic import activation_range, quantize_multiplier
from model_compiler.c_text import Constant, array
from model_compiler.operators import expect
from model_compiler.operators.contract import Context
from model_compiler.schema import Activation, TensorType

_SUM_LIMIT = 2**31 - 2**8  # leaves room for an output's zero point
_MULTIPLIER_LIMIT = 2.0**31


@dataclass(frozen=True, slots=True)
class Operands:
    """The tensors of a convolution or of a fully connected layer; weights are constant int8."""

    input: ir.Tensor
    weights: ir.Tensor
    bias: ir.Tensor | None
    output: ir.Tensor


def operands(op: ir.Operator, model: ir.Model) -> Operands:
    """Return the tensors of an operator without checking them."""
    return Operands(
        expect.input_tensor(op, model, 0),
        expect.input_tensor(op, model, 1),
        expect.optional_input(op, model, 2),
        model.tensors[op.outputs[0]],
    )


def check(op: ir.Operator, model: ir.Model, channel_axis: int) -> Operands:
    """Refuse types, quantisation and sizes that the kernels do not take; return the tensors.

    `check_range` comes after it.

    Args:
        op: The operator, whose inputs are data, weights and perhaps a bias.
        model: Its model.
        channel_axis: The axis of the weights that stands for output channels.
    """
    expect.operands(op, (2, 3))
    found = operands(op, model)
    for tensor in (found.input, found.output):
        expect.per_tensor(op, tensor)
    _check_weights(op, found.weights, channel_axis)
    channels = found.weights.shape[channel_axis]
    if found.bias is not None:
        expect.dtype(op, found.bias, TensorType.INT32)
        expect.constant(op, found.bias)
        if found.bias.count != channels:
            expect.same_shape(op, found.bias, (channels,))
    return found


def _check_weights(op: ir.Operator, weights: ir.Tensor, channel_axis: int) -> None:
    expect.dtype(op, weights, TensorType.INT8)
    expect.constant(op, weights)
    found = expect.quantised(op, weights)
    if any(found.zero_points):
        cure = "Quantise weights symmetrically."
        expect.refuse(op, "weights have a zero point other than 0", cure, weights.name)
    if len(found.scales) > 1 and found.axis != channel_axis:
        problem = f"weights are quantised along axis {found.axis}, {channel_axis} is expected"
        expect.refuse(op, problem, expect.EXPORT_AGAIN, weights.name)


def check_range(
    op: ir.Operator, found: Operands, channel_axis: int, multipliers: list[float]
) -> None:
    """Refuse weights and scales with which some input would overflow 32 bits on its way out.

    Args:
        op: The operator.
        found: Its tensors, checked.
        channel_axis: As in `check`.
        multipliers: Real multiplier of all channels, or of each.
    """
    for index, value in enumerate(greatest_sums(found, channel_axis)):
        multiplier = multipliers[index % len(multipliers)]
        shift = quantize_multiplier(multiplier)[1] if multiplier < _MULTIPLIER_LIMIT else 31
        if shift > 30 or value << max(shift, 0) >= _SUM_LIMIT:
            problem = f"sums reach {value} times {multiplier:g}, more than 32 bits hold"
            cure = "Split the layer, or calibrate the conversion with data like those at run time."
            expect.refuse(op, problem, cure, found.weights.name)


def greatest_sums(found: Operands, channel_axis: int) -> list[int]:
    """Return what no sum exceeds in magnitude on its way from the folded bias, by channel."""
    magnitude = _sum_by_channel(np.abs(found.weights.values().astype(np.int64)), channel_axis)
    greatest: list[int] = (np.abs(folded_bias(found, channel_axis)) + 128 * magnitude).tolist()
    return greatest


def channel_multipliers(found: Operands, channels: int) -> list[float]:
    """Return the real multiplier of each channel, in double precision throughout.

    Source: PopulateConvolutionQuantizationParams in tensorflow/lite/kernels/kernel_util.cc.
    """
    assert found.weights.quantization is not None  # noqa: S101, checked
    scales = found.weights.quantization.scales
    products = [found.input.scale * scale / found.output.scale for scale in scales]
    return products * channels if len(products) == 1 else products


def _sum_by_channel(values: npt.NDArray[np.int64], channel_axis: int) -> npt.NDArray[np.int64]:
    axes = tuple(axis for axis in range(values.ndim) if axis != channel_axis % values.ndim)
    result: npt.NDArray[np.int64] = values.sum(axis=axes, dtype=np.int64)
    return result


def folded_bias(found: Operands, channel_axis: int) -> npt.NDArray[np.int64]:
    """Return each channel's bias minus the input's zero point times the sum of its weights."""
    sums = _sum_by_channel(found.weights.values().astype(np.int64), channel_axis)
    bias = 0 if found.bias is None else found.bias.values().astype(np.int64).ravel()
    folded: npt.NDArray[np.int64] = bias - found.input.zero_point * sums
    return folded


def sum_bounds(found: Operands, channel_axis: int) -> list[tuple[int, int]]:
    """Return the least and the greatest sum, bias and all, that any input gives, by channel."""
    values = found.weights.values().astype(np.int64)
    bias = folded_bias(found, channel_axis)
    least = bias + _sum_by_channel(np.minimum(-128 * values, 127 * values), channel_axis)
    greatest = bias + _sum_by_channel(np.maximum(-128 * values, 127 * values), channel_axis)
    return list(zip(least.tolist(), greatest.tolist(), strict=True))


@dataclass(frozen=True, slots=True)
class Requantization:
    """The tables and members that the parameter structs of these operators share."""

    constants: tuple[Constant, ...]
    members: dict[str, int | str]


def requantization(
    op: ir.Operator,
    context: Context,
    channel_axis: int,
    multipliers: list[float],
    activation: Activation,
    weights: Constant | None = None,
) -> Requantization:
    """Return weights, bias, multipliers and shifts as constants, and the members that name them.

    Args:
        op: The operator.
        context: Its surroundings.
        channel_axis: As in `check`.
        multipliers: Real multiplier of all channels, or of each.
        activation: What is fused to the operator.
        weights: The weights where they are written already; else they are written as they are.
    """
    found = operands(op, context.model)
    pairs = [quantize_multiplier(multiplier) for multiplier in multipliers]
    least, greatest = activation_range(activation, found.output.scale, found.output.zero_point)
    weights = weights or context.constant(found.weights.index, "weights")[0]
    bias = array("int32_t", context.symbol(op, "bias"), folded_bias(found, channel_axis).tolist())
    fixed = array("int32_t", context.symbol(op, "multipliers"), [q for q, _ in pairs])
    shifts = array("int8_t", context.symbol(op, "shifts"), [shift for _, shift in pairs])
    members: dict[str, int | str] = {
        "output_offset": found.output.zero_point,
        "activation_min": least,
        "activation_max": greatest,
        "weights": weights.name,
        "bias": bias.name,
        "multipliers": fixed.name,
        "shifts": shifts.name,
    }
    return Requantization((weights, bias, fixed, shifts), members)
