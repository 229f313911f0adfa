"""What ADD, SUB and MUL share: two int8 tensors, of which either may be repeated along axes."""

from __future__ import annotations

from dataclasses import dataclass

from model_compiler import ir
from model_compiler.operators import agreement, expect, strided
from model_compiler.options import ArithmeticOptions

MAX_RANK = 4
"""Loops of the kernels."""


def check_pair(op: ir.Operator, model: ir.Model) -> tuple[ir.Tensor, ir.Tensor, ir.Tensor]:
    """Return both inputs and the output, which has the shape both inputs stretch to."""
    expect.operands(op, (2, 2))
    agreement.not_empty(op, model)
    first, second, target = _tensors(op, model)
    for tensor in (first, second, target):
        expect.per_tensor(op, tensor)
        expect.rank(op, tensor, 0, MAX_RANK)
    rank = max(len(first.shape), len(second.shape))
    shape = []
    for one, other in zip(_filled(first, rank), _filled(second, rank), strict=True):
        if one != other and 1 not in (one, other):
            names = " and ".join("x".join(map(str, t.shape)) for t in (first, second))
            expect.refuse(op, f"shapes {names} cannot be combined", expect.EXPORT_AGAIN)
        shape.append(max(one, other))
    expect.same_shape(op, target, tuple(shape))
    agreement.activation_range(op, expect.options(op, ArithmeticOptions).activation, target)
    return first, second, target


@dataclass(frozen=True, slots=True)
class Grid:
    """The kernels' loops: their sizes, and both inputs' strides, 0 along a repeated axis."""

    sizes: list[int]
    strides: tuple[list[int], list[int]]


def grid(op: ir.Operator, model: ir.Model) -> Grid:
    """Return the loops over the output, as few of them as the inputs' strides allow."""
    first, second, target = _tensors(op, model)
    rank = len(target.shape)
    merged: list[list[int]] = []
    for size, here, there in zip(
        target.shape, _strides(first, rank), _strides(second, rank), strict=True
    ):
        if size == 1:
            continue
        if merged and merged[-1][1:] == [here * size, there * size]:
            merged[-1] = [merged[-1][0] * size, here, there]
        else:
            merged.append([size, here, there])
    filled = [[1, 0, 0]] * (MAX_RANK - len(merged)) + merged
    first_strides, second_strides = ([axis[i] for axis in filled] for i in (1, 2))
    return Grid([axis[0] for axis in filled], (first_strides, second_strides))


def limits(op: ir.Operator, model: ir.Model) -> dict[str, int]:
    """Return the output's offset and its least and greatest value as the kernels name them."""
    target = model.tensors[op.outputs[0]]
    fused = expect.options(op, ArithmeticOptions).activation
    least, greatest = agreement.activation_range(op, fused, target)
    return {
        "output_offset": target.zero_point,
        "activation_min": least,
        "activation_max": greatest,
    }


def _tensors(op: ir.Operator, model: ir.Model) -> tuple[ir.Tensor, ir.Tensor, ir.Tensor]:
    first, second = (expect.input_tensor(op, model, position) for position in (0, 1))
    return first, second, model.tensors[op.outputs[0]]


def _filled(tensor: ir.Tensor, rank: int) -> tuple[int, ...]:
    return (1,) * (rank - len(tensor.shape)) + tensor.shape


def _strides(tensor: ir.Tensor, rank: int) -> list[int]:
    shape = _filled(tensor, rank)
    steps = strided.strides(shape)
    return [0 if size == 1 else step for size, step in zip(shape, steps, strict=True)]
