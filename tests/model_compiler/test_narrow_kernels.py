"""The kernels for narrow weights: chosen where they may be, and exact over shapes that try them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_compiler import load_model
from model_compiler.operators import narrow, weighted_sum
from tests.model_compiler.bare_metal import GCC, TARGETS, needs_target, run_target
from tests.model_compiler.batch import (
    KERNEL_SETS,
    SANITIZED,
    STRICT,
    Compiled,
    assert_equal,
    compiled,
    needs_gcc,
    run_host,
)
from tests.model_compiler.cases import Case, finish, out_size
from tests.model_compiler.objects import build
from tests.model_compiler.oracle import needs_oracle
from tests.model_compiler.tflite_builder import Activation, ModelBuilder, Padding

SEED = 7
ARENA_BYTES = 32 * 1024

# height, width, input channels, output channels, filter, stride, dilation, padding, activation
CONVOLUTIONS = [
    (1, 1, 1, 1, 1, 1, 1, Padding.VALID, Activation.NONE),  # one pixel, one channel
    (2, 2, 4, 2, 1, 1, 1, Padding.SAME, Activation.RELU),  # one block, one quad
    (5, 5, 8, 3, 1, 1, 1, Padding.SAME, Activation.NONE),  # two quads, odd channels
    (3, 3, 12, 4, 1, 1, 1, Padding.SAME, Activation.RELU6),  # three quads, outputs cut
    (4, 3, 16, 5, 1, 1, 1, Padding.SAME, Activation.RELU_N1_TO_1),  # four quads
    (4, 4, 7, 4, 1, 1, 1, Padding.SAME, Activation.NONE),  # a quad that is not full
    (9, 9, 16, 6, 1, 2, 1, Padding.SAME, Activation.NONE),  # strided
    (8, 8, 16, 4, 3, 1, 1, Padding.SAME, Activation.RELU),  # padding all around
    (9, 11, 4, 3, 3, 2, 1, Padding.SAME, Activation.NONE),
    (12, 12, 3, 8, 3, 2, 1, Padding.SAME, Activation.RELU),  # gathered
    (6, 6, 1, 2, 5, 1, 1, Padding.VALID, Activation.NONE),  # gathered up to the end of the image
    (2, 4, 1, 2, 2, 1, 1, Padding.SAME, Activation.NONE),  # windows shorter than a word
    (13, 10, 1, 7, 4, 2, 1, Padding.SAME, Activation.NONE),  # blocks over two rows
    (9, 9, 8, 4, 3, 1, 2, Padding.SAME, Activation.NONE),  # dilation, whole quads
    (9, 12, 3, 4, 3, 1, 3, Padding.SAME, Activation.NONE),  # dilation, gathered
    (3, 16, 2, 4, 7, 1, 1, Padding.SAME, Activation.NONE),  # a filter higher than the image
]  # fmt: skip

# batches, inputs, outputs, weight scales
DENSE = [
    (1, 1, 1, 1), (1, 4, 4, 1), (2, 8, 3, 3), (1, 13, 5, 5), (3, 64, 12, 1), (1, 256, 6, 6),
    (1, 258, 7, 1), (1, 260, 5, 1), (1, 300, 9, 9), (2, 640, 2, 1),
]  # fmt: skip


def layer(
    kind: str,
    shapes: Sequence[tuple[int, ...]],
    scales: int,
    options: dict[str, Any],
    least: int = -127,
) -> Case:
    """Return a case of one layer with weights from `least` to 127.

    Args:
        kind: The operator.
        shapes: Of input, weights and output.
        scales: How many the weights have.
        options: The operator's options.
        least: -128 makes the weights not narrow.
    """
    random = np.random.default_rng(SEED + sum(map(math.prod, shapes)))
    model = ModelBuilder()
    outputs = shapes[1][0]
    weight_scales = random.uniform(0.01, 0.03, scales).astype(np.float32)
    x = model.tensor(shapes[0], scale=0.5, zero_point=int(random.integers(-128, 128)))
    data = random.integers(least, 128, shapes[1], dtype=np.int8)
    if least == -128:
        data.ravel()[:2] = (-1, -128)
    data[outputs // 2] *= outputs % 2  # some layers have a channel that is the same always
    w = model.tensor(shapes[1], scale=weight_scales, axis=0, data=data)
    bias = random.integers(-20_000, 20_000, outputs)
    b = model.tensor((outputs,), "int32", scale=weight_scales * np.float32(0.5), data=bias)
    real = 0.5 * 0.02 * 74 * 74 * math.sqrt(math.prod(shapes[1][1:])) / 64
    y = model.tensor(shapes[2], scale=real, zero_point=int(random.integers(-128, 128)))
    model.add(kind, [x, w, b], [y], **options)
    return finish(f"{kind}{shapes}", model, [x], [y], SEED)


def convolution(case: tuple[Any, ...], least: int = -127) -> Case:
    height, width, channels, filters, size, stride, dilation, padding, activation = case
    options = {
        **{"stride_h": stride, "stride_w": stride, "dilation_h": dilation, "dilation_w": dilation},
        **{"padding": padding, "activation": activation},
    }
    out = [out_size(padding, side, size, stride, dilation) for side in (height, width)]
    shapes = [(1, height, width, channels), (filters, size, size, channels), (1, *out, filters)]
    return layer("CONV_2D", shapes, filters, options, least)


def dense(case: tuple[int, int, int, int], least: int = -127) -> Case:
    batches, inputs, outputs, scales = case
    shapes = [(batches, inputs), (outputs, inputs), (batches, outputs)]
    return layer("FULLY_CONNECTED", shapes, scales, {"activation": Activation.NONE}, least)


def narrow_cases() -> list[Compiled]:
    cases = [*map(convolution, CONVOLUTIONS), *map(dense, DENSE)]
    taken, refused = compiled(cases)
    assert not refused
    assert all(is_narrow(item) for item in taken)
    return taken


def is_narrow(item: Compiled) -> bool:
    """Return whether the model calls a kernel for narrow weights."""
    return any("_narrow(&" in text for text in item.files.values())


@needs_oracle
@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize("kernel_set", KERNEL_SETS)
def test_answers(kernel_set: str, tmp_path: Path) -> None:
    taken = narrow_cases()
    assert_equal(taken, run_host(taken, tmp_path, (*SANITIZED, *KERNEL_SETS[kernel_set])))


@needs_oracle
@needs_target
@pytest.mark.slow
@pytest.mark.parametrize("optimisation", ["-O0", "-Os", "-O2", "-O3"])
def test_answers_on_a_core_with_the_extension(optimisation: str, tmp_path: Path) -> None:
    taken = narrow_cases()
    target = TARGETS["cortex-m4"]
    assert_equal(taken, run_target(target, taken, tmp_path, ARENA_BYTES, optimisation))


@needs_target
@pytest.mark.parametrize("kernel", ["bw_conv_2d_dsp.c", "bw_fully_connected_dsp.c"])
def test_kernels_that_need_all_registers_build_with_a_frame_pointer(
    kernel: str, tmp_path: Path
) -> None:
    flags = ("-mcpu=cortex-m4", "-mthumb", "-O2", "-fno-omit-frame-pointer")
    source = resources.files("model_compiler.kernels") / kernel
    build([GCC, *flags, *STRICT, "-c", "-o", str(tmp_path / "kernel.o"), str(source)])


@pytest.mark.parametrize("case", [convolution(CONVOLUTIONS[2], -128), dense(DENSE[4], -128)])
def test_the_general_kernel_computes_what_is_not_narrow(case: Case) -> None:
    taken, _ = compiled([case])
    assert not is_narrow(taken[0])


def test_words_hold_the_weights_in_their_order() -> None:
    model = load_model(convolution(CONVOLUTIONS[5]).model)
    found = weighted_sum.operands(model.operators[0], model)
    words = narrow.words(found)
    assert words is not None
    low, high = words & 0xFFFF, words >> 16
    odd = [(half + 128 >> 8).astype(np.int8) for half in (low, high)]
    even = [half.astype(np.int8) for half in (low, high)]
    unpacked = np.stack([even[0], odd[0], even[1], odd[1]], axis=-1).reshape(4, 8)
    assert np.array_equal(unpacked[:, :7], found.weights.values().reshape(4, 7))
    assert not unpacked[:, 7:].any()


def test_words_of_channels_that_are_computed_together_alternate() -> None:
    packed = np.array([[1, 2], [3, 4], [5, 6]])
    assert narrow.interleaved(packed, 2) == [1, 3, 2, 4, 5, 0, 6, 0]
