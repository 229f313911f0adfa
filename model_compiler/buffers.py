"""From a model to the buffers of its arena: how many bytes, and from when until when.

A buffer holds a tensor, all its views and all its parts. Each of its bytes lives from the operator
that writes it to the last that reads it; the model's inputs from before the first operator, its
outputs until after the last.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from model_compiler.ir import NO_TENSOR, Model, Operator
from model_compiler.operators import OPERATORS
from model_compiler.operators.contract import Memory

TENSOR_ALIGNMENT_BYTES = 4
"""Float and int32 elements, and loads of four int8 at a time."""
SCRATCH_ALIGNMENT_BYTES = 8
"""Pointers of a 64-bit host, so that one plan serves every target."""


class Span(NamedTuple):
    """Bytes `start` to `end` of a buffer; they live from operator `first` to `last`, included."""

    start: int
    end: int
    first: int
    last: int


@dataclass(frozen=True, slots=True, eq=False)
class Buffer:
    """Bytes that stand side by side; spans are in the order of their start, in whole words."""

    spans: tuple[Span, ...]
    alignment: int

    @property
    def nbytes(self) -> int:
        """Return the bytes from the start to the last that is ever used."""
        return max((span.end for span in self.spans), default=0)


@dataclass(frozen=True, slots=True)
class Buffers:
    """All buffers of a model, and which holds what.

    Attributes:
        tensors: Tensor index to its buffer and to its place in the buffer in bytes.
        scratch: Operator index to the buffer of its scratch, for each that asked for some.
    """

    tensors: dict[int, tuple[Buffer, int]]
    scratch: dict[int, Buffer]

    def all(self) -> list[Buffer]:
        """Return each buffer once, in the order in which the model comes to use them."""
        found = (*(buffer for buffer, _ in self.tensors.values()), *self.scratch.values())
        return list(dict.fromkeys(found))


@dataclass(slots=True)
class _Store:
    """A buffer while it is being found out; an access is a start, an end, and an operator.

    `last` is the last read that is known of: of the tensors that have a place so far, and of parts.
    """

    nbytes: int
    last: int
    accesses: list[tuple[int, int, int]] = field(default_factory=list)

    def access(self, start: int, nbytes: int, *times: int) -> None:
        self.accesses += [(start, start + nbytes, time) for time in times]
        self.last = max((self.last, *times))

    def buffer(self) -> Buffer:
        return Buffer(_spans(self.accesses), TENSOR_ALIGNMENT_BYTES)


ScratchKey = tuple[object, ...]
"""All of an operator that its scratch depends on."""


def find_buffers(model: Model, scratch: dict[ScratchKey, int] | None = None) -> Buffers:
    """Return the buffers of a model whose operators have been checked.

    Args:
        model: The model.
        scratch: Bytes of scratch that are known already, for callers with many variants of one
            model; what is found out is added.
    """
    places = _places(model)
    stores = {id(store): store for store, _ in places.values()}
    made = {key: store.buffer() for key, store in stores.items()}
    wanted = {op.index: _scratch_bytes(op, model, scratch) for op in model.operators}
    return Buffers(
        {index: (made[id(store)], start) for index, (store, start) in places.items()},
        {index: _scratch(nbytes, index) for index, nbytes in wanted.items() if nbytes},
    )


def _scratch_bytes(op: Operator, model: Model, known: dict[ScratchKey, int] | None) -> int:
    if known is None:
        return OPERATORS[op.code].scratch_bytes(op, model)
    tensors = [model.tensors[index] for index in (*op.inputs, *op.outputs) if index != NO_TENSOR]
    window = None if op.band is None else (op.band.rows, op.band.padding)
    what = tuple((t.shape, None if t.data is None else t.index, t.quantization) for t in tensors)
    key = (op.code, op.options, window, what)
    if key not in known:
        known[key] = OPERATORS[op.code].scratch_bytes(op, model)
    return known[key]


def _scratch(nbytes: int, index: int) -> Buffer:
    return Buffer(_spans([(0, nbytes, index)]), SCRATCH_ALIGNMENT_BYTES)


def _places(model: Model) -> dict[int, tuple[_Store, int]]:
    """Return where each tensor stands that is no constant and that is used."""
    last_read = _last_reads(model)
    last_of_parts = _last_reads_of_parts(model, last_read)
    places: dict[int, tuple[_Store, int]] = {}

    def settle(index: int, place: tuple[_Store, int], *times: int) -> None:
        store, start = places[index] = place
        store.access(start, model.tensors[index].nbytes, *times)

    def own(index: int) -> tuple[_Store, int]:
        return _Store(model.tensors[index].nbytes, last_of_parts.get(index, -1)), 0

    def part(index: int) -> tuple[_Store, int] | None:
        """Return the place of a part, whose whole is settled if need be; None for the others."""
        found = model.tensors[index].part
        if found is None:
            return None
        if found.whole not in places:
            settle(found.whole, own(found.whole), *_read(last_read, found.whole))
        store, start = places[found.whole]
        return store, start + found.offset

    for index in model.inputs:
        settle(index, own(index), -1, *_read(last_read, index))
    for op in model.operators:
        for index in op.inputs:
            place = part(index) if index != NO_TENSOR and index not in places else None
            if place is not None:
                settle(index, place, *_read(last_read, index))
        for index in op.outputs:
            place = part(index) or _shared(op, index, model, places) or own(index)
            settle(index, place, op.index, *_read(last_read, index))
    return places


def _read(last_read: dict[int, int], index: int) -> tuple[int, ...]:
    return (last_read[index],) if index in last_read else ()


def _last_reads(model: Model) -> dict[int, int]:
    last_read = {index: op.index for op in model.operators for index in op.inputs}
    return last_read | dict.fromkeys(model.outputs, len(model.operators))


def _last_reads_of_parts(model: Model, last_read: dict[int, int]) -> dict[int, int]:
    """Return when any part of a tensor is read for the last time, by the tensor's index."""
    found: dict[int, int] = {}
    for tensor in model.tensors:
        if tensor.part is not None:
            whole, last = tensor.part.whole, last_read.get(tensor.index, -1)
            found[whole] = max(found.get(whole, -1), last)
    return found


