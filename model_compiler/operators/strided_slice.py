"""STRIDED_SLICE: every so-many-th element between two ends, along each axis."""

from __future__ import annotations

from dataclasses import dataclass

from model_compiler import ir
from model_compiler.operators import agreement, expect, strided
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.options import StridedSliceOptions

MEMORY = Memory.OWN


@dataclass(frozen=True, slots=True)
class _Range:
    """Indices start, start + step, ... of one axis; `kept` is False where the axis is dropped."""

    start: int
    step: int
    count: int
    kept: bool


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept constant ends and steps, one for each axis, and masks but ellipsis and new axis."""
    expect.operands(op, (4, 4))
    source = expect.input_tensor(op, model, 0)
    target = model.tensors[op.outputs[0]]
    strided.check_mover(op, model, source, target)
    options = expect.options(op, StridedSliceOptions)
    for name, value in (
        ("an ellipsis", options.ellipsis_mask),
        ("a new axis", options.new_axis_mask),
        ("offset ends", options.offset),
    ):
        if value:
            expect.refuse(op, f"{name} in the slice", "Write out the index of every axis.")
    ranges = _ranges(op, model)
    expect.same_shape(op, target, tuple(r.count for r in ranges if r.kept))


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes are moved."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes go straight to their place."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return a copy with the slice's steps, which may be negative."""
    source = context.model.tensors[op.inputs[0]]
    ranges = _ranges(op, context.model)
    steps = strided.strides(source.shape)
    sizes = tuple(r.count for r in ranges)
    copy = strided.Copy(
        sizes,
        tuple(r.step * step for r, step in zip(ranges, steps, strict=True)),
        strided.strides(sizes),
        input_start=sum(r.start * step for r, step in zip(ranges, steps, strict=True)),
    )
    return strided.emit_copy(op, context, copy, source.index, op.outputs[0])


def _ranges(op: ir.Operator, model: ir.Model) -> list[_Range]:
    """Return the indices of each axis.

    Source: tensorflow/lite/kernels/internal/strided_slice_logic.h at 90b983c.
    """
    options = expect.options(op, StridedSliceOptions)
    shape = expect.input_tensor(op, model, 0).shape
    columns = []
    for position in (1, 2, 3):
        tensor = expect.input_tensor(op, model, position)
        values = agreement.integers(op, tensor)
        if len(values) != len(shape):
            problem = f"{len(values)} numbers for {len(shape)} axes"
            cure = "Write out the index of every axis."
            expect.refuse(op, problem, cure, tensor.name)
        columns.append(values)
    ranges = []
    for axis, (size, begin, end, step) in enumerate(zip(shape, *columns, strict=True)):
        bit = 1 << axis
        if options.shrink_axis_mask & bit:
            ranges.append(_single(op, size, begin, step, bool(options.begin_mask & bit)))
        else:
            if step == 0:
                expect.refuse(op, f"step 0 along axis {axis}", expect.EXPORT_AGAIN)
            indices = range(size)[
                None if options.begin_mask & bit else begin : None
                if options.end_mask & bit
                else end : step
            ]
            ranges.append(_Range(indices.start, step, len(indices), True))
    return ranges


def _single(op: ir.Operator, size: int, begin: int, step: int, from_start: bool) -> _Range:
    """Return the one index of an axis that the output does not have."""
    start = 0 if from_start else begin + (size if begin < 0 else 0)
    if not 0 <= start < size or step < 1:
        problem = f"index {begin} with step {step} of an axis of length {size}"
        expect.refuse(op, problem, expect.EXPORT_AGAIN)
    return _Range(start, 1, 1, False)
