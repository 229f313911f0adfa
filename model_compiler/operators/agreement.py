"""Conditions between the tensors of an operator, and between a scale and int32."""

from __future__ import annotations

import math

from model_compiler import arithmetic, ir
from model_compiler.operators import expect
from model_compiler.schema import Activation, TensorType

CALIBRATE = "Calibrate the conversion with data like those at run time."


def same_quantization(op: ir.Operator, source: ir.Tensor, target: ir.Tensor) -> None:
    """Refuse an operator that only moves numbers but whose output means other reals by them."""
    if (source.scale, source.zero_point) != (target.scale, target.zero_point):
        problem = (
            f"scale {target.scale:g} and zero point {target.zero_point}, those of the input "
            f"'{source.name}', {source.scale:g} and {source.zero_point}, are expected"
        )
        expect.refuse(op, problem, "Put a QUANTIZE between them.", target.name)


def integers(op: ir.Operator, tensor: ir.Tensor) -> list[int]:
    """Return a constant of int32 numbers, such as axes, flat."""
    if tensor.dtype is not TensorType.INT32:
        expect.refuse(op, f"type {tensor.dtype.name}, INT32 is expected", tensor=tensor.name)
    if tensor.data is None:
        cure = "Fix the shapes of the model before you convert it."
        expect.refuse(op, "it is computed at run time, a constant is expected", cure, tensor.name)
    return [int(value) for value in tensor.values().ravel()]


def axis(op: ir.Operator, value: int, rank: int) -> int:
    """Return an axis counted from the front, or refuse one outside [-rank, rank)."""
    if not -rank <= value < rank:
        problem = f"axis {value} of a tensor of {rank} dimensions"
        expect.refuse(op, problem, expect.EXPORT_AGAIN)
    return value % rank


def not_empty(op: ir.Operator, model: ir.Model) -> None:
    """Refuse an operator with a tensor that has no elements."""
    for index in (*op.inputs, *op.outputs):
        if index != ir.NO_TENSOR and model.tensors[index].count == 0:
            name = model.tensors[index].name
            expect.refuse(op, "it has no elements", "Leave out what computes nothing.", name)


def within_int32(op: ir.Operator, real: float, tensor: ir.Tensor) -> None:
    """Refuse a scale on which a real number has no int32."""
    if not real / tensor.scale < arithmetic.INT32_MAX / 2:
        problem = f"scale {tensor.scale:g} cannot hold {real:g}"
        expect.refuse(op, problem, CALIBRATE, tensor.name)


def activation_range(op: ir.Operator, fused: Activation, target: ir.Tensor) -> tuple[int, int]:
    """Return least and greatest output, or refuse what TFLM does not fuse or cannot compute."""
    expect.activation(op, fused)
    within_int32(op, 6.0, target)
    return arithmetic.activation_range(fused, target.scale, target.zero_point)


def rescale(
    op: ir.Operator, tensor: ir.Tensor, multiplier: float, greatest: int
) -> tuple[int, int]:
    """Return TFLite's integer form of a multiplier, or refuse one whose products leave int32.

    Args:
        op: The operator.
        tensor: The tensor whose scale is to blame.
        multiplier: The real multiplier, not negative.
        greatest: The greatest magnitude that is ever multiplied.
    """
    if math.isfinite(multiplier):
        quantized, shift = arithmetic.quantize_multiplier(multiplier)
        if greatest << max(shift, 0) < 2**31 - 2**8:
            return quantized, shift
    problem = f"its scale makes a multiplier of {multiplier:g}, which overflows"
    expect.refuse(op, problem, CALIBRATE, tensor.name)
