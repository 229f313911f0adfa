"""Place tensors and scratch in one arena, such that what is needed together does not overlap.

A buffer holds a tensor and all its views. It lives from the operator that writes it to the last
that reads it; the model's inputs from before the first operator, its outputs until after the last.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from model_compiler.ir import NO_TENSOR, Model, Operator
from model_compiler.operators import OPERATORS
from model_compiler.operators.contract import Memory

ALIGNMENT_BYTES = 16


@dataclass(frozen=True, slots=True)
class Plan:
    """Where everything stands.

    Attributes:
        offsets: Tensor index to byte offset, for each tensor that is no constant and that is used.
        scratch_offsets: Operator index to byte offset, for each operator that asked for scratch.
        arena_bytes: Size of the arena.
        lower_bound_bytes: What the greediest moment needs; no plan without moving is smaller.
    """

    offsets: dict[int, int]
    scratch_offsets: dict[int, int]
    arena_bytes: int
    lower_bound_bytes: int


@dataclass(slots=True)
class Buffer:
    """Bytes that live from operator `first` to operator `last`, both included.

    `aligned_bytes` is the size rounded up to the alignment.
    """

    nbytes: int
    first: int
    last: int
    aligned_bytes: int = field(init=False)

    def __post_init__(self) -> None:
        self.aligned_bytes = -(-self.nbytes // ALIGNMENT_BYTES) * ALIGNMENT_BYTES


def plan(model: Model) -> Plan:
    """Return offsets for a model whose operators have been checked."""
    of_tensor = _tensor_buffers(model)
    of_scratch = _scratch_buffers(model)
    buffers = list({id(b): b for b in (*of_tensor.values(), *of_scratch.values())}.values())
    places, arena_bytes = min(
        (_place(buffers, order) for order in _ORDERS), key=lambda result: result[1]
    )
    return Plan(
        {tensor: places[id(buffer)] for tensor, buffer in of_tensor.items()},
        {op: places[id(buffer)] for op, buffer in of_scratch.items()},
        arena_bytes,
        _lower_bound_bytes(buffers),
    )


def _tensor_buffers(model: Model) -> dict[int, Buffer]:
    last_read = _last_reads(model)
    end = len(model.operators)
    buffers = {
        index: Buffer(model.tensors[index].nbytes, -1, last_read.get(index, -1))
        for index in model.inputs
    }
    for op in model.operators:
        for index in op.outputs:
            last = last_read.get(index, op.index)
            shared = _shared(op, index, model, buffers)
            if shared is None:
                buffers[index] = Buffer(model.tensors[index].nbytes, op.index, last)
            else:
                shared.last = max(shared.last, last)
                buffers[index] = shared
    assert all(buffers[index].last == end for index in model.outputs)  # noqa: S101
    return buffers


def _last_reads(model: Model) -> dict[int, int]:
    last_read = {index: op.index for op in model.operators for index in op.inputs}
    return last_read | dict.fromkeys(model.outputs, len(model.operators))


def _shared(op: Operator, output: int, model: Model, buffers: dict[int, Buffer]) -> Buffer | None:
    """Return the buffer of an input that this output may stand in, or None."""
    memory = OPERATORS[op.code].MEMORY
    if memory is Memory.VIEW:
        return buffers[op.inputs[0]]
    if memory is Memory.IN_PLACE and output == op.outputs[0]:
        for index in op.inputs:
            if index == NO_TENSOR or index not in buffers:
                continue
            buffer = buffers[index]
            if buffer.last == op.index and buffer.nbytes == model.tensors[output].nbytes:
                return buffer
    return None


def _scratch_buffers(model: Model) -> dict[int, Buffer]:
    wanted = {op.index: OPERATORS[op.code].scratch_bytes(op, model) for op in model.operators}
    return {index: Buffer(nbytes, index, index) for index, nbytes in wanted.items() if nbytes}


_Placed = tuple[int, int, int, int]
"""Offset, end, and the first and the last operator of what stands there."""

_ORDERS: tuple[Callable[[Buffer], tuple[int, ...]], ...] = (
    lambda b: (-b.nbytes, b.first),
    lambda b: (-b.nbytes * (b.last - b.first + 1), b.first),
    lambda b: (b.first, -b.nbytes),
)
"""Greedy orders that are tried; the smallest arena wins, the earlier order where two are equal."""


def _place(
    buffers: Sequence[Buffer], order: Callable[[Buffer], tuple[int, ...]]
) -> tuple[dict[int, int], int]:
    """Return offsets by id of the buffer, each the lowest that is free when its turn comes."""
    placed: list[_Placed] = []  # by offset
    places: dict[int, int] = {}
    for buffer in sorted(buffers, key=order):
        offset = _lowest_gap(buffer, placed)
        item = (offset, offset + buffer.aligned_bytes, buffer.first, buffer.last)
        bisect.insort(placed, item)
        places[id(buffer)] = offset
    return places, max(end for _, end, _, _ in placed)


def _lowest_gap(buffer: Buffer, placed: Sequence[_Placed]) -> int:
    """Return the lowest offset at which a buffer overlaps nothing that lives when it does."""
    size, born, dies = buffer.aligned_bytes, buffer.first, buffer.last
    offset = 0
    for start, end, first, last in placed:
        if start >= offset + size:
            break
        if end > offset and first <= dies and born <= last:
            offset = end
    return offset


def _lower_bound_bytes(buffers: Sequence[Buffer]) -> int:
    moments = {buffer.first for buffer in buffers}
    return max(
        sum(b.aligned_bytes for b in buffers if b.first <= moment <= b.last) for moment in moments
    )
