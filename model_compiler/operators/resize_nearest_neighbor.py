"""RESIZE_NEAREST_NEIGHBOR: each output pixel is a copy of one input pixel."""

from __future__ import annotations

import numpy as np

from model_compiler import c_text, ir
from model_compiler.operators import agreement, expect, strided
from model_compiler.operators.contract import Context, Emitted, Memory
from model_compiler.options import ResizeNearestNeighborOptions

MEMORY = Memory.OWN

_MAX_LENGTH = 2**15 - 1  # rows and columns are numbered in int16


def check(op: ir.Operator, model: ir.Model) -> None:
    """Accept [batch, height, width, channel] and a constant new height and width."""
    expect.operands(op, (2, 2))
    source = expect.input_tensor(op, model, 0)
    target = model.tensors[op.outputs[0]]
    strided.check_mover(op, model, source, target)
    expect.rank(op, source, 4, 4)
    expect.options(op, ResizeNearestNeighborOptions)
    size = expect.input_tensor(op, model, 1)
    lengths = agreement.integers(op, size)
    if len(lengths) != 2:
        problem = f"{len(lengths)} numbers, height and width are expected"
        expect.refuse(op, problem, expect.EXPORT_AGAIN, size.name)
    expect.same_shape(op, target, (source.shape[0], *lengths, source.shape[3]))
    if max(*target.shape, *source.shape) > _MAX_LENGTH:
        expect.refuse(op, f"an axis is longer than {_MAX_LENGTH}", "Resize less.", target.name)


def macs(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes are moved."""
    return 0


def scratch_bytes(op: ir.Operator, model: ir.Model) -> int:
    """Return 0: bytes go straight to their place."""
    return 0


def emit(op: ir.Operator, context: Context) -> Emitted:
    """Return a call with the input row of each output row, and the same for columns."""
    source, target = (context.model.tensors[i] for i in (op.inputs[0], op.outputs[0]))
    options = expect.options(op, ResizeNearestNeighborOptions)
    name = context.symbol(op)
    rows, columns = (
        c_text.array("int16_t", f"{name}_{role}", _nearest(before, after, options))
        for role, before, after in (
            ("rows", source.shape[1], target.shape[1]),
            ("columns", source.shape[2], target.shape[2]),
        )
    )
    parameters = c_text.struct(
        "bw_resize_nearest_t",
        name,
        {
            "batches": source.shape[0],
            "input_height": source.shape[1],
            "input_width": source.shape[2],
            "output_height": target.shape[1],
            "output_width": target.shape[2],
            "channels": source.shape[3],
            "rows": rows.name,
            "columns": columns.name,
        },
    )
    addresses = f"{context.address(source.index)}, {context.address(target.index)}"
    return Emitted(
        (f"bw_resize_nearest(&{name}, {addresses});",),
        (*context.constant(source.index), rows, columns, parameters),
        ("bw_resize_nearest",),
    )


def _nearest(before: int, after: int, options: ResizeNearestNeighborOptions) -> list[int]:
    """Return the input index of each output index, in float32 as TFLite computes it.

    Source: GetNearestNeighbor in
    tensorflow/lite/kernels/internal/reference/resize_nearest_neighbor.h at 90b983c.
    """
    whole = (before - 1, after - 1) if options.align_corners and after > 1 else (before, after)
    scale = np.float32(whole[0]) / np.float32(whole[1])
    offset = np.float32(0.5 if options.half_pixel_centers else 0.0)
    places = (np.arange(after).astype(np.float32) + offset) * scale
    rounded = np.floor(places.astype(np.float64) + (0.5 if options.align_corners else 0.0))
    return [min(int(place), before - 1) for place in rounded]
