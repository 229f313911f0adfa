"""Sliding windows over height and width, as convolutions and pools use them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from model_compiler import ir
from model_compiler.arithmetic import output_size, padding_before
from model_compiler.operators import expect
from model_compiler.options import Conv2DOptions, DepthwiseConv2DOptions, Pool2DOptions
from model_compiler.schema import Padding

_REACH_LIMIT = 2**30  # keeps positions within 32 bits


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis of a window; the members are those of bw_axis_t in kernels/bw_kernels.h."""

    input: int
    output: int
    filter: int
    stride: int
    dilation: int
    padding: int

    @property
    def members(self) -> tuple[int, ...]:
        """Return the members in the order of the C struct."""
        return (
            self.input, self.output, self.filter, self.stride, self.dilation, self.padding,
        )  # fmt: skip

    @property
    def is_pointwise(self) -> bool:
        """Return whether each output reads just the input at the same place."""
        return (self.filter, self.stride, self.padding) == (1, 1, 0)


def axes(
    op: ir.Operator,
    options: Conv2DOptions | DepthwiseConv2DOptions | Pool2DOptions,
    image: tuple[int, ...],
    window: tuple[int, int],
) -> tuple[Axis, Axis]:
    """Return vertical and horizontal axis of an operator's window, refusing what has no output.

    Args:
        op: The operator; where it makes a band of rows, this band is the vertical axis.
        options: Its padding, strides and, but for pools, dilations.
        image: Shape of its input, `[N, H, W, C]`.
        window: Height and width of its filter.
    """
    dilations = (1, 1)
    if not isinstance(options, Pool2DOptions):
        dilations = (options.dilation_h, options.dilation_w)
    _, height, width, _ = image
    strides = (options.stride_h, options.stride_w)
    vertical, horizontal = (
        _axis(op, options.padding, numbers)
        for numbers in zip((height, width), window, strides, dilations, strict=True)
    )
    if op.band is not None:
        vertical = dataclasses.replace(vertical, output=op.band.rows, padding=op.band.padding)
    return vertical, horizontal


def _axis(op: ir.Operator, padding: Padding, numbers: tuple[int, int, int, int]) -> Axis:
    size, window, stride, dilation = numbers
    if min(window, stride, dilation) < 1 or size + window * dilation + stride >= _REACH_LIMIT:
        problem = f"filter {window}, stride {stride}, dilation {dilation}"
        expect.refuse(op, problem, expect.EXPORT_AGAIN)
    out = output_size(padding, size, window, stride, dilation)
    if out < 1:
        expect.refuse(op, f"a filter of {window} does not fit into {size}", "Use SAME padding.")
    before = padding_before(out, size, window, stride, dilation)
    return Axis(size, out, window, stride, dilation, before)