def _shared(
    op: Operator, output: int, model: Model, places: dict[int, tuple[_Store, int]]
) -> tuple[_Store, int] | None:
    """Return the place of an input that this output may stand in, or None."""
    memory = OPERATORS[op.code].MEMORY
    if memory is Memory.VIEW:
        return places[op.inputs[0]]
    if memory is Memory.IN_PLACE and output == op.outputs[0]:
        for index in op.inputs:
            if index not in places:  # absent or constant
                continue
            store, start = places[index]
            if store.last == op.index and store.nbytes == model.tensors[output].nbytes:
                return store, start
    return None


def _spans(accesses: Sequence[tuple[int, int, int]]) -> tuple[Span, ...]:
    """Return the lifetimes of words: each from the first access that touches it to the last."""
    word = TENSOR_ALIGNMENT_BYTES
    rounded = [(a // word * word, -(-b // word) * word, time) for a, b, time in accesses]
    edges = sorted({edge for start, end, _ in rounded for edge in (start, end)})
    spans: list[Span] = []
    for start, end in itertools.pairwise(edges):
        times = [time for a, b, time in rounded if a <= start and end <= b]
        if not times:
            continue
        span = Span(start, end, min(times), max(times))
        if spans and spans[-1][1:] == (start, *span[2:]):
            span = span._replace(start=spans.pop().start)
        spans.append(span)
    return tuple(spans)


def live_bytes(buffers: Sequence[Buffer]) -> list[int]:
    """Return how much lives at each moment, from before the first operator to after the last."""
    changes: dict[int, int] = {}
    for span in (span for buffer in buffers for span in buffer.spans):
        size = span.end - span.start
        changes[span.first] = changes.get(span.first, 0) + size
        changes[span.last + 1] = changes.get(span.last + 1, 0) - size
    total, totals = 0, []
    for moment in range(-1, max(changes, default=0)):
        total += changes.get(moment, 0)
        totals.append(total)
    return totals


def lower_bound_bytes(buffers: Sequence[Buffer]) -> int:
    """Return what the greediest moment needs; no plan without moving is smaller."""
    return max(live_bytes(buffers), default=0)
