"""The model as a value: tensors, operators, and their order.

A `Model` comes from `model_compiler.reader`, or is put together in Python, as `dense_classifier`
does. Scales are float32 values held in Python floats; whoever multiplies decides the precision.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.optimise import Optimise
from model_compiler.options import FullyConnectedOptions, NoOptions, Options
from model_compiler.schema import TensorType

NO_TENSOR = -1
"""Tensor index of an optional input that is absent, such as a missing bias."""

_NO_OPTIONS = NoOptions()

NUMPY_TYPE: dict[TensorType, np.dtype[np.generic]] = {
    TensorType.FLOAT32: np.dtype("<f4"),
    TensorType.INT32: np.dtype("<i4"),
    TensorType.UINT8: np.dtype("u1"),
    TensorType.INT64: np.dtype("<i8"),
    TensorType.BOOL: np.dtype("?"),
    TensorType.INT16: np.dtype("<i2"),
    TensorType.INT8: np.dtype("i1"),
    TensorType.UINT32: np.dtype("<u4"),
    TensorType.UINT16: np.dtype("<u2"),
}
"""Element types whose size is known here; a tensor of another type is refused by its operator."""


@dataclass(frozen=True, slots=True)
class Quantization:
    """How integers stand for reals: real = scale * (q - zero_point), per tensor or along `axis`."""

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes of another tensor, `whole`, from byte `offset` on."""

    whole: int
    offset: int


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor.

    `data` holds a constant's elements, little-endian, and is None for the others. `part` is set
    where the tensor is some of the bytes of another: writing either writes both.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: TensorType
    quantization: Quantization | None = None
    data: bytes | None = None
    part: Part | None = None

    @property
    def count(self) -> int:
        """Return the number of elements; 1 for a scalar."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Return the size in bytes; KeyError for types that `NUMPY_TYPE` does not hold."""
        return self.count * NUMPY_TYPE[self.dtype].itemsize

    @property
    def scale(self) -> float:
        """Return the only scale of a tensor that is quantised per tensor."""
        assert self.quantization is not None  # noqa: S101, operators check first
        (scale,) = self.quantization.scales
        return scale

    @property
    def zero_point(self) -> int:
        """Return the only zero point of a tensor that is quantised per tensor."""
        assert self.quantization is not None  # noqa: S101, operators check first
        (zero_point,) = self.quantization.zero_points
        return zero_point

    def values(self) -> npt.NDArray[np.generic]:
        """Return a constant's elements in the tensor's shape, read-only."""
        assert self.data is not None  # noqa: S101, operators check first
        return np.frombuffer(self.data, NUMPY_TYPE[self.dtype]).reshape(self.shape)


@dataclass(frozen=True, slots=True)
class Band:
    """The rows that an operator makes where it makes some of its output only.

    Attributes:
        number: 0 for the uppermost band.
        source: Index of the whole operator.
        rows: How many rows it makes.
        padding: How many rows its window begins above the rows of its input, in place of what the
            options say; 0 or more.
    """

    number: int
    source: int
    rows: int
    padding: int


@dataclass(frozen=True, slots=True)
class Operator:
    """One step; `inputs` and `outputs` are tensor indices, `NO_TENSOR` for an absent input.

    `band` is set where it makes a band of what the operator of the model file makes; then its
    tensors are bands as well.
    """

    index: int
    code: BuiltinOperator
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Options = _NO_OPTIONS
    band: Band | None = None


@dataclass(frozen=True, slots=True)
class Model:
    """Tensors by index and operators in the order in which they run.

    Attributes:
        sha256: Digest of the file that the model was read from, in hex.
        optimise: What the compilation prefers; operators read it where they choose.
    """

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    sha256: str
    optimise: Optimise = Optimise.BALANCED


def dense_classifier(features: int, classes: int) -> Model:
    """Build the smallest model that classifies: one FULLY_CONNECTED layer from features to scores.

    The weights mean nothing; they are there so that code, constants and arena have a real size.

    Args:
        features: Number of int8 inputs, at least 1.
        classes: Number of int8 outputs, at least 1.
    """
    weights = (np.arange(features * classes) * 37 % 255 - 127).astype(np.int8)
    bias = (np.arange(classes, dtype="<i4") - classes // 2) * 1000
    half = Quantization((0.5,), (0,))
    tensors = (
        Tensor(0, "features", (1, features), TensorType.INT8, half),
        Tensor(1, "weights", (classes, features), TensorType.INT8, half, weights.tobytes()),
        Tensor(2, "bias", (classes,), TensorType.INT32, None, bias.astype("<i4").tobytes()),
        Tensor(3, "scores", (1, classes), TensorType.INT8, Quantization((float(features),), (0,))),
    )
    layer = Operator(0, BuiltinOperator.FULLY_CONNECTED, (0, 1, 2), (3,), FullyConnectedOptions())
    digest = hashlib.sha256(f"dense classifier {features} {classes}".encode()).hexdigest()
    return Model(tensors, (layer,), (0,), (3,), digest)
