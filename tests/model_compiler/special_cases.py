"""Models that meet the kernels' special forms: 3x3 depthwise filters, whole maps, long sums."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.model_compiler.cases import (
    FUSED,
    SCALES,
    SEEDS,
    ZERO_POINTS,
    Case,
    Draw,
    describe,
    finish,
    natural_scale,
    out_size,
)
from tests.model_compiler.tflite_builder import ModelBuilder, Padding


@st.composite
def depthwise_3x3(draw: Draw) -> Case:
    """DEPTHWISE_CONV_2D as mobile networks have it, over every remainder of width and height."""
    padding = draw(st.sampled_from(list(Padding)))
    least = 3 if padding is Padding.VALID else 1
    height, width = (draw(st.integers(least, 13)) for _ in range(2))
    batch, channels = draw(st.integers(1, 2)), draw(st.integers(1, 9))
    options: dict[str, Any] = {
        "padding": padding,
        "stride_h": draw(st.integers(1, 3)),
        "stride_w": draw(st.integers(1, 2)),
        "activation": draw(FUSED),
        "multiplier": 1,
    }
    model, random = ModelBuilder(), np.random.default_rng(draw(SEEDS))
    scale = draw(SCALES)
    x = model.tensor((batch, height, width, channels), scale=scale, zero_point=draw(ZERO_POINTS))
    shape = (1, 3, 3, channels)
    scales = np.float32(draw(SCALES)) * random.uniform(0.3, 1.7, channels).astype(np.float32)
    data = random.integers(-128, 128, shape, dtype=np.int8)
    if draw(st.integers(0, 4)) == 0:
        data[...] = -128
    w = model.tensor(shape, scale=scales, axis=3, data=data)
    size = draw(st.sampled_from([1, 100, 20_000, 1_000_000]))
    bias = random.integers(-size, size + 1, channels)
    b = model.tensor((channels,), "int32", scale=scales * np.float32(scale), data=bias)
    out_h = out_size(padding, height, 3, options["stride_h"], 1)
    out_w = out_size(padding, width, 3, options["stride_w"], 1)
    real = scale * float(scales.max()) * 74 * 74 * 3 / 64
    y = model.tensor(
        (batch, out_h, out_w, channels),
        scale=natural_scale(draw, real),
        zero_point=draw(ZERO_POINTS),
    )
    model.add("DEPTHWISE_CONV_2D", [x, w, b], [y], **options)
    label = describe("3x3", x=(batch, height, width, channels), bias=size, **options)
    return finish(label, model, [x], [y], draw(SEEDS))


@st.composite
def whole_map(draw: Draw, kind: str) -> Case:
    """AVERAGE_POOL_2D or MAX_POOL_2D over a whole map.

    Averages go to maps whose sums 16 bits do not hold; such a map's maximum is 127 anyhow.
    """
    batch, channels = draw(st.integers(1, 2)), draw(st.integers(1, 13))
    height, width = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    if kind == "AVERAGE_POOL_2D" and draw(st.booleans()):
        height, width = draw(st.integers(1, 20)), draw(st.integers(1, 31))
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    model = ModelBuilder()
    x = model.tensor((batch, height, width, channels), scale=scale, zero_point=zero_point)
    y = model.tensor((batch, 1, 1, channels), scale=scale, zero_point=zero_point)
    options = {
        "padding": Padding.VALID,
        "stride_h": draw(st.integers(1, 20)),
        "stride_w": draw(st.integers(1, 31)),
        "filter_height": height,
        "filter_width": width,
        "activation": draw(FUSED),
    }
    model.add(kind, [x], [y], **options)
    label = describe(kind, x=(batch, height, width, channels), zero_point=zero_point, **options)
    return finish(label, model, [x], [y], draw(SEEDS))


@st.composite
def map_mean(draw: Draw) -> Case:
    """MEAN over height and width."""
    shape = tuple(draw(st.integers(1, most)) for most in (2, 20, 31, 13))
    scale = draw(SCALES)
    model = ModelBuilder()
    x = model.tensor(shape, scale=scale, zero_point=draw(ZERO_POINTS))
    y = model.tensor(
        (shape[0], shape[3]), scale=natural_scale(draw, scale), zero_point=draw(ZERO_POINTS)
    )
    model.add("MEAN", [x, model.constant([1, 2])], [y], keep_dims=False)
    return finish(describe("MEAN", shape=shape), model, [x], [y], draw(SEEDS))


@st.composite
def long_pair(draw: Draw, kind: str) -> Case:
    """ADD, SUB or MUL of two tensors of one shape, long enough for a table."""
    shape = (1, *(draw(st.integers(9, 14)) for _ in range(3)))
    scales = [draw(SCALES), draw(SCALES)]
    if draw(st.booleans()):
        scales[1] = scales[0]
    fused = draw(FUSED)
    model = ModelBuilder()
    operands = [model.tensor(shape, scale=one, zero_point=draw(ZERO_POINTS)) for one in scales]
    real = math.prod(scales) * 100 if kind == "MUL" else max(scales)
    y = model.tensor(shape, scale=natural_scale(draw, real), zero_point=draw(ZERO_POINTS))
    model.add(kind, operands, [y], activation=fused)
    label = describe(kind, shape=shape, scales=scales, fused=fused)
    return finish(label, model, operands, [y], draw(SEEDS))


SPECIAL: dict[str, st.SearchStrategy[Case]] = {
    "bw_add_equal": st.one_of(long_pair("ADD"), long_pair("SUB")),
    "bw_average_pool_2d": whole_map("AVERAGE_POOL_2D"),
    "bw_depthwise_conv_2d_3x3": depthwise_3x3(),
    "bw_max_pool_2d": whole_map("MAX_POOL_2D"),
    "bw_mean": map_mean(),
    "bw_mul": long_pair("MUL"),
}
"""Kernel to the models that are made for it."""
