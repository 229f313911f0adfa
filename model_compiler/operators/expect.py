"""Conditions that operators put on their tensors, each with a message that names the cure."""

from __future__ import annotations

import math
from typing import NoReturn, TypeVar

from model_compiler import ir
from model_compiler.errors import UnsupportedModel
from model_compiler.options import Options
from model_compiler.schema import Activation, TensorType

OptionsT = TypeVar("OptionsT", bound=Options)

QUANTIZE_FULLY = (
    "Convert with full-integer quantisation: a representative dataset, "
    "target_spec.supported_ops = [TFLITE_BUILTINS_INT8], inference input and output type int8."
)
EXPORT_AGAIN = "The file contradicts itself: export it again."


def refuse(op: ir.Operator, problem: str, cure: str = "", tensor: str = "") -> NoReturn:
    """Raise UnsupportedModel about an operator; `problem` is a clause, `cure` a sentence."""
    raise UnsupportedModel(problem, cure, op.code.name, op.index, tensor)


def operands(op: ir.Operator, inputs: tuple[int, int], outputs: tuple[int, int] = (1, 1)) -> None:
    """Refuse an operator whose number of inputs or outputs is outside [least, most]."""
    for kind, tensors, (least, most) in (
        ("inputs", op.inputs, inputs),
        ("outputs", op.outputs, outputs),
    ):
        if not least <= len(tensors) <= most:
            refuse(
                op, f"it has {len(tensors)} {kind}, {least} to {most} are expected", EXPORT_AGAIN
            )


def options(op: ir.Operator, kind: type[OptionsT]) -> OptionsT:
    """Return the operator's options, which must be of the kind."""
    if not isinstance(op.options, kind):
        refuse(op, f"its options are not {kind.__name__}", EXPORT_AGAIN)
    return op.options


def input_tensor(op: ir.Operator, model: ir.Model, position: int) -> ir.Tensor:
    """Return the tensor of an input that must be there."""
    if position >= len(op.inputs) or op.inputs[position] == ir.NO_TENSOR:
        refuse(op, f"input {position} is missing", EXPORT_AGAIN)
    return model.tensors[op.inputs[position]]


def optional_input(op: ir.Operator, model: ir.Model, position: int) -> ir.Tensor | None:
    """Return the tensor of an input, or None where it is left out."""
    if position >= len(op.inputs) or op.inputs[position] == ir.NO_TENSOR:
        return None
    return model.tensors[op.inputs[position]]


def dtype(op: ir.Operator, tensor: ir.Tensor, *allowed: TensorType) -> None:
    """Refuse a tensor of another element type."""
    if tensor.dtype not in allowed:
        names = " or ".join(kind.name for kind in allowed)
        refuse(op, f"type {tensor.dtype.name}, {names} is expected", QUANTIZE_FULLY, tensor.name)


def rank(op: ir.Operator, tensor: ir.Tensor, least: int, most: int) -> None:
    """Refuse a tensor whose number of dimensions is outside [least, most]."""
    if not least <= len(tensor.shape) <= most:
        wanted = str(least) if least == most else f"{least} to {most}"
        shape = "x".join(map(str, tensor.shape))
        refuse(op, f"shape {shape}, {wanted} dimensions are expected", tensor=tensor.name)


def same_shape(op: ir.Operator, tensor: ir.Tensor, shape: tuple[int, ...]) -> None:
    """Refuse a tensor whose shape is not the one that follows from the operator's other facts."""
    if tensor.shape != shape:
        found, wanted = ("x".join(map(str, s)) for s in (tensor.shape, shape))
        refuse(op, f"shape {found}, {wanted} is expected", EXPORT_AGAIN, tensor.name)


def constant(op: ir.Operator, tensor: ir.Tensor) -> None:
    """Refuse a tensor that is computed at run time."""
    if tensor.data is None:
        refuse(op, "it is computed at run time, a constant is expected", tensor=tensor.name)


def per_tensor(op: ir.Operator, tensor: ir.Tensor) -> None:
    """Refuse an int8 tensor without one usable scale and one zero point."""
    dtype(op, tensor, TensorType.INT8)
    found = quantised(op, tensor)
    if len(found.scales) != 1:
        refuse(op, f"{len(found.scales)} scales, one is expected", QUANTIZE_FULLY, tensor.name)


def quantised(op: ir.Operator, tensor: ir.Tensor) -> ir.Quantization:
    """Return the quantisation; refuse scales that are not positive and finite, odd zero points."""
    found = tensor.quantization
    if found is None or not found.scales:
        refuse(op, "it is not quantised", QUANTIZE_FULLY, tensor.name)
    if len(found.zero_points) != len(found.scales):
        problem = f"{len(found.scales)} scales but {len(found.zero_points)} zero points"
        refuse(op, problem, EXPORT_AGAIN, tensor.name)
    for scale, zero_point in zip(found.scales, found.zero_points, strict=True):
        if not (math.isfinite(scale) and scale > 0):
            refuse(op, f"scale {scale}", EXPORT_AGAIN, tensor.name)
        if not -128 <= zero_point <= 127:
            refuse(op, f"zero point {zero_point} is outside int8", EXPORT_AGAIN, tensor.name)
    return found


def activation(op: ir.Operator, fused: Activation) -> None:
    """Refuse fused activations that TFLM's int8 kernels do not know."""
    if fused in (Activation.TANH, Activation.SIGN_BIT):
        refuse(op, f"fused activation {fused.name}", "Make the activation a layer of its own.")
