"""What an operator cannot do is refused with its name, its place, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from model_compiler import UnsupportedModel, load_model
from tests.model_compiler.tflite_builder import Activation, ModelBuilder, Padding

Build = Callable[[ModelBuilder], tuple[list[int], list[int]]]


def _int8(model: ModelBuilder, *shape: int, scale: float = 0.1, zero_point: int = 0) -> int:
    return model.tensor(shape, scale=scale, zero_point=zero_point)


def unknown_operator(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 4)
    model.add("FLOOR", [x], [y])
    return [x], [y]


def float_addition(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = model.tensor((4,), "float32"), model.tensor((4,), "float32")
    model.add("ADD", [x, x], [y])
    return [x], [y]


def not_quantised(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = model.tensor((4,)), _int8(model, 4)
    model.add("RELU", [x], [y])
    return [x], [y]


def five_dimensions(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 1, 1, 1, 1, 4), _int8(model, 1, 1, 1, 1, 4)
    model.add("ADD", [x, x], [y])
    return [x], [y]


def shapes_that_do_not_broadcast(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y, z = _int8(model, 4), _int8(model, 3), _int8(model, 4)
    model.add("MUL", [x, y], [z])
    return [x, y], [z]


def fused_tanh(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 4)
    model.add("SUB", [x, x], [y], activation=Activation.TANH)
    return [x], [y]


def addition_beyond_its_scale(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4, scale=1.0), _int8(model, 4, scale=1e-9)
    model.add("ADD", [x, x], [y])
    return [x], [y]


def logistic_on_another_scale(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 4)
    model.add("LOGISTIC", [x], [y])
    return [x], [y]


def relu6_with_a_change_of_scale(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 4, scale=0.2)
    model.add("RELU6", [x], [y])
    return [x], [y]


def concatenation_of_two_scales(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y, z = _int8(model, 4), _int8(model, 4, scale=0.2), _int8(model, 8)
    model.add("CONCATENATION", [x, y], [z], axis=0)
    return [x, y], [z]


def concatenation_along_no_axis(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 4)
    model.add("CONCATENATION", [x], [y], axis=1)
    return [x], [y]


def mean_of_axes_given_at_run_time(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, axes, y = _int8(model, 4, 4), model.tensor((1,), "int32"), _int8(model, 4)
    model.add("MEAN", [x, axes], [y])
    return [x, axes], [y]


def negative_padding(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 3)
    model.add("PAD", [x, model.constant([[-1, 0]])], [y])
    return [x], [y]


def new_axis(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 1, 4)
    ends = [model.constant([value]) for value in (0, 4, 1)]
    model.add("STRIDED_SLICE", [x, *ends], [y], new_axis_mask=1)
    return [x], [y]


def index_out_of_range(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model)
    ends = [model.constant([value]) for value in (4, 5, 1)]
    model.add("STRIDED_SLICE", [x, *ends], [y], shrink_axis_mask=1)
    return [x], [y]


def uneven_split(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y, z = _int8(model, 5), _int8(model, 2), _int8(model, 2)
    model.add("SPLIT", [model.constant(0), x], [y, z], num_splits=2)
    return [x], [y, z]


def no_permutation(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4, 4), _int8(model, 4, 4)
    model.add("TRANSPOSE", [x, model.constant([0, 0])], [y])
    return [x], [y]


def resized_to_another_size(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 1, 2, 2, 1), _int8(model, 1, 4, 4, 1)
    model.add("RESIZE_NEAREST_NEIGHBOR", [x, model.constant([4, 5])], [y])
    return [x], [y]


def quantised_to_int16(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), model.tensor((4,), "int16", scale=0.1)
    model.add("QUANTIZE", [x], [y])
    return [x], [y]


def hard_swish_far_from_its_input(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 4, scale=1e-6)
    model.add("HARD_SWISH", [x], [y])
    return [x], [y]


def leak_that_overflows(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 4)
    model.add("LEAKY_RELU", [x], [y], alpha=1e9)
    return [x], [y]


def tanh_on_another_scale(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 4, scale=1 / 256)
    model.add("TANH", [x], [y])
    return [x], [y]


def greatest_on_another_scale(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, scale=0.2)
    model.add("REDUCE_MAX", [x, model.constant([0])], [y])
    return [x], [y]


def padding_value_on_another_scale(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 4), _int8(model, 5)
    value = model.tensor((), scale=0.2, data=1)
    model.add("PADV2", [x, model.constant([[0, 1]]), value], [y])
    return [x], [y]


def shape_given_at_run_time(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, shape, y = _int8(model, 2, 3), model.tensor((2,), "int32"), _int8(model, 3, 2)
    model.add("RESHAPE", [x, shape], [y])
    return [x, shape], [y]


def dead_weights_on_a_wild_scale(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 1, 4, scale=1e10), _int8(model, 1, 3, scale=1e-4)
    weights = model.tensor((3, 4), scale=1e10, data=np.zeros((3, 4), np.int8))
    model.add("FULLY_CONNECTED", [x, weights], [y])
    return [x], [y]


def product_of_scales_beyond_float32(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 1, 4, scale=3e38), _int8(model, 1, 3)
    weights = model.tensor((3, 4), scale=3e38, data=np.zeros((3, 4), np.int8))
    model.add("FULLY_CONNECTED", [x, weights], [y])
    return [x], [y]


def average_of_too_many(model: ModelBuilder) -> tuple[list[int], list[int]]:
    x, y = _int8(model, 1, 4200, 4200, 1), _int8(model, 1, 1, 1, 1)
    window = {"filter_width": 4200, "filter_height": 4200, "stride_w": 1, "stride_h": 1}
    model.add("AVERAGE_POOL_2D", [x], [y], padding=Padding.VALID, **window)
    return [x], [y]


REFUSALS: list[tuple[Build, str, str]] = [
    (unknown_operator, "FLOOR", "Supported are ADD"),
    (float_addition, "ADD", "full-integer quantisation"),
    (not_quantised, "RELU", "full-integer quantisation"),
    (five_dimensions, "ADD", "0 to 4 dimensions"),
    (shapes_that_do_not_broadcast, "MUL", "shapes 4 and 3 cannot be combined"),
    (fused_tanh, "SUB", "Make the activation a layer of its own"),
    (addition_beyond_its_scale, "ADD", "Calibrate"),
    (logistic_on_another_scale, "LOGISTIC", "0.00390625 and -128 are expected"),
    (relu6_with_a_change_of_scale, "RELU6", "or use RELU"),
    (concatenation_of_two_scales, "CONCATENATION", "Put a QUANTIZE between them"),
    (concatenation_along_no_axis, "CONCATENATION", "axis 1 of a tensor of 1 dimensions"),
    (mean_of_axes_given_at_run_time, "MEAN", "Fix the shapes"),
    (negative_padding, "PAD", "Crop with a slice instead"),
    (new_axis, "STRIDED_SLICE", "Write out the index of every axis"),
    (index_out_of_range, "STRIDED_SLICE", "index 4 with step 1 of an axis of length 4"),
    (uneven_split, "SPLIT", "axis 0 of length 5 in 2 pieces"),
    (no_permutation, "TRANSPOSE", "no permutation of 2 axes"),
    (resized_to_another_size, "RESIZE_NEAREST_NEIGHBOR", "1x4x5x1 is expected"),
    (quantised_to_int16, "QUANTIZE", "INT8 is expected"),
    (hard_swish_far_from_its_input, "HARD_SWISH", "Calibrate"),
    (tanh_on_another_scale, "TANH", "0.0078125 and 0 are expected"),
    (greatest_on_another_scale, "REDUCE_MAX", "Put a QUANTIZE between them"),
    (padding_value_on_another_scale, "PADV2", "Put a QUANTIZE between them"),
    (shape_given_at_run_time, "RESHAPE", "Fix the shapes"),
    (dead_weights_on_a_wild_scale, "FULLY_CONNECTED", "more than 32 bits hold"),
    (product_of_scales_beyond_float32, "FULLY_CONNECTED", "more than 32 bits hold"),
    (average_of_too_many, "AVERAGE_POOL_2D", "Pool in two steps"),
    (leak_that_overflows, "LEAKY_RELU", "overflows"),
]


@pytest.mark.parametrize(
    ("build", "operator", "says"), REFUSALS, ids=[case[0].__name__ for case in REFUSALS]
)
def test_refusal(build: Build, operator: str, says: str) -> None:
    model = ModelBuilder()
    inputs, outputs = build(model)
    with pytest.raises(UnsupportedModel) as refusal:
        load_model(model.finish(inputs, outputs))
    assert (refusal.value.operator, refusal.value.index) == (operator, 0)
    assert f"operator 0 ({operator})" in str(refusal.value)
    assert says in str(refusal.value)
