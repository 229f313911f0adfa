"""Which rows of its inputs an operator reads for some rows of its output.

A row is all that stands at one height of an image: in the order batch, height, width, channel and
with one image in the batch, rows stand one behind the other.
"""

from __future__ import annotations

from dataclasses import dataclass

from model_compiler import ir
from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.operators.window import axes
from model_compiler.options import (
    ConcatenationOptions,
    Conv2DOptions,
    DepthwiseConv2DOptions,
    Pool2DOptions,
)

_ROW_BY_ROW = frozenset(
    BuiltinOperator[name]
    for name in (
        *("ADD", "SUB", "MUL", "CONCATENATION", "LOGISTIC", "TANH", "RELU", "RELU6", "LEAKY_RELU"),
        *("HARD_SWISH", "QUANTIZE", "SOFTMAX"),
    )
)
"""Operators whose output row is made of the same row of their inputs, if shapes allow."""

_CHANNEL_AXES = (3, -1)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows `first` to `end`, which is not among them."""

    first: int
    end: int

    @property
    def count(self) -> int:
        """Return how many they are."""
        return self.end - self.first

    def joined(self, other: Rows | None) -> Rows:
        """Return the rows from the first of both to the last of both."""
        if other is None:
            return self
        return Rows(min(self.first, other.first), max(self.end, other.end))


def computed_inputs(op: ir.Operator, model: ir.Model) -> tuple[int, ...]:
    """Return the inputs that are no constants, each once."""
    present = (i for i in op.inputs if i != ir.NO_TENSOR and model.tensors[i].data is None)
    return tuple(dict.fromkeys(present))


def is_row_wise(op: ir.Operator, model: ir.Model) -> bool:
    """Return whether an operator can make some rows of its output from some rows of its inputs."""
    inputs = computed_inputs(op, model)
    if len(op.outputs) != 1 or not inputs or op.band is not None:
        return False
    output = model.tensors[op.outputs[0]]
    if not all(_is_image(model.tensors[index]) for index in (*inputs, *op.outputs)):
        return False
    if isinstance(op.options, Conv2DOptions | DepthwiseConv2DOptions | Pool2DOptions):
        return True
    if isinstance(op.options, ConcatenationOptions) and op.options.axis not in _CHANNEL_AXES:
        return False
    tensors = (model.tensors[index] for index in op.inputs if index != ir.NO_TENSOR)
    return op.code in _ROW_BY_ROW and all(
        tensor.shape[1] == output.shape[1] if tensor.data is None else _is_same_in_all_rows(tensor)
        for tensor in tensors
    )


def _is_image(tensor: ir.Tensor) -> bool:
    return len(tensor.shape) == 4 and tensor.shape[0] == 1


def _is_same_in_all_rows(constant: ir.Tensor) -> bool:
    return len(constant.shape) < 3 or constant.shape[-3] == 1


def rows_read(op: ir.Operator, model: ir.Model, rows: Rows) -> tuple[Rows, int]:
    """Return the rows that a row-wise operator reads of each input, and the padding above them."""
    options = op.options
    if not isinstance(options, Conv2DOptions | DepthwiseConv2DOptions | Pool2DOptions):
        return rows, 0
    if isinstance(options, Pool2DOptions):
        window = (options.filter_h, options.filter_w)
    else:
        _, *window_of_weights, _ = model.tensors[op.inputs[1]].shape
        window = (window_of_weights[0], window_of_weights[1])
    y, _ = axes(op, options, model.tensors[op.inputs[0]].shape, window)
    first = rows.first * y.stride - y.padding
    end = (rows.end - 1) * y.stride - y.padding + (y.filter - 1) * y.dilation + 1
    return Rows(max(0, first), min(y.input, end)), max(0, -first)
