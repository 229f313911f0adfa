"""Check that a model's operators and tensors fit together, wherever the model came from."""

from __future__ import annotations

from model_compiler.errors import MalformedModel, UnsupportedModel
from model_compiler.ir import NO_TENSOR, Model, Operator

_MAX_OPERATORS = 1000
_MAX_TENSORS = 4000  # bounds the time that planning takes


def check_soundness(model: Model) -> None:
    """Return if operators run in order, every tensor is written once, and before it is read.

    Raises:
        MalformedModel: an index leads nowhere, or the order is impossible.
        UnsupportedModel: something is missing or far too large, or an output is a constant.
    """
    if len(model.operators) > _MAX_OPERATORS or len(model.tensors) > _MAX_TENSORS:
        raise UnsupportedModel(
            f"it has {len(model.operators)} operators and {len(model.tensors)} tensors, "
            f"at most {_MAX_OPERATORS} and {_MAX_TENSORS} are taken"
        )
    if not (model.inputs and model.outputs and model.operators):
        raise UnsupportedModel("inputs, outputs or operators are missing, nothing is computed")
    for index in (*model.inputs, *model.outputs):
        _in_range(index, model, "the model")
    written = set(model.inputs)
    if len(written) != len(model.inputs) or any(model.tensors[i].data for i in written):
        raise MalformedModel("an input of the model is listed twice or is a constant.")
    for op in model.operators:
        _check_operator(op, model, written)
        written.update(op.outputs)
    for index in model.outputs:
        if index not in written:
            raise UnsupportedModel("output is not computed", tensor=model.tensors[index].name)


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
