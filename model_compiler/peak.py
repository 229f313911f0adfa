"""The moment at which an inference needs most memory, and what it holds then."""

from __future__ import annotations

from dataclasses import dataclass

from model_compiler.buffers import Buffer, Buffers, find_buffers, live_bytes
from model_compiler.ir import Model, Tensor


@dataclass(frozen=True, slots=True)
class Held:
    """Bytes of the arena that are in use: "input", "output of 3 CONV_2D", "scratch"."""

    what: str
    shape: tuple[int, ...]  # () for scratch
    nbytes: int


@dataclass(frozen=True, slots=True)
class Peak:
    """What is held while an operator runs, the largest first.

    `operator` is its index, -1 for the moment before the first.
    """

    operator: int
    held: tuple[Held, ...]


def find_peak(model: Model) -> Peak:
    """Return the first of the moments that need most memory, for a model that has been checked."""
    found = find_buffers(model)
    buffers = found.all()
    totals = live_bytes(buffers)
    moment = totals.index(max(totals)) - 1
    held = [
        _held(buffer, nbytes, moment, found, model)
        for buffer in buffers
        if (nbytes := _live(buffer, moment))
    ]
    return Peak(moment, tuple(sorted(held, key=lambda item: -item.nbytes)))


def _live(buffer: Buffer, moment: int) -> int:
    spans = (span for span in buffer.spans if span.first <= moment <= span.last)
    return sum(span.end - span.start for span in spans)


def _held(buffer: Buffer, nbytes: int, moment: int, found: Buffers, model: Model) -> Held:
    """Name a buffer by the tensor that was written last into it, up to a moment."""
    made_by = {index: op for op in model.operators for index in op.outputs}
    written: list[tuple[int, Tensor]] = []
    for index, (home, _) in found.tensors.items():
        if home is not buffer or not (index in made_by or index in model.inputs):
            continue
        when = made_by[index].index if index in made_by else -1
        if when <= moment:
            written.append((when, model.tensors[index]))
    if not written:
        return Held("scratch", (), nbytes)
    when, tensor = max(written, key=lambda item: item[0])
    what = "input" if when < 0 else f"output of {when} {model.operators[when].code.name}"
    return Held(what, tensor.shape, nbytes)
