"""SOFTMAX over the last axis, with the exponentials as a table.

The exponential depends only on the difference to the row's maximum, which has 256 values; the table
holds what TFLM computes for each of them at run time.

Source: tensorflow/lite/kernels/internal/reference/softmax.h,
tensorflow/lite/micro/kernels/softmax_common.cc and PreprocessSoftmaxScaling in
quantization_util.cc of tensorflow/tflite-micro 90b983c.
"""

from __future__ import annotations

from model_compiler import ir
from model_compiler.arithmetic import quantize_multiplier, saturating_rounding_doubling_high_mul
from model_compiler.c_text import array, struct
from model_compiler.fixed_point import exp_of_negative
from model_compiler.operators import expect
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.options import SoftmaxOptions

MEMORY = Memory.IN_PLACE
_INTEGER_BITS = 5  # of scaled differences
_GREATEST_MULTIPLIER = 2.0**31 - 1
_GREATEST_DEPTH = 4095  # sums of exponentials have 12 integer bits


def check(op: ir.Operator, model: ir.Model) -> None:
    """Refuse outputs that do not have scale 1/256 and zero point -128, and odd inputs."""
    options = expect.options(op, SoftmaxOptions)
    expect.operands(op, (1, 1))
    source, target = expect.input_tensor(op, model, 0), model.tensors[op.outputs[0]]
    for tensor in (source, target):
        expect.per_tensor(op, tensor)
    expect.rank(op, source, 1, 8)
    expect.same_shape(op, target, source.shape)
    if target.scale != 1 / 256 or target.zero_point != -128:
        problem = f"scale {target.scale} and zero point {target.zero_point}, not 1/256 and -128"
        expect.refuse(op, problem, expect.QUANTIZE_FULLY, target.name)
    if not _multiplier(options.beta, source.scale) > 1.0:
        expect.refuse(op, f"beta {options.beta} with scale {source.scale} is too small")
    if source.shape[-1] > _GREATEST_DEPTH:
        cure = "Leave the softmax out: the greatest score is the same without it."
        expect.refuse(op, f"{source.shape[-1]} classes, at most {_GREATEST_DEPTH}", cure)


def _multiplier(beta: float, scale: float) -> float:
    return min(beta * scale * (1 << (31 - _INTEGER_BITS)), _GREATEST_MULTIPLIER)


def exponentials(beta: float, scale: float) -> list[int]:
    """Return exp(-d * beta * scale) in Q0.31 for d = 0, 1, ... until TFLM counts it as 0."""
    multiplier, shift = quantize_multiplier(_multiplier(beta, scale))
    radius = ((1 << _INTEGER_BITS) - 1) * (1 << (31 - _INTEGER_BITS)) >> shift
    return [
        exp_of_negative(
            saturating_rounding_doubling_high_mul(-difference << shift, multiplier), _INTEGER_BITS
        )
        for difference in range(min(radius, 255) + 1)
    ]


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0."""
    del op, model
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0."""
    del op, model
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return the call of bw_softmax."""
    source = context.model.tensors[op.inputs[0]]
    values = exponentials(expect.options(op, SoftmaxOptions).beta, source.scale)
    table = array("int32_t", context.symbol(op, "exponentials"), values)
    parameters = struct(
        "bw_softmax_t",
        context.symbol(op),
        {
            "rows": source.count // source.shape[-1],
            "depth": source.shape[-1],
            "entries": len(values),
            "exponentials": table.name,
        },
    )
    addresses = f"{context.address(source.index)}, {context.address(op.outputs[0])}"
    return Emitted(
        (f"bw_softmax(&{parameters.name}, {addresses});",),
        (*context.constant(source.index), table, parameters),
        ("bw_softmax",),
    )
