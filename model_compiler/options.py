"""Options of operators as values, and where each field stands in the file.

A field's `id` and `kind` are those of the schema; `model_compiler.reader` fills the dataclasses
from them, and leaves the default where the file leaves the field out.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs of tensorflow/tflite-micro 90b983c.
"""

# ruff: noqa: RUF009, the calls in the class bodies describe fields, as dataclasses.field does
from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from enum import Enum
from typing import Any

from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.schema import Activation, Padding


class Kind(Enum):
    """How a field of an options table is stored."""

    BOOL = "bool"
    BYTE = "byte"
    FLOAT = "float"
    INT = "int"
    INTS = "vector of int"
    PADDING = "Padding"
    ACTIVATION = "Activation"


def _field(field_id: int, kind: Kind, default: object) -> Any:
    return dataclasses.field(default=default, metadata={"id": field_id, "kind": kind})


def _padding(field_id: int) -> Any:
    return _field(field_id, Kind.PADDING, Padding.SAME)


def _activation(field_id: int) -> Any:
    return _field(field_id, Kind.ACTIVATION, Activation.NONE)


@dataclass(frozen=True, slots=True)
class NoOptions:
    """Options of an operator that has none, or none that matter here."""


@dataclass(frozen=True, slots=True)
class Conv2DOptions:
    """Options of CONV_2D."""

    padding: Padding = _padding(0)
    stride_w: int = _field(1, Kind.INT, 0)
    stride_h: int = _field(2, Kind.INT, 0)
    activation: Activation = _activation(3)
    dilation_w: int = _field(4, Kind.INT, 1)
    dilation_h: int = _field(5, Kind.INT, 1)


@dataclass(frozen=True, slots=True)
class DepthwiseConv2DOptions:
    """Options of DEPTHWISE_CONV_2D."""

    padding: Padding = _padding(0)
    stride_w: int = _field(1, Kind.INT, 0)
    stride_h: int = _field(2, Kind.INT, 0)
    depth_multiplier: int = _field(3, Kind.INT, 0)
    activation: Activation = _activation(4)
    dilation_w: int = _field(5, Kind.INT, 1)
    dilation_h: int = _field(6, Kind.INT, 1)


@dataclass(frozen=True, slots=True)
class Pool2DOptions:
    """Options of AVERAGE_POOL_2D and MAX_POOL_2D."""

    padding: Padding = _padding(0)
    stride_w: int = _field(1, Kind.INT, 0)
    stride_h: int = _field(2, Kind.INT, 0)
    filter_w: int = _field(3, Kind.INT, 0)
    filter_h: int = _field(4, Kind.INT, 0)
    activation: Activation = _activation(5)


@dataclass(frozen=True, slots=True)
class FullyConnectedOptions:
    """Options of FULLY_CONNECTED; `weights_format` 0 is plain row-major."""

    activation: Activation = _activation(0)
    weights_format: int = _field(1, Kind.BYTE, 0)
    keep_num_dims: bool = _field(2, Kind.BOOL, False)


@dataclass(frozen=True, slots=True)
class SoftmaxOptions:
    """Options of SOFTMAX."""

    beta: float = _field(0, Kind.FLOAT, 0.0)


@dataclass(frozen=True, slots=True)
class ReshapeOptions:
    """Options of RESHAPE; the output tensor's shape is what counts."""

    new_shape: tuple[int, ...] = _field(0, Kind.INTS, ())


@dataclass(frozen=True, slots=True)
class SqueezeOptions:
    """Options of SQUEEZE; the output tensor's shape is what counts."""

    squeeze_dims: tuple[int, ...] = _field(0, Kind.INTS, ())


@dataclass(frozen=True, slots=True)
class ArithmeticOptions:
    """Options of ADD, SUB and MUL."""

    activation: Activation = _activation(0)


@dataclass(frozen=True, slots=True)
class ConcatenationOptions:
    """Options of CONCATENATION; a negative axis counts from the end."""

    axis: int = _field(0, Kind.INT, 0)
    activation: Activation = _activation(1)


@dataclass(frozen=True, slots=True)
class ReducerOptions:
    """Options of MEAN and REDUCE_MAX."""

    keep_dims: bool = _field(0, Kind.BOOL, False)


@dataclass(frozen=True, slots=True)
class StridedSliceOptions:
    """Options of STRIDED_SLICE; bit i of a mask stands for axis i."""

    begin_mask: int = _field(0, Kind.INT, 0)
    end_mask: int = _field(1, Kind.INT, 0)
    ellipsis_mask: int = _field(2, Kind.INT, 0)
    new_axis_mask: int = _field(3, Kind.INT, 0)
    shrink_axis_mask: int = _field(4, Kind.INT, 0)
    offset: bool = _field(5, Kind.BOOL, False)


@dataclass(frozen=True, slots=True)
class SplitOptions:
    """Options of SPLIT."""

    num_splits: int = _field(0, Kind.INT, 0)


@dataclass(frozen=True, slots=True)
class LeakyReluOptions:
    """Options of LEAKY_RELU."""

    alpha: float = _field(0, Kind.FLOAT, 0.0)


@dataclass(frozen=True, slots=True)
class ResizeNearestNeighborOptions:
    """Options of RESIZE_NEAREST_NEIGHBOR."""

    align_corners: bool = _field(0, Kind.BOOL, False)
    half_pixel_centers: bool = _field(1, Kind.BOOL, False)


Options = (
    NoOptions
    | Conv2DOptions
    | DepthwiseConv2DOptions
    | Pool2DOptions
    | FullyConnectedOptions
    | SoftmaxOptions
    | ReshapeOptions
    | SqueezeOptions
    | ArithmeticOptions
    | ConcatenationOptions
    | ReducerOptions
    | StridedSliceOptions
    | SplitOptions
    | LeakyReluOptions
    | ResizeNearestNeighborOptions
)

OPTIONS: dict[BuiltinOperator, tuple[int, type[Options]]] = {
    BuiltinOperator.CONV_2D: (1, Conv2DOptions),
    BuiltinOperator.DEPTHWISE_CONV_2D: (2, DepthwiseConv2DOptions),
    BuiltinOperator.AVERAGE_POOL_2D: (5, Pool2DOptions),
    BuiltinOperator.MAX_POOL_2D: (5, Pool2DOptions),
    BuiltinOperator.FULLY_CONNECTED: (8, FullyConnectedOptions),
    BuiltinOperator.SOFTMAX: (9, SoftmaxOptions),
    BuiltinOperator.CONCATENATION: (10, ConcatenationOptions),
    BuiltinOperator.ADD: (11, ArithmeticOptions),
    BuiltinOperator.RESHAPE: (17, ReshapeOptions),
    BuiltinOperator.MUL: (21, ArithmeticOptions),
    BuiltinOperator.MEAN: (27, ReducerOptions),
    BuiltinOperator.REDUCE_MAX: (27, ReducerOptions),
    BuiltinOperator.SUB: (28, ArithmeticOptions),
    BuiltinOperator.SQUEEZE: (30, SqueezeOptions),
    BuiltinOperator.STRIDED_SLICE: (32, StridedSliceOptions),
    BuiltinOperator.SPLIT: (35, SplitOptions),
    BuiltinOperator.RESIZE_NEAREST_NEIGHBOR: (74, ResizeNearestNeighborOptions),
    BuiltinOperator.LEAKY_RELU: (75, LeakyReluOptions),
}
"""Operator to the number of its options in the union BuiltinOptions, and their type."""
