"""Write .tflite bytes from a short description: the models that the compiler's tests need.

Source: slots and codes of the tables in tensorflow/lite/schema/schema.fbs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import flatbuffers  # type: ignore[import-untyped]
import numpy as np
import numpy.typing as npt

Value = bool | int | float | tuple[int, ...]

_TYPES = {"float32": 0, "int32": 2, "uint8": 3, "int64": 4, "bool": 6, "int16": 7, "int8": 9}


class Padding(IntEnum):
    """How a window is laid over the borders."""

    SAME = 0
    VALID = 1


class Activation(IntEnum):
    """What is fused behind an operator."""

    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4


@dataclass(frozen=True, slots=True)
class _Options:
    union: int  # value of the BuiltinOptions union; 0: the operator has none
    fields: tuple[tuple[str, str, Value], ...] = ()  # (name, kind, default), in slot order


_PADDING = ("padding", "int8", 0)
_ACTIVATION = ("activation", "int8", 0)
_STRIDES = (("stride_w", "int32", 0), ("stride_h", "int32", 0))
_DILATIONS = (("dilation_w", "int32", 1), ("dilation_h", "int32", 1))
_POOL = _Options(
    5,
    (_PADDING, *_STRIDES, ("filter_width", "int32", 0), ("filter_height", "int32", 0), _ACTIVATION),
)

OPERATORS: dict[str, tuple[int, _Options]] = {
    "ADD": (0, _Options(11, (_ACTIVATION,))),
    "AVERAGE_POOL_2D": (1, _POOL),
    "CONCATENATION": (2, _Options(10, (("axis", "int32", 0), _ACTIVATION))),
    "CONV_2D": (3, _Options(1, (_PADDING, *_STRIDES, _ACTIVATION, *_DILATIONS))),
    "DEPTHWISE_CONV_2D": (
        4,
        _Options(2, (_PADDING, *_STRIDES, ("multiplier", "int32", 0), _ACTIVATION, *_DILATIONS)),
    ),
    "DEQUANTIZE": (6, _Options(38)),
    "FULLY_CONNECTED": (
        9,
        _Options(8, (_ACTIVATION, ("weights_format", "int8", 0), ("keep_num_dims", "bool", False))),
    ),
    "LOGISTIC": (14, _Options(0)),
    "MAX_POOL_2D": (17, _POOL),
    "MUL": (18, _Options(21, (_ACTIVATION,))),
    "RELU": (19, _Options(0)),
    "RELU6": (21, _Options(0)),
    "RESHAPE": (22, _Options(17, (("new_shape", "ints", ()),))),
    "SOFTMAX": (25, _Options(9, (("beta", "float32", 0.0),))),
    "TANH": (28, _Options(0)),
    "PAD": (34, _Options(22)),
    "TRANSPOSE": (39, _Options(26)),
    "MEAN": (40, _Options(27, (("keep_dims", "bool", False),))),
    "SUB": (41, _Options(28, (_ACTIVATION,))),
    "SQUEEZE": (43, _Options(30, (("squeeze_dims", "ints", ()),))),
    "STRIDED_SLICE": (
        45,
        _Options(
            32,
            (
                ("begin_mask", "int32", 0),
                ("end_mask", "int32", 0),
                ("ellipsis_mask", "int32", 0),
                ("new_axis_mask", "int32", 0),
                ("shrink_axis_mask", "int32", 0),
                ("offset", "bool", False),
            ),
        ),
    ),
    "SPLIT": (49, _Options(35, (("num_splits", "int32", 0),))),
    "PADV2": (60, _Options(43)),
    "EXPAND_DIMS": (70, _Options(52)),
    "RESIZE_NEAREST_NEIGHBOR": (
        97,
        _Options(74, (("align_corners", "bool", False), ("half_pixel_centers", "bool", False))),
    ),
    "REDUCE_MAX": (82, _Options(27, (("keep_dims", "bool", False),))),
    "LEAKY_RELU": (98, _Options(75, (("alpha", "float32", 0.0),))),
    "QUANTIZE": (114, _Options(89)),
    "HARD_SWISH": (117, _Options(91)),
    # Known to TensorFlow Lite, not to the compiler: for the tests of refusal.
    "FLOOR": (8, _Options(0)),
}


@dataclass(frozen=True, slots=True)
class _Tensor:
    shape: tuple[int, ...]
    dtype: str
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    axis: int
    data: bytes | None
    name: str


@dataclass(frozen=True, slots=True)
class _Operator:
    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Value]


@dataclass(slots=True)
class ModelBuilder:
    """Collect tensors and operators, then write the model with ``finish``."""

    tensors: list[_Tensor] = field(default_factory=list)
    operators: list[_Operator] = field(default_factory=list)

    def tensor(
        self,
        shape: Sequence[int],
        dtype: str = "int8",
        scale: npt.ArrayLike | None = None,
        zero_point: int | Sequence[int] = 0,
        *,
        axis: int = 0,
        data: npt.ArrayLike | None = None,
        name: str | None = None,
    ) -> int:
        """Add a tensor and return its index.

        Args:
            shape: its dimensions.
            dtype: a key of NumPy: "int8", "int32", "float32", ...
            scale: one for the tensor or one per channel along ``axis``; None: not quantised.
            zero_point: one, or as many as scales.
            axis: the quantised dimension where there is more than one scale.
            data: the value of a constant; None: computed or given at run time.
            name: what messages call it; numbered where it is None.
        """
        scales = () if scale is None else tuple(np.atleast_1d(np.asarray(scale, np.float32)))
        zeros = np.broadcast_to(np.asarray(zero_point, np.int64), (max(len(scales), 1),))
        constant = None
        if data is not None:
            array = np.asarray(data, dtype)
            constant = np.broadcast_to(array, tuple(shape)).tobytes()
        self.tensors.append(
            _Tensor(
                tuple(int(size) for size in shape),
                dtype,
                tuple(float(value) for value in scales),
                tuple(int(value) for value in zeros) if scales else (),
                axis,
                constant,
                name if name is not None else f"t{len(self.tensors)}",
            )
        )
        return len(self.tensors) - 1

    def constant(self, values: npt.ArrayLike, dtype: str = "int32") -> int:
        """Add an unquantised constant, such as axes or paddings, and return its index."""
        array = np.asarray(values, dtype)
        return self.tensor(array.shape, dtype, data=array)

    def add(
        self, kind: str, inputs: Sequence[int], outputs: Sequence[int], **options: Value
    ) -> None:
        """Append an operator; ``options`` are named as in ``OPERATORS``."""
        self.operators.append(_Operator(kind, tuple(inputs), tuple(outputs), options))

    def finish(self, inputs: Sequence[int], outputs: Sequence[int]) -> bytes:
        """Write the model whose only subgraph has these inputs and outputs."""
        return _Writer(self).model(tuple(inputs), tuple(outputs))


class _Writer:
    """One pass of the FlatBuffers builder; children before parents, as the format wants it."""

    def __init__(self, model: ModelBuilder) -> None:
        self._model = model
        self._out = flatbuffers.Builder(1024)

    def model(self, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> bytes:
        out = self._out
        kinds = sorted({operator.kind for operator in self._model.operators})
        buffers = [self._buffer(None)]
        tensors = []
        for tensor in self._model.tensors:
            index = 0
            if tensor.data is not None:
                index = len(buffers)
                buffers.append(self._buffer(tensor.data))
            tensors.append(self._tensor(tensor, index))
        operators = [self._operator(item, kinds) for item in self._model.operators]
        codes = [self._code(OPERATORS[kind][0]) for kind in kinds]
        subgraph = self._table(
            [
                (0, self._offsets(tensors)),
                (1, self._ints(inputs)),
                (2, self._ints(outputs)),
                (3, self._offsets(operators)),
                (4, out.CreateString("main")),
            ]
        )
        fields = [
            (1, self._offsets(codes)),
            (2, self._offsets([subgraph])),
            (3, out.CreateString("test")),
            (4, self._offsets(buffers)),
        ]
        root = self._table(fields, lambda: out.PrependUint32Slot(0, 3, 0))
        out.Finish(root, file_identifier=b"TFL3")
        return bytes(out.Output())

    def _table(
        self, offsets: list[tuple[int, int]], scalars: Callable[[], object] = lambda: None
    ) -> int:
        self._out.StartObject(24)
        for slot, offset in offsets:
            self._out.PrependUOffsetTRelativeSlot(slot, offset, 0)
        scalars()
        return int(self._out.EndObject())

    def _offsets(self, items: Sequence[int]) -> int:
        self._out.StartVector(4, len(items), 4)
        for item in reversed(items):
            self._out.PrependUOffsetTRelative(item)
        return int(self._out.EndVector())

    def _ints(self, values: Sequence[int]) -> int:
        return int(self._out.CreateNumpyVector(np.asarray(values, np.int32)))

    def _buffer(self, data: bytes | None) -> int:
        if data is None:
            return self._table([])
        self._out.StartVector(1, len(data), 16)
        self._out.head -= len(data)
        self._out.Bytes[self._out.head : self._out.head + len(data)] = data
        return self._table([(0, int(self._out.EndVector()))])

    def _code(self, code: int) -> int:
        out = self._out

        def scalars() -> None:
            out.PrependInt8Slot(0, min(code, 127), 0)
            out.PrependInt32Slot(2, 1, 0)
            out.PrependInt32Slot(3, code, 0)

        return self._table([], scalars)

    def _tensor(self, tensor: _Tensor, buffer: int) -> int:
        out = self._out
        name = out.CreateString(tensor.name)
        fields = [(0, self._ints(tensor.shape)), (3, name)]
        if tensor.scale:
            scale = out.CreateNumpyVector(np.asarray(tensor.scale, np.float32))
            zero_point = out.CreateNumpyVector(np.asarray(tensor.zero_point, np.int64))
            fields.append(
                (
                    4,
                    self._table(
                        [(2, scale), (3, zero_point)],
                        lambda: out.PrependInt32Slot(6, tensor.axis, 0),
                    ),
                )
            )

        def scalars() -> None:
            out.PrependInt8Slot(1, _TYPES[tensor.dtype], 0)
            out.PrependUint32Slot(2, buffer, 0)
            out.PrependBoolSlot(8, True, False)

        return self._table(fields, scalars)

    def _operator(self, operator: _Operator, kinds: list[str]) -> int:
        out = self._out
        described = OPERATORS[operator.kind][1]
        options = self._options(described, operator.options)
        fields = [(1, self._ints(operator.inputs)), (2, self._ints(operator.outputs))]
        if described.union:
            fields.append((4, options))

        def scalars() -> None:
            out.PrependUint32Slot(0, kinds.index(operator.kind), 0)
            out.PrependUint8Slot(3, described.union, 0)

        return self._table(fields, scalars)

    def _options(self, described: _Options, values: dict[str, Value]) -> int:
        unknown = set(values) - {name for name, _, _ in described.fields}
        if unknown:
            raise ValueError(f"no such option: {', '.join(sorted(unknown))}")
        out = self._out
        vectors = []
        numbers: list[tuple[int, str, Value, Value]] = []
        for slot, (name, kind, default) in enumerate(described.fields):
            value = values.get(name, default)
            if isinstance(value, tuple):
                vectors.append((slot, self._ints(value)))
            else:
                numbers.append((slot, kind, value, default))

        def scalars() -> None:
            write = {
                "int8": out.PrependInt8Slot,
                "int32": out.PrependInt32Slot,
                "bool": out.PrependBoolSlot,
                "float32": out.PrependFloat32Slot,
            }
            for slot, kind, value, default in numbers:
                write[kind](slot, value, default)

        return self._table(vectors, scalars)
