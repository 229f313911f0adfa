"""Random small networks: chains and residuals of mixed operators, several inputs and outputs."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from tests.model_compiler.cases import Case, finish
from tests.model_compiler.tflite_builder import Activation, ModelBuilder, Padding

_MAX_ELEMENTS = 1500
_FUSED = [Activation.NONE, Activation.RELU, Activation.RELU6]


@dataclass
class Network:
    """A model that grows by one random operator after the other."""

    random: np.random.Generator
    model: ModelBuilder = field(default_factory=ModelBuilder)
    values: list[int] = field(default_factory=list)  # tensors that have a value
    used: set[int] = field(default_factory=set)
    steps: list[str] = field(default_factory=list)

    def shape(self, index: int) -> tuple[int, ...]:
        return self.model.tensors[index].shape

    def pick(self, rank: int | None = None) -> int | None:
        """Return a tensor that has a value, one of the newest more often than not."""
        fitting = [i for i in self.values if rank is None or len(self.shape(i)) == rank]
        if not fitting:
            return None
        newest = fitting[-3:] if self.random.random() < 0.7 else fitting
        return int(self.random.choice(newest))

    def new(self, shape: tuple[int, ...], scale: float | None = None, zero_point: int = 0) -> int:
        """Add a tensor on a scale of its own."""
        if scale is None:
            scale = float(np.float32(self.random.uniform(0.01, 0.2)))
            zero_point = int(self.random.integers(-128, 128))
        return self.model.tensor(shape, scale=scale, zero_point=zero_point)

    def like(self, index: int, shape: tuple[int, ...]) -> int:
        """Add a tensor on the scale of another."""
        tensor = self.model.tensors[index]
        return self.new(shape, tensor.scale[0], tensor.zero_point[0])

    def add(self, kind: str, inputs: list[int], outputs: list[int], **options: object) -> None:
        self.model.add(kind, inputs, outputs, **options)  # type: ignore[arg-type]
        self.used.update(inputs)
        self.values += outputs
        self.steps.append(kind)

    def fused(self) -> Activation:
        return _FUSED[int(self.random.integers(len(_FUSED)))]


def _weights(net: Network, x: int, shape: tuple[int, ...], axis: int) -> tuple[int, int]:
    input_scale = np.float32(net.model.tensors[x].scale[0])
    data = net.random.integers(-128, 128, shape, dtype=np.int8)
    count = shape[axis] if net.random.random() < 0.5 else 1
    scales = net.random.uniform(0.001, 0.02, count).astype(np.float32)
    bias = net.random.integers(-500, 500, shape[axis])
    return (
        net.model.tensor(shape, scale=scales, axis=axis, data=data),
        net.model.tensor((shape[axis],), "int32", scale=scales * input_scale, data=bias),
    )


def _convolution(net: Network) -> None:
    x = net.pick(4)
    if x is None:
        return
    batch, height, width, channels = net.shape(x)
    stride, size = int(net.random.integers(1, 3)), int(net.random.integers(1, 4))
    out = (math.ceil(height / stride), math.ceil(width / stride))
    depthwise = net.random.random() < 0.5
    filters = channels if depthwise else int(net.random.integers(1, 9))
    shape = (1, size, size, channels) if depthwise else (filters, size, size, channels)
    w, b = _weights(net, x, shape, 3 if depthwise else 0)
    options = {"multiplier": 1} if depthwise else {}
    net.add(
        "DEPTHWISE_CONV_2D" if depthwise else "CONV_2D",
        [x, w, b],
        [net.new((batch, *out, filters))],
        padding=Padding.SAME,
        stride_h=stride,
        stride_w=stride,
        activation=net.fused(),
        **options,
    )


def _dense(net: Network) -> None:
    x = net.pick(2)
    if x is None:
        return
    rows, inputs = net.shape(x)
    w, b = _weights(net, x, (int(net.random.integers(1, 12)), inputs), 0)
    outputs = net.shape(w)[0]
    net.add("FULLY_CONNECTED", [x, w, b], [net.new((rows, outputs))], activation=net.fused())


def _pool(net: Network) -> None:
    x = net.pick(4)
    if x is None:
        return
    batch, height, width, channels = net.shape(x)
    out = (batch, math.ceil(height / 2), math.ceil(width / 2), channels)
    kind = "MAX_POOL_2D" if net.random.random() < 0.5 else "AVERAGE_POOL_2D"
    sizes = {"stride_h": 2, "stride_w": 2, "filter_height": 2, "filter_width": 3}
    net.add(kind, [x], [net.like(x, out)], padding=Padding.SAME, **sizes)


def _elementwise(net: Network) -> None:
    x = net.pick()
    if x is None:
        return
    partners = [i for i in net.values if net.shape(i) == net.shape(x)]
    y = int(net.random.choice(partners))
    kind = ("ADD", "ADD", "SUB", "MUL")[int(net.random.integers(4))]
    net.add(kind, [x, y], [net.new(net.shape(x))], activation=net.fused())


def _bias_like(net: Network) -> None:
    x = net.pick()
    if x is None or not net.shape(x):
        return
    last = net.shape(x)[-1:]
    data = net.random.integers(-128, 128, last, dtype=np.int8)
    y = net.model.tensor(last, scale=0.05, zero_point=3, data=data)
    operands = [x, y] if net.random.random() < 0.5 else [y, x]
    net.add("MUL", operands, [net.new(net.shape(x))], activation=net.fused())


def _unary(net: Network) -> None:
    x = net.pick()
    if x is None:
        return
    kinds = ("RELU", "LEAKY_RELU", "HARD_SWISH", "QUANTIZE", "LOGISTIC", "TANH", "RELU6")
    kind = kinds[int(net.random.integers(len(kinds)))]
    if kind == "LOGISTIC":
        y = net.new(net.shape(x), 1 / 256, -128)
    elif kind == "TANH":
        y = net.new(net.shape(x), 1 / 128, 0)
    elif kind == "RELU6":
        y = net.like(x, net.shape(x))
    else:
        y = net.new(net.shape(x))
    net.add(kind, [x], [y], **({"alpha": 0.2} if kind == "LEAKY_RELU" else {}))


def _concatenation(net: Network) -> None:
    x = net.pick()
    if x is None or not net.shape(x):
        return
    y = net.like(x, net.shape(x))
    other = int(net.random.choice([i for i in net.values if net.shape(i) == net.shape(x)]))
    net.add("QUANTIZE", [other], [y])
    axis = int(net.random.integers(len(net.shape(x))))
    out = list(net.shape(x))
    out[axis] *= 2
    if math.prod(out) <= _MAX_ELEMENTS:
        net.add("CONCATENATION", [x, y], [net.like(x, tuple(out))], axis=axis)


def _split(net: Network) -> None:
    x = net.pick(4)
    if x is None or net.shape(x)[3] % 2:
        return
    half = (*net.shape(x)[:3], net.shape(x)[3] // 2)
    place = net.model.constant(3)
    net.add("SPLIT", [place, x], [net.like(x, half), net.like(x, half)], num_splits=2)


def _move(net: Network) -> None:
    x = net.pick(4)
    if x is None:
        return
    b, h, w, c = net.shape(x)
    choice = int(net.random.integers(3))
    if choice == 0 and (h + 1) * (w + 2) * b * c <= _MAX_ELEMENTS:
        paddings = net.model.constant([[0, 0], [1, 0], [0, 2], [0, 0]])
        net.add("PAD", [x, paddings], [net.like(x, (b, h + 1, w + 2, c))])
    elif choice == 1:
        order = net.model.constant([0, 2, 1, 3])
        net.add("TRANSPOSE", [x, order], [net.like(x, (b, w, h, c))])
    elif h > 1:
        ends = [net.model.constant(v) for v in ([0, 1, 0, 0], [b, h, w, c], [1, 1, 1, 1])]
        net.add("STRIDED_SLICE", [x, *ends], [net.like(x, (b, h - 1, w, c))])


def _flatten(net: Network) -> None:
    x = net.pick(4)
    if x is None:
        return
    shape = (net.shape(x)[0], math.prod(net.shape(x)[1:]))
    net.add("RESHAPE", [x, net.model.constant(shape)], [net.like(x, shape)], new_shape=shape)


def _reduction(net: Network) -> None:
    x = net.pick(4)
    if x is None:
        return
    b, _, _, c = net.shape(x)
    axes = net.model.constant([1, 2])
    if net.random.random() < 0.5:
        net.add("MEAN", [x, axes], [net.new((b, c))])
    else:
        net.add("REDUCE_MAX", [x, axes], [net.like(x, (b, c))])


def _softmax(net: Network) -> None:
    x = net.pick(2)
    if x is not None:
        net.add("SOFTMAX", [x], [net.new(net.shape(x), 1 / 256, -128)], beta=1.0)


_GROW: list[Callable[[Network], None]] = [
    *(_convolution, _convolution, _convolution, _dense, _pool, _elementwise, _elementwise),
    *(_bias_like, _unary, _concatenation, _split, _move, _flatten, _reduction, _softmax),
]


@st.composite
def networks(draw: Callable[[st.SearchStrategy[int]], int]) -> Case:
    """Draw a network of up to 16 operators, 3 inputs and 3 outputs."""
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    net = Network(random)
    shape = (1, *(int(n) for n in random.integers(3, 9, 2)), int(random.integers(1, 9)))
    inputs = [net.new(shape) for _ in range(draw(st.integers(1, 3)))]
    net.values += inputs
    for _ in range(draw(st.integers(3, 16))):
        _GROW[int(random.integers(len(_GROW)))](net)
    if not net.steps:
        net.add("RELU", [inputs[0]], [net.new(shape)])
    made = [index for index in net.values if index not in inputs]
    loose = [index for index in made if index not in net.used]
    outputs = loose[-2:] + [int(i) for i in random.choice(made, 1) if i not in loose[-2:]]
    return finish(f"network({seed}: {' '.join(net.steps)})", net.model, inputs, outputs, seed)
