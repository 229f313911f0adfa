"""What the operators share that only move bytes: a copy from one grid to another."""

from __future__ import annotations

import math
from dataclasses import dataclass

from model_compiler import c_text, ir
from model_compiler.operators import agreement, expect
from model_compiler.operators.contract import Context, Emitted

MAX_RANK = 4
"""Loops of kernels/bw_copy.c."""


@dataclass(frozen=True, slots=True)
class Copy:
    """Element i of `sizes` goes from input_start + i * input_strides to the same in the output."""

    sizes: tuple[int, ...]
    input_strides: tuple[int, ...]
    output_strides: tuple[int, ...]
    input_start: int = 0
    output_start: int = 0


def strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the distance in elements between neighbours along each axis of a dense tensor."""
    return tuple(math.prod(shape[axis + 1 :]) for axis in range(len(shape)))


def check_mover(op: ir.Operator, model: ir.Model, source: ir.Tensor, target: ir.Tensor) -> None:
    """Refuse tensors that are not int8, and more axes than the copy has loops.

    As in TFLite and TFLM the bytes are moved as they are, whatever the quantisation says.
    """
    agreement.not_empty(op, model)
    for tensor in (source, target):
        expect.per_tensor(op, tensor)
        expect.rank(op, tensor, 0, MAX_RANK)


def emit_copy(
    op: ir.Operator, context: Context, copy: Copy, source: int, target: int, *, part: int = 0
) -> Emitted:
    """Return the C of one copy; `part` tells several of one operator apart."""
    sizes, input_strides, output_strides = _merge(copy)
    name = context.symbol(op) if part == 0 else context.symbol(op, str(part))
    parameters = c_text.struct(
        "bw_copy_t",
        name,
        {"size": sizes, "input_stride": input_strides, "output_stride": output_strides},
    )
    call = (
        f"bw_copy(&{name}, {_plus(context.address(source), copy.input_start)}, "
        f"{_plus(context.address(target), copy.output_start)});"
    )
    return Emitted((call,), (*context.constant(source), parameters), ("bw_copy",))


def joined(parts: list[Emitted]) -> Emitted:
    """Return several pieces of C as one."""
    return Emitted(
        tuple(line for part in parts for line in part.statements),
        tuple(constant for part in parts for constant in part.constants),
        tuple(dict.fromkeys(kernel for part in parts for kernel in part.kernels)),
    )


def _plus(address: str, offset: int) -> str:
    return f"{address} + {offset}" if offset else address


def _merge(copy: Copy) -> tuple[list[int], list[int], list[int]]:
    """Return the copy with as few axes as possible, then filled up to four from the front."""
    axes: list[tuple[int, int, int]] = []
    for size, here, there in zip(copy.sizes, copy.input_strides, copy.output_strides, strict=True):
        if size == 1:
            continue
        if axes and axes[-1][1:] == (here * size, there * size):
            axes[-1] = (axes[-1][0] * size, here, there)
        else:
            axes.append((size, here, there))
    if not axes:
        axes = [(1, 1, 1)]
    filled = [(1, 0, 0)] * (MAX_RANK - len(axes)) + axes
    return [a[0] for a in filled], [a[1] for a in filled], [a[2] for a in filled]
