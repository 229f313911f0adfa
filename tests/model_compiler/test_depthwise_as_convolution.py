"""DEPTHWISE_CONV_2D of an image with one channel, which the kernels of CONV_2D compute."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model_compiler import compile_model, load_model
from model_compiler.optimise import Optimise
from tests.model_compiler.batch import (
    KERNEL_SETS,
    SANITIZED,
    assert_equal,
    compiled,
    needs_gcc,
    run_host,
)
from tests.model_compiler.cases import Case, finish, out_size
from tests.model_compiler.oracle import needs_oracle
from tests.model_compiler.tflite_builder import Activation, ModelBuilder, Padding

SEED = 11

# height, width, filter height and width, depth multiplier, weight scales, stride, dilation
SHAPES = [
    (9, 8, 5, 4, 8, 8, 2, 1),
    (7, 9, 3, 3, 2, 1, 1, 2),
    (6, 5, 2, 3, 5, 5, 1, 1),
    (5, 5, 5, 1, 1, 1, 1, 1),
    (4, 4, 1, 1, 3, 3, 1, 1),
]


def one_channel(shape: tuple[int, ...], twice: bool = False) -> Case:
    """Return a layer; or two that share weights, one above the other."""
    height, width, filter_h, filter_w, multiplier, scales, stride, dilation = shape
    random = np.random.default_rng(SEED)
    model = ModelBuilder()
    weight_scales = random.uniform(0.01, 0.03, scales).astype(np.float32)
    weights = model.tensor(
        (1, filter_h, filter_w, multiplier),
        scale=weight_scales,
        axis=3,
        data=random.integers(-127, 128, (1, filter_h, filter_w, multiplier), dtype=np.int8),
    )
    source = model.tensor((1, height, width, 1), scale=0.5, zero_point=-7)
    first = source
    for _ in range(1 + twice):
        sides = [
            out_size(Padding.SAME, side, size, stride, dilation)
            for side, size in ((height, filter_h), (width, filter_w))
        ]
        target = model.tensor((1, *sides, multiplier), scale=1.0, zero_point=5)
        strides = {"stride_h": stride, "stride_w": stride}
        dilations = {"dilation_h": dilation, "dilation_w": dilation}
        model.add(
            *("DEPTHWISE_CONV_2D", [source, weights], [target]),
            **{"padding": Padding.SAME, "activation": Activation.RELU, "multiplier": multiplier},
            **strides,
            **dilations,
        )
        source, height, width = target, sides[0], sides[1]
    return finish(f"one channel {shape}", model, [first], [source], SEED)


def cases() -> list[Case]:
    return [*map(one_channel, SHAPES), one_channel(SHAPES[3], twice=True)]


@needs_oracle
@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize("kernel_set", KERNEL_SETS)
def test_answers(kernel_set: str, tmp_path: Path) -> None:
    taken, refused = compiled(cases())
    assert not refused
    assert_equal(taken, run_host(taken, tmp_path, (*SANITIZED, *KERNEL_SETS[kernel_set])))


def test_weights_that_are_shared_stay_shared() -> None:
    files = compile_model(load_model(one_channel(SHAPES[3], twice=True).model)).files
    text = files["bw_model.c"]
    assert text.count("bw_conv_2d_narrow(&conv_2d_") == 2
    assert text.count("static const int8_t narrow_") == 1


def test_for_size_there_is_one_kernel_for_all_depthwise_convolutions() -> None:
    model = load_model(one_channel(SHAPES[0]).model)
    files = compile_model(model, optimise=Optimise.SIZE).files
    assert "bw_depthwise_conv_2d.c" in files
    assert "bw_conv_2d.c" not in files
