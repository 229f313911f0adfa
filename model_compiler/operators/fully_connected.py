"""FULLY_CONNECTED: each output is a weighted sum of all inputs; weights [outputs, inputs]."""

from __future__ import annotations

from dataclasses import dataclass

from model_compiler import ir
from model_compiler.arithmetic import activation_range, float32_product
from model_compiler.c_text import Constant, array, by_kernel_set, struct
from model_compiler.operators import agreement, expect, narrow, weighted_sum
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.options import FullyConnectedOptions

MEMORY = Memory.OWN
_CHANNEL_AXIS = 0
_ROWS = 4  # that bw_fully_connected_narrow computes at once
_EXPANDED_BYTES = 512  # of scratch for it, at most, where it can do without


def check(op: ir.Operator, model: ir.Model) -> None:
    """Refuse shuffled weights, shapes that do not fit, and what `weighted_sum.check` refuses."""
    options = expect.options(op, FullyConnectedOptions)
    if options.weights_format != 0:
        expect.refuse(op, "weights are shuffled", "Export with weights in the default format.")
    expect.operands(op, (2, 3))
    expect.rank(op, expect.input_tensor(op, model, 1), 2, 2)
    found = weighted_sum.check(op, model, _CHANNEL_AXIS)
    agreement.activation_range(op, options.activation, found.output)
    outputs, inputs = found.weights.shape
    if found.input.count % inputs:
        problem = f"{found.input.count} values meet weights for {inputs}"
        expect.refuse(op, problem, expect.EXPORT_AGAIN, found.input.name)
    batches = found.input.count // inputs
    if found.output.shape[-1:] != (outputs,) or found.output.count != batches * outputs:
        expect.same_shape(op, found.output, (batches, outputs))
    weighted_sum.check_range(op, found, _CHANNEL_AXIS, _multipliers(found))


def _multipliers(found: weighted_sum.Operands) -> list[float]:
    """Return one real multiplier, or one for each output.

    With one weight scale the product of the scales is rounded to float32 first, with several not.

    Source: GetQuantizedConvolutionMultipler in tensorflow/lite/kernels/kernel_util.cc and
    tensorflow/lite/micro/kernels/fully_connected_common.cc of tensorflow/tflite-micro 90b983c.
    """
    assert found.weights.quantization is not None  # noqa: S101, checked
    if len(found.weights.quantization.scales) > 1:
        return weighted_sum.channel_multipliers(found, found.weights.shape[_CHANNEL_AXIS])
    return [float32_product(found.input.scale, found.weights.scale) / found.output.scale]


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return outputs times inputs per output."""
    found = weighted_sum.operands(op, model)
    return found.output.count * found.weights.shape[1]


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return the bytes that the expanded input takes; see bw_fully_connected_narrow."""
    return 8 * narrow.quads(weighted_sum.operands(op, model)) if _is_expanded(op, model) else 0


def _is_expanded(op: ir.Operator, model: ir.Model) -> bool:
    """Return whether bw_fully_connected_narrow computes the operator and expands its input.

    A long input is expanded again for each four outputs instead: that costs an eighth more
    instructions, the scratch would be twice the input.
    """
    inputs = weighted_sum.operands(op, model).weights.shape[1]
    small = 2 * inputs <= _EXPANDED_BYTES or inputs % 4 != 0
    return small and _narrow_scales(op, model) is not None


@dataclass(frozen=True, slots=True)
class _Scales:
    """What bw_fully_connected_narrow starts sums from, and makes outputs of them with."""

    biases: list[int]
    scales: list[tuple[int, int, int]]


def _narrow_scales(op: ir.Operator, model: ir.Model) -> _Scales | None:
    """Return the parameters of bw_fully_connected_narrow; None if it cannot take the operator."""
    found = weighted_sum.operands(op, model)
    if narrow.words(found) is None:
        return None
    multipliers = _multipliers(found)
    if len(multipliers) == 1:
        scale = narrow.shared_scale(found, multipliers[0])
        return None if scale is None else _Scales(narrow.biases(found), [scale])
    activation = expect.options(op, FullyConnectedOptions).activation
    cut = activation_range(activation, found.output.scale, found.output.zero_point)
    channels = narrow.channels(found, multipliers, cut)
    if channels is None:
        return None
    scales = [(channel.multiplier, channel.addend, channel.shift) for channel in channels]
    return _Scales([channel.bias for channel in channels], scales)


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return the call of bw_fully_connected, or of bw_fully_connected_narrow where that serves."""
    source, target = context.address(op.inputs[0]), context.address(op.outputs[0])
    scales = _narrow_scales(op, context.model)
    if scales is None:
        call = f"bw_fully_connected(&{context.symbol(op)}, {source}, {target});"
        constants = _general_form(op, context)
    else:
        scratch = context.scratch() if _is_expanded(op, context.model) else "NULL"
        call = f"bw_fully_connected_narrow(&{context.symbol(op)}, {source}, {target}, {scratch});"
        constants = _narrow_form(op, context, scales)
    return Emitted((call,), (*context.constant(op.inputs[0]), *constants), ("bw_fully_connected",))


def _general_form(
    op: ir.Operator, context: Context, weights: Constant | None = None
) -> tuple[Constant, ...]:
    """Return weights, written already or not, tables, and parameters of bw_fully_connected."""
    found = weighted_sum.operands(op, context.model)
    multipliers = _multipliers(found)
    activation = expect.options(op, FullyConnectedOptions).activation
    tables = weighted_sum.requantization(
        op, context, _CHANNEL_AXIS, multipliers, activation, weights
    )
    members = {
        **_sizes(found),
        "per_channel": int(len(multipliers) > 1),
        **tables.members,
    }
    return (*tables.constants, struct("bw_fully_connected_t", context.symbol(op), members))


def _sizes(found: weighted_sum.Operands) -> dict[str, int | str]:
    outputs, inputs = found.weights.shape
    return {"batches": found.input.count // inputs, "inputs": inputs, "outputs": outputs}


def _narrow_form(op: ir.Operator, context: Context, scales: _Scales) -> tuple[Constant, ...]:
    """Return weights, tables, and parameters of either kernel, of which each core has one."""
    found = weighted_sum.operands(op, context.model)
    activation = expect.options(op, FullyConnectedOptions).activation
    least, greatest = activation_range(activation, found.output.scale, found.output.zero_point)
    weights = narrow.weights(found, context, _ROWS)
    missing = -len(scales.biases) % _ROWS
    bias = array("int32_t", context.symbol(op, "bias"), [*scales.biases, *[0] * missing])
    per_channel = len(scales.scales) > 1
    rows = [*scales.scales, *[(0, 0, 1)] * (missing if per_channel else 0)]
    table = narrow.table("bw_scale_t", context.symbol(op, "scales"), rows)
    members = {
        **_sizes(found),
        "quads": narrow.quads(found),
        "expanded": int(_is_expanded(op, context.model)),
        "per_channel": int(per_channel),
        "activation_min": least,
        "activation_max": greatest,
        "weights": weights.name,
        "bias": bias.name,
        "scales": table.name,
    }
    parameters = struct("bw_fully_connected_narrow_t", context.symbol(op), members)
    _, *general = _general_form(op, context, weights)
    dsp = narrow.together(bias, table, parameters)
    return weights, by_kernel_set(narrow.together(*general), dsp=dsp)
