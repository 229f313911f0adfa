"""FULLY_CONNECTED: each output is a weighted sum of all inputs; weights [outputs, inputs]."""

from __future__ import annotations

from model_compiler import ir
from model_compiler.arithmetic import float32_product
from model_compiler.c_text import struct
from model_compiler.operators import agreement, expect, weighted_sum
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.options import FullyConnectedOptions

MEMORY = Memory.OWN
_CHANNEL_AXIS = 0


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
    """Return 0."""
    del op, model
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return the call of bw_fully_connected."""
    options = expect.options(op, FullyConnectedOptions)
    found = weighted_sum.operands(op, context.model)
    outputs, inputs = found.weights.shape
    multipliers = _multipliers(found)
    tables = weighted_sum.requantization(
        op, context, _CHANNEL_AXIS, multipliers, options.activation
    )
    parameters = struct(
        "bw_fully_connected_t",
        context.symbol(op),
        {
            "batches": found.input.count // inputs,
            "inputs": inputs,
            "outputs": outputs,
            "per_channel": int(len(multipliers) > 1),
            **tables.members,
        },
    )
    source, target = context.address(op.inputs[0]), context.address(op.outputs[0])
    return Emitted(
        (f"bw_fully_connected(&{parameters.name}, {source}, {target});",),
        (*context.constant(op.inputs[0]), *tables.constants, parameters),
        ("bw_fully_connected",),
    )
