"""Numbers of the TensorFlow Lite file format: enums and field ids.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs of tensorflow/tflite-micro 90b983c. A
field's id is its place in its table; `Table.scalar` and its siblings look it up in the vtable.
"""

from __future__ import annotations

from enum import IntEnum

FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3


class TensorType(IntEnum):
    """Element type of a tensor."""

    FLOAT32 = 0
    FLOAT16 = 1
    INT32 = 2
    UINT8 = 3
    INT64 = 4
    STRING = 5
    BOOL = 6
    INT16 = 7
    COMPLEX64 = 8
    INT8 = 9
    FLOAT64 = 10
    COMPLEX128 = 11
    UINT64 = 12
    RESOURCE = 13
    VARIANT = 14
    UINT32 = 15
    UINT16 = 16
    INT4 = 17
    BFLOAT16 = 18
    INT2 = 19
    UINT4 = 20
    FLOAT8_E4M3FN = 21
    FLOAT8_E5M2 = 22


class Padding(IntEnum):
    """Padding scheme of convolutions and pools."""

    SAME = 0
    VALID = 1


class Activation(IntEnum):
    """ActivationFunctionType: what an operator does to its result."""

    NONE = 0
    RELU = 1
    RELU_N1_TO_1 = 2
    RELU6 = 3
    TANH = 4
    SIGN_BIT = 5


class ModelField(IntEnum):
    """Fields of table Model."""

    VERSION = 0
    OPERATOR_CODES = 1
    SUBGRAPHS = 2
    DESCRIPTION = 3
    BUFFERS = 4


class OperatorCodeField(IntEnum):
    """Fields of table OperatorCode."""

    DEPRECATED_BUILTIN_CODE = 0
    CUSTOM_CODE = 1
    VERSION = 2
    BUILTIN_CODE = 3


class SubGraphField(IntEnum):
    """Fields of table SubGraph."""

    TENSORS = 0
    INPUTS = 1
    OUTPUTS = 2
    OPERATORS = 3
    NAME = 4


class TensorField(IntEnum):
    """Fields of table Tensor. A union such as `details` takes two ids in its own table."""

    SHAPE = 0
    TYPE = 1
    BUFFER = 2
    NAME = 3
    QUANTIZATION = 4
    IS_VARIABLE = 5
    SPARSITY = 6
    SHAPE_SIGNATURE = 7


class QuantizationField(IntEnum):
    """Fields of table QuantizationParameters."""

    MIN = 0
    MAX = 1
    SCALE = 2
    ZERO_POINT = 3
    DETAILS_TYPE = 4
    DETAILS = 5
    QUANTIZED_DIMENSION = 6


class OperatorField(IntEnum):
    """Fields of table Operator."""

    OPCODE_INDEX = 0
    INPUTS = 1
    OUTPUTS = 2
    BUILTIN_OPTIONS_TYPE = 3
    BUILTIN_OPTIONS = 4


class BufferField(IntEnum):
    """Fields of table Buffer; `OFFSET` and `SIZE` place large models' data behind the tables."""

    DATA = 0
    OFFSET = 1
    SIZE = 2


PLACEHOLDER_FOR_GREATER_OP_CODES = 127
