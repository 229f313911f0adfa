"""Check that a model's operators and tensors fit together, wherever the model came from."""

from __future__ import annotations

from model_compiler.errors import MalformedModel, UnsupportedModel
from model_compiler.ir import NO_TENSOR, NUMPY_TYPE, Model, Operator, Tensor

MAX_OPERATORS = 1000
MAX_TENSORS = 4000
"""Bounds of the time that planning takes; the networks of microcontrollers have tens."""
_MAX_CONSTANT_BYTES = 2**26


def check_soundness(model: Model) -> None:
    """Return if operators run in order, every tensor is written once, and before it is read.

    Raises:
        MalformedModel: an index leads nowhere, the order is impossible, a constant has too few
            bytes or too many.
        UnsupportedModel: something is missing or far too large, or an output is a constant.
    """
    _check_size(model)
    for place, tensor in enumerate(model.tensors):
        _check_tensor(place, tensor)
    if not (model.inputs and model.outputs and model.operators):
        raise UnsupportedModel("inputs, outputs or operators are missing, nothing is computed")
    for index in (*model.inputs, *model.outputs):
        _in_range(index, model, "the model")
    written = set(model.inputs)
    if len(written) != len(model.inputs) or any(model.tensors[i].data for i in written):
        raise MalformedModel("an input of the model is listed twice or is a constant.")
    for place, op in enumerate(model.operators):
        if op.index != place:
            raise MalformedModel(f"operator {place} has the index {op.index}.")
        _check_operator(op, model, written)
        written.update(op.outputs)
    for index in model.outputs:
        if index not in written:
            raise UnsupportedModel("output is not computed", tensor=model.tensors[index].name)


def _check_size(model: Model) -> None:
    if len(model.operators) > MAX_OPERATORS or len(model.tensors) > MAX_TENSORS:
        raise UnsupportedModel(
            f"it has {len(model.operators)} operators and {len(model.tensors)} tensors, "
            f"at most {MAX_OPERATORS} and {MAX_TENSORS} are taken"
        )
    sizes = {tensor.index: len(tensor.data or b"") for tensor in model.tensors}
    constant_bytes = sum(sizes.get(index, 0) for op in model.operators for index in op.inputs)
    if constant_bytes > _MAX_CONSTANT_BYTES:
        problem = f"its operators read {constant_bytes:,} bytes of constants"
        raise UnsupportedModel(problem, f"At most {_MAX_CONSTANT_BYTES:,} are taken.")


def _check_tensor(place: int, tensor: Tensor) -> None:
    if tensor.index != place:
        raise MalformedModel(f"tensor {place} ('{tensor.name}') has the index {tensor.index}.")
    if any(size < 1 for size in tensor.shape):
        raise UnsupportedModel("it has no elements", tensor=tensor.name)
    if tensor.dtype not in NUMPY_TYPE:
        raise UnsupportedModel(f"type {tensor.dtype.name}", tensor=tensor.name)
    if tensor.data is not None and len(tensor.data) != tensor.nbytes:
        raise MalformedModel(
            f"tensor '{tensor.name}' has {len(tensor.data)} bytes of data, its shape needs "
            f"{tensor.nbytes}. Export the model again."
        )


def _check_operator(op: Operator, model: Model, written: set[int]) -> None:
    who = f"operator {op.index} ({op.code.name})"
    for index in op.inputs:
        if index == NO_TENSOR:
            continue
        _in_range(index, model, who)
        if model.tensors[index].data is None and index not in written:
            raise MalformedModel(
                f"{who} reads tensor '{model.tensors[index].name}' before it is written."
            )
    for index in op.outputs:
        _in_range(index, model, who)
        if index in written or model.tensors[index].data is not None:
            raise MalformedModel(
                f"{who} overwrites tensor '{model.tensors[index].name}', which has a value."
            )
    if len(set(op.outputs)) != len(op.outputs):
        raise MalformedModel(f"{who} writes a tensor twice.")


def _in_range(index: int, model: Model, who: str) -> None:
    if not 0 <= index < len(model.tensors):
        raise MalformedModel(
            f"{who} names tensor {index}, there are {len(model.tensors)}. Export the model again."
        )
