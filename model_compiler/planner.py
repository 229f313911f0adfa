"""Place tensors and scratch in one arena, such that what is needed together does not overlap."""

from __future__ import annotations

from dataclasses import dataclass

from model_compiler.buffers import ScratchKey, find_buffers, lower_bound_bytes
from model_compiler.ir import Model
from model_compiler.packing import pack

ALIGNMENT_BYTES = 16
"""Alignment of the arena itself, which the caller sees to."""


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


def plan(model: Model, scratch: dict[ScratchKey, int] | None = None) -> Plan:
    """Return offsets for a model whose operators have been checked; `find_buffers` says more."""
    found = find_buffers(model, scratch)
    buffers = found.all()
    packing = pack(buffers)
    places = {id(buffer): offset for buffer, offset in zip(buffers, packing.offsets, strict=True)}
    return Plan(
        {tensor: places[id(buffer)] + start for tensor, (buffer, start) in found.tensors.items()},
        {op: places[id(buffer)] for op, buffer in found.scratch.items()},
        packing.nbytes,
        lower_bound_bytes(buffers),
    )
