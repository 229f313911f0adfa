"""Models of one operator with inputs to try, drawn over everything that changes the arithmetic."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from tests.model_compiler.tflite_builder import Activation, ModelBuilder, Padding

Array = npt.NDArray[Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

SETS = 3  # sets of inputs a case is tried with

SCALES = st.one_of(
    st.floats(2**-10, 2.0, width=32),
    st.sampled_from([0.5, 1.0, 1 / 256, 1 / 128, 0.023528477177023888]),
)
WILD_SCALES = st.one_of(SCALES, st.sampled_from([1e-38, 1e-20, 1e-9, 1e-5, 300.0, 1e7, 1e20]))
ZERO_POINTS = st.one_of(st.sampled_from([-128, 0, 127]), st.integers(-128, 127))
SEEDS = st.integers(0, 2**32 - 1)
FUSED = st.sampled_from(
    [Activation.NONE, Activation.NONE, Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1]
)


@dataclass(frozen=True)
class Case:
    """A model, and sets of inputs in the order of its inputs."""

    label: str
    model: bytes
    inputs: tuple[tuple[Array, ...], ...]
    outputs: int = 1

    def __repr__(self) -> str:
        return self.label


def finish(
    label: str, model: ModelBuilder, inputs: Sequence[int], outputs: Sequence[int], seed: int
) -> Case:
    """Return a case with random inputs, and one set each of the smallest and greatest numbers."""
    random = np.random.default_rng(seed)
    shapes = [model.tensors[index].shape for index in inputs]
    kinds = [model.tensors[index].dtype for index in inputs]
    sets = []
    for number in range(SETS):
        values: list[Array] = []
        for shape, kind in zip(shapes, kinds, strict=True):
            if kind == "float32":
                values.append(random.normal(0, 3.0**number, shape).astype(np.float32))
            elif number == SETS - 1:
                values.append(random.choice([-128, 127], shape).astype(np.int8))
            else:
                values.append(random.integers(-128, 128, shape, dtype=np.int8))
        sets.append(tuple(values))
    return Case(label, model.finish(inputs, outputs), tuple(sets), len(outputs))


def natural_scale(draw: Draw, real: float) -> float:
    """Draw an output scale near the one that uses int8 well, or far from it."""
    return float(np.float32(real * draw(st.floats(0.2, 5.0)))) or 1e-30


def moved(draw: Draw, scale: float, zero_point: int) -> dict[str, Any]:
    """Draw the quantisation of moved numbers: their own, or one that TFLM does not look at."""
    if draw(st.sampled_from([True, True, False])):
        return {"scale": scale, "zero_point": zero_point}
    return {"scale": draw(SCALES), "zero_point": draw(ZERO_POINTS)}


def describe(kind: str, **facts: object) -> str:
    return f"{kind}({', '.join(f'{key}={value}' for key, value in facts.items())})"


def weights(
    draw: Draw, model: ModelBuilder, shape: tuple[int, ...], axis: int, random: np.random.Generator
) -> tuple[int, Array]:
    """Add weights, per channel or per tensor; return their index and their scales.

    Most are narrow, as converters make them: without -128.
    """
    per_channel = draw(st.booleans())
    least = draw(st.sampled_from([-127, -127, -127, -128]))
    count = shape[axis] if per_channel else 1
    scales = np.float32(draw(SCALES)) * random.uniform(0.3, 1.7, count).astype(np.float32)
    data = random.integers(least, 128, shape, dtype=np.int8)
    return model.tensor(shape, scale=scales, axis=axis, data=data), scales


def bias(
    draw: Draw, model: ModelBuilder, count: int, scales: Array, random: np.random.Generator
) -> int:
    """Add a bias on these scales, or return -1 for none."""
    size = draw(st.sampled_from([0, 1, 100, 20_000, 1_000_000]))
    if size == 0:
        return -1
    data = random.integers(-size, size + 1, count)
    return model.tensor((count,), "int32", scale=scales, data=data)


def window(draw: Draw) -> tuple[int, int, int, int, Padding]:
    """Draw size, filter, stride and dilation of one axis that go together with either padding."""
    size, filter_, stride = (
        draw(st.integers(1, 9)),
        draw(st.integers(1, 4)),
        draw(st.integers(1, 3)),
    )
    dilation = draw(st.sampled_from([1, 1, 1, 2, 3]))
    return size, filter_, stride, dilation, draw(st.sampled_from(list(Padding)))


def out_size(padding: Padding, size: int, filter_: int, stride: int, dilation: int) -> int:
    reach = (filter_ - 1) * dilation + 1
    return math.ceil(size / stride) if padding is Padding.SAME else (size - reach) // stride + 1


@st.composite
def convolution(draw: Draw, depthwise: bool) -> Case:
    """CONV_2D or DEPTHWISE_CONV_2D."""
    height, filter_h, stride_h, dilation_h, padding = window(draw)
    width, filter_w, stride_w, dilation_w, _ = window(draw)
    if padding is Padding.VALID:
        height = max(height, (filter_h - 1) * dilation_h + 1)
        width = max(width, (filter_w - 1) * dilation_w + 1)
    batch, channels = draw(st.integers(1, 2)), draw(st.integers(1, 17))
    out_h = out_size(padding, height, filter_h, stride_h, dilation_h)
    out_w = out_size(padding, width, filter_w, stride_w, dilation_w)
    model, random = ModelBuilder(), np.random.default_rng(draw(SEEDS))
    options: dict[str, Any] = {
        "padding": padding,
        "stride_h": stride_h,
        "stride_w": stride_w,
        "dilation_h": dilation_h,
        "dilation_w": dilation_w,
        "activation": draw(FUSED),
    }
    if depthwise:
        options["multiplier"] = draw(st.sampled_from([1, 1, 2, 3]))
        filters = channels * options["multiplier"]
        shape, axis = (1, filter_h, filter_w, filters), 3
    else:
        filters = draw(st.integers(1, 9))
        shape, axis = (filters, filter_h, filter_w, channels), 0
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    x = model.tensor((batch, height, width, channels), scale=scale, zero_point=zero_point)
    w, scales = weights(draw, model, shape, axis, random)
    b = bias(draw, model, filters, scales * np.float32(scale), random)
    terms = filter_h * filter_w * (1 if depthwise else channels)
    real = scale * float(scales.max()) * 74 * 74 * math.sqrt(terms) / 64
    y = model.tensor(
        (batch, out_h, out_w, filters),
        scale=natural_scale(draw, real),
        zero_point=draw(ZERO_POINTS),
    )
    kind = "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D"
    inputs = [x, w] if depthwise and b < 0 else [x, w, b]  # TFLM crashes on -1 there
    model.add(kind, inputs, [y], **options)
    facts = {"x": (batch, height, width, channels), "w": shape, "scales": len(scales), "b": b}
    return finish(describe(kind, **facts, **options), model, [x], [y], draw(SEEDS))


@st.composite
def fully_connected(draw: Draw) -> Case:
    """FULLY_CONNECTED, per tensor and per channel, with dimensions kept or flattened."""
    rows, inputs, outputs = (
        draw(st.integers(1, 3)),
        draw(st.integers(1, 70)),
        draw(st.integers(1, 9)),
    )
    keep = draw(st.booleans())
    model, random = ModelBuilder(), np.random.default_rng(draw(SEEDS))
    scale = draw(SCALES)
    shape = (1, rows, inputs) if keep else (rows, inputs)
    x = model.tensor(shape, scale=scale, zero_point=draw(ZERO_POINTS))
    w, scales = weights(draw, model, (outputs, inputs), 0, random)
    b = bias(draw, model, outputs, scales * np.float32(scale), random)
    real = scale * float(scales.max()) * 74 * 74 * math.sqrt(inputs) / 64
    y = model.tensor(
        (1, rows, outputs) if keep else (rows, outputs),
        scale=natural_scale(draw, real),
        zero_point=draw(ZERO_POINTS),
    )
    fused = draw(FUSED)
    model.add("FULLY_CONNECTED", [x, w, b], [y], activation=fused, keep_num_dims=keep)
    label = describe("FULLY_CONNECTED", x=shape, outputs=outputs, scales=len(scales), fused=fused)
    return finish(label, model, [x], [y], draw(SEEDS))


@st.composite
def pool(draw: Draw, kind: str) -> Case:
    """AVERAGE_POOL_2D or MAX_POOL_2D."""
    height, filter_h, stride_h, _, padding = window(draw)
    width, filter_w, stride_w, _, _ = window(draw)
    if padding is Padding.VALID:
        height, width = max(height, filter_h), max(width, filter_w)
    batch, channels = draw(st.integers(1, 2)), draw(st.integers(1, 17))
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    model = ModelBuilder()
    x = model.tensor((batch, height, width, channels), scale=scale, zero_point=zero_point)
    out = (
        out_size(padding, height, filter_h, stride_h, 1),
        out_size(padding, width, filter_w, stride_w, 1),
    )
    y = model.tensor((batch, *out, channels), scale=scale, zero_point=zero_point)
    options = {
        "padding": padding,
        "stride_h": stride_h,
        "stride_w": stride_w,
        "filter_height": filter_h,
        "filter_width": filter_w,
        "activation": draw(FUSED),
    }
    model.add(kind, [x], [y], **options)
    label = describe(kind, x=(batch, height, width, channels), zero_point=zero_point, **options)
    return finish(label, model, [x], [y], draw(SEEDS))


SHAPES = st.lists(st.integers(1, 5), min_size=1, max_size=4).map(tuple)


@st.composite
def softmax(draw: Draw) -> Case:
    """SOFTMAX over the last axis."""
    shape = (*draw(st.lists(st.integers(1, 4), max_size=3)), draw(st.integers(1, 40)))
    beta = draw(st.sampled_from([1.0, 1.0, 0.5, 2.0, 0.1]))
    scale, zero_point = draw(WILD_SCALES), draw(ZERO_POINTS)
    model = ModelBuilder()
    x = model.tensor(shape, scale=scale, zero_point=zero_point)
    y = model.tensor(shape, scale=1 / 256, zero_point=-128)
    model.add("SOFTMAX", [x], [y], beta=beta)
    return finish(
        describe("SOFTMAX", shape=shape, beta=beta, scale=scale), model, [x], [y], draw(SEEDS)
    )


@st.composite
def unary(draw: Draw, kind: str) -> Case:
    """An operator that maps each number alone; all 256 of them are in the first input."""
    scale, zero_point = draw(WILD_SCALES), draw(ZERO_POINTS)
    out_scale, out_zero_point = natural_scale(draw, scale), draw(ZERO_POINTS)
    if draw(st.sampled_from([0, 0, 0, 1])):
        out_scale, out_zero_point = scale, zero_point
    options: dict[str, Any] = {}
    if kind == "LOGISTIC":
        out_scale, out_zero_point = 1 / 256, -128
    elif kind == "TANH":
        out_scale, out_zero_point = 1 / 128, 0
    elif kind == "RELU6":
        out_scale, out_zero_point = scale, zero_point
    elif kind == "LEAKY_RELU":
        options["alpha"] = draw(st.one_of(st.sampled_from([0.0, 0.1, 1.0]), st.floats(-2, 2)))
    model = ModelBuilder()
    x = model.tensor((1, 16, 16), scale=scale, zero_point=zero_point)
    y = model.tensor((1, 16, 16), scale=out_scale, zero_point=out_zero_point)
    model.add(kind, [x], [y], **options)
    label = describe(
        kind, scale=scale, zero_point=zero_point, out=(out_scale, out_zero_point), **options
    )
    case = finish(label, model, [x], [y], draw(SEEDS))
    every = np.arange(-128, 128, dtype=np.int8).reshape(1, 16, 16)
    return Case(label, case.model, ((every,), *case.inputs[1:]))


@st.composite
def quantize_float(draw: Draw) -> Case:
    """QUANTIZE of float32."""
    shape, scale = draw(SHAPES), draw(SCALES)
    model = ModelBuilder()
    x = model.tensor(shape, "float32")
    y = model.tensor(shape, scale=scale, zero_point=draw(ZERO_POINTS))
    model.add("QUANTIZE", [x], [y])
    case = finish(describe("QUANTIZE", shape=shape, scale=scale), model, [x], [y], draw(SEEDS))
    ties = (np.arange(math.prod(shape)) - 7.5).astype(np.float32) * np.float32(scale)
    return Case(case.label, case.model, ((ties.reshape(shape),), *case.inputs[1:]))


@st.composite
def dequantize(draw: Draw) -> Case:
    """DEQUANTIZE to float32."""
    shape, scale = draw(SHAPES), draw(WILD_SCALES)
    model = ModelBuilder()
    x = model.tensor(shape, scale=scale, zero_point=draw(ZERO_POINTS))
    y = model.tensor(shape, "float32")
    model.add("DEQUANTIZE", [x], [y])
    return finish(describe("DEQUANTIZE", shape=shape, scale=scale), model, [x], [y], draw(SEEDS))


@st.composite
def binary(draw: Draw, kind: str) -> Case:
    """ADD, SUB or MUL of two tensors, of which one may be broadcast, or a constant."""
    shape = draw(SHAPES)
    other = tuple(1 if draw(st.sampled_from([0, 0, 1])) else size for size in shape)
    other = other[draw(st.integers(0, len(other))) if draw(st.booleans()) else 0 :]
    if draw(st.sampled_from([0, 0, 1])):
        shape = tuple(
            1 if i >= 0 and other[i] > 1 and draw(st.booleans()) else size
            for i, size in zip(range(len(other) - len(shape), len(other)), shape, strict=True)
        )
    with_itself = draw(st.integers(0, 9)) == 9
    pair = [shape, shape if with_itself else other]
    if draw(st.booleans()):
        pair.reverse()
    scales = [draw(SCALES), draw(SCALES)]
    fused = draw(FUSED)
    random = np.random.default_rng(draw(SEEDS))
    constant = None if with_itself else draw(st.sampled_from([None, None, 0, 1]))
    model = ModelBuilder()
    operands = []
    for position, (size, scale) in enumerate(zip(pair, scales, strict=True)):
        data = random.integers(-128, 128, size, dtype=np.int8) if position == constant else None
        operands.append(model.tensor(size, scale=scale, zero_point=draw(ZERO_POINTS), data=data))
    inputs = [index for index in operands if model.tensors[index].data is None]
    if with_itself:
        operands, inputs = [operands[0], operands[0]], [operands[0]]
    real = math.prod(scales) * 100 if kind == "MUL" else max(scales)
    y = model.tensor(
        np.broadcast_shapes(*pair), scale=natural_scale(draw, real), zero_point=draw(ZERO_POINTS)
    )
    model.add(kind, operands, [y], activation=fused)
    label = describe(kind, shapes=pair, scales=scales, fused=fused, constant=constant)
    return finish(label, model, inputs, [y], draw(SEEDS))


@st.composite
def reduction(draw: Draw, kind: str) -> Case:
    """MEAN or REDUCE_MAX over any axes, with repeated and negative ones."""
    shape = draw(SHAPES)
    rank = len(shape)
    axes = draw(st.lists(st.integers(-rank, rank - 1), min_size=1, max_size=4))
    keep = draw(st.booleans())
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    out_scale, out_zero_point = scale, zero_point
    if kind == "MEAN":
        out_scale, out_zero_point = natural_scale(draw, scale), draw(ZERO_POINTS)
    model = ModelBuilder()
    x = model.tensor(shape, scale=scale, zero_point=zero_point)
    reduced = {axis % rank for axis in axes}
    if keep:
        out = [1 if axis in reduced else size for axis, size in enumerate(shape)]
    else:
        out = [size for axis, size in enumerate(shape) if axis not in reduced]
    y = model.tensor(out, scale=out_scale, zero_point=out_zero_point)
    model.add(kind, [x, model.constant(axes)], [y], keep_dims=keep)
    label = describe(kind, shape=shape, axes=axes, keep=keep)
    return finish(label, model, [x], [y], draw(SEEDS))


@st.composite
def transpose(draw: Draw) -> Case:
    """TRANSPOSE of up to four axes."""
    shape = draw(SHAPES)
    order = draw(st.permutations(range(len(shape))))
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    model = ModelBuilder()
    x = model.tensor(shape, scale=scale, zero_point=zero_point)
    y = model.tensor([shape[axis] for axis in order], **moved(draw, scale, zero_point))
    model.add("TRANSPOSE", [x, model.constant(order)], [y])
    return finish(describe("TRANSPOSE", shape=shape, order=order), model, [x], [y], draw(SEEDS))


@st.composite
def concatenation(draw: Draw) -> Case:
    """CONCATENATION of up to five tensors, one of which may be a constant."""
    shape = list(draw(SHAPES))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    lengths = draw(st.lists(st.integers(1, 4), min_size=1, max_size=5))
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    constant = draw(st.integers(0, 8))
    random = np.random.default_rng(draw(SEEDS))
    model = ModelBuilder()
    parts = []
    for position, length in enumerate(lengths):
        shape[axis] = length
        data = None
        if position == constant and len(lengths) > 1:
            data = random.integers(-128, 128, shape, dtype=np.int8)
        parts.append(model.tensor(shape, scale=scale, zero_point=zero_point, data=data))
    shape[axis] = sum(lengths)
    y = model.tensor(shape, scale=scale, zero_point=zero_point)
    model.add("CONCATENATION", parts, [y], axis=axis)
    inputs = [index for index in parts if model.tensors[index].data is None]
    label = describe("CONCATENATION", shape=tuple(shape), axis=axis, lengths=lengths)
    return finish(label, model, inputs, [y], draw(SEEDS))


@st.composite
def split(draw: Draw) -> Case:
    """SPLIT into up to four pieces."""
    shape = list(draw(SHAPES))
    axis = draw(st.integers(-len(shape), len(shape) - 1))
    pieces = draw(st.integers(1, 4))
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    model = ModelBuilder()
    outputs = [model.tensor(shape, **moved(draw, scale, zero_point)) for _ in range(pieces)]
    shape[axis] *= pieces
    x = model.tensor(shape, scale=scale, zero_point=zero_point)
    place = model.constant(axis) if draw(st.booleans()) else model.constant([axis])
    model.add("SPLIT", [place, x], outputs, num_splits=pieces)
    label = describe("SPLIT", shape=tuple(shape), axis=axis, pieces=pieces)
    return finish(label, model, [x], outputs, draw(SEEDS))


@st.composite
def pad(draw: Draw, kind: str) -> Case:
    """PAD with zeros, or PADV2 with a value."""
    shape = draw(SHAPES)
    paddings = [[draw(st.integers(0, 3)), draw(st.integers(0, 3))] for _ in shape]
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    model = ModelBuilder()
    x = model.tensor(shape, scale=scale, zero_point=zero_point)
    out = [size + sum(around) for size, around in zip(shape, paddings, strict=True)]
    units = moved(draw, scale, zero_point)
    y = model.tensor(out, **units)
    inputs = [x, model.constant(paddings)]
    if kind == "PADV2":
        value = draw(st.integers(-128, 127))
        inputs.append(model.tensor((), **units, data=value))
    model.add(kind, inputs, [y])
    return finish(describe(kind, shape=shape, paddings=paddings), model, [x], [y], draw(SEEDS))


@st.composite
def strided_slice(draw: Draw) -> Case:
    """STRIDED_SLICE with begin, end and shrink masks, and negative steps and indices."""
    shape = draw(SHAPES)
    rows = []
    masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
    out = []
    for axis, size in enumerate(shape):
        begin, end = draw(st.integers(-size - 2, size + 1)), draw(st.integers(-size - 2, size + 1))
        step = draw(st.sampled_from([1, 1, 1, 2, 3, -1, -2]))
        if draw(st.sampled_from([0, 0, 0, 1])):
            begin, step = draw(st.integers(-size, size - 1)), 1
            masks["shrink_axis_mask"] |= 1 << axis
        else:
            if draw(st.booleans()):
                masks["begin_mask"] |= 1 << axis
            if draw(st.booleans()):
                masks["end_mask"] |= 1 << axis
            first = None if masks["begin_mask"] >> axis & 1 else begin
            last = None if masks["end_mask"] >> axis & 1 else end
            count = len(range(size)[first:last:step])
            if count == 0:
                masks["begin_mask"] |= 1 << axis
                masks["end_mask"] |= 1 << axis
                count = len(range(size)[::step])
            out.append(count)
        rows.append((begin, end, step))
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    model = ModelBuilder()
    x = model.tensor(shape, scale=scale, zero_point=zero_point)
    y = model.tensor(out, **moved(draw, scale, zero_point))
    columns = [model.constant(column) for column in zip(*rows, strict=True)]
    model.add("STRIDED_SLICE", [x, *columns], [y], **masks)
    label = describe("STRIDED_SLICE", shape=shape, rows=rows, **masks)
    return finish(label, model, [x], [y], draw(SEEDS))


@st.composite
def resize(draw: Draw) -> Case:
    """RESIZE_NEAREST_NEIGHBOR up and down."""
    batch, height, width, channels = (draw(st.integers(1, n)) for n in (2, 9, 9, 5))
    size = [draw(st.integers(1, 20)), draw(st.integers(1, 20))]
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    options = {"align_corners": draw(st.booleans()), "half_pixel_centers": draw(st.booleans())}
    model = ModelBuilder()
    x = model.tensor((batch, height, width, channels), scale=scale, zero_point=zero_point)
    y = model.tensor((batch, *size, channels), **moved(draw, scale, zero_point))
    model.add("RESIZE_NEAREST_NEIGHBOR", [x, model.constant(size)], [y], **options)
    label = describe("RESIZE_NEAREST_NEIGHBOR", before=(height, width), after=size, **options)
    return finish(label, model, [x], [y], draw(SEEDS))


@st.composite
def view(draw: Draw, kind: str) -> Case:
    """RESHAPE, SQUEEZE or EXPAND_DIMS between two operators that compute."""
    shape = draw(SHAPES)
    scale, zero_point = draw(SCALES), draw(ZERO_POINTS)
    model = ModelBuilder()
    x = model.tensor(shape, scale=scale, zero_point=zero_point)
    before = model.tensor(shape, scale=scale * 2, zero_point=zero_point)
    model.add("QUANTIZE", [x], [before])
    options: dict[str, Any] = {}
    if kind == "EXPAND_DIMS":
        axis = draw(st.integers(0, len(shape)))
        seen = (*shape[:axis], 1, *shape[axis:])
        operands = [before, model.constant(axis)]
    elif kind == "SQUEEZE":
        seen = tuple(size for size in shape if size > 1)
        operands = [before]
    else:
        seen = (shape[0], math.prod(shape[1:]))
        operands, options = [before, model.constant(seen)], {"new_shape": seen}
    after = model.tensor(seen, **moved(draw, scale * 2, zero_point))
    model.add(kind, operands, [after], **options)
    y = model.tensor(seen, scale=scale, zero_point=-zero_point - 1)
    model.add("QUANTIZE", [after], [y])
    return finish(describe(kind, shape=shape, seen=seen), model, [x], [y], draw(SEEDS))


STRATEGIES: dict[str, st.SearchStrategy[Case]] = {
    "ADD": binary("ADD"),
    "AVERAGE_POOL_2D": pool("AVERAGE_POOL_2D"),
    "CONCATENATION": concatenation(),
    "CONV_2D": convolution(depthwise=False),
    "DEPTHWISE_CONV_2D": convolution(depthwise=True),
    "DEQUANTIZE": dequantize(),
    "EXPAND_DIMS": view("EXPAND_DIMS"),
    "FULLY_CONNECTED": fully_connected(),
    "HARD_SWISH": unary("HARD_SWISH"),
    "LEAKY_RELU": unary("LEAKY_RELU"),
    "LOGISTIC": unary("LOGISTIC"),
    "MAX_POOL_2D": pool("MAX_POOL_2D"),
    "MEAN": reduction("MEAN"),
    "MUL": binary("MUL"),
    "PAD": pad("PAD"),
    "PADV2": pad("PADV2"),
    "QUANTIZE": st.one_of(unary("QUANTIZE"), quantize_float()),
    "REDUCE_MAX": reduction("REDUCE_MAX"),
    "RELU": unary("RELU"),
    "RELU6": unary("RELU6"),
    "RESHAPE": view("RESHAPE"),
    "RESIZE_NEAREST_NEIGHBOR": resize(),
    "SOFTMAX": softmax(),
    "SPLIT": split(),
    "SQUEEZE": view("SQUEEZE"),
    "STRIDED_SLICE": strided_slice(),
    "SUB": binary("SUB"),
    "TANH": unary("TANH"),
    "TRANSPOSE": transpose(),
}
"""Every operator of the compiler to the models that it is tried on."""

MANY = dict.fromkeys(STRATEGIES, 40) | dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D", "ADD"), 80)
"""Operator to how many models of it are compared with TFLM; test_cases.py says what they hold."""
