"""Read a `.tflite` file into a Model, refusing what is unsound before anything else looks at it."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from typing import Any

from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.errors import MalformedModel, UnsupportedModel
from model_compiler.flatbuffer import File, Table
from model_compiler.ir import NUMPY_TYPE, Model, Operator, Quantization, Tensor
from model_compiler.options import OPTIONS, Kind, NoOptions, Options
from model_compiler.schema import (
    FILE_IDENTIFIER,
    SCHEMA_VERSION,
    Activation,
    BufferField,
    ModelField,
    OperatorCodeField,
    OperatorField,
    Padding,
    QuantizationField,
    SubGraphField,
    TensorField,
    TensorType,
)
from model_compiler.soundness import MAX_OPERATORS, MAX_TENSORS, check_soundness

_MAX_TENSOR_BYTES = 2**31 - 1
_MAX_RANK = 8
_MAX_SUBGRAPHS = 100  # to say how many there are; one is taken
_MAX_BUFFERS = 2 * MAX_TENSORS  # metadata have some, too
_MAX_NAME = 200  # names end up in messages and comments
_EXPORT_AGAIN = "Export the model again."


def read_model(data: bytes) -> Model:
    """Return the model in a `.tflite` file.

    Raises:
        MalformedModel: the bytes are damaged, cut short, or no TensorFlow Lite model.
        UnsupportedModel: the file is sound but holds what no operator here could compile.
    """
    file = File(data)
    root = file.root(FILE_IDENTIFIER)
    version = root.unsigned(ModelField.VERSION)
    if version != SCHEMA_VERSION:
        raise UnsupportedModel(f"schema version {version}, {SCHEMA_VERSION} is expected")
    subgraphs = list(root.tables(ModelField.SUBGRAPHS, _MAX_SUBGRAPHS, "subgraphs"))
    if len(subgraphs) != 1:
        raise UnsupportedModel(
            f"it has {len(subgraphs)} subgraphs, one is expected",
            "Export one function, without control flow.",
        )
    (graph,) = subgraphs
    model = Model(
        tensors=_tensors(graph, _buffers(root)),
        operators=_operators(graph, _operator_codes(root)),
        inputs=graph.integers(SubGraphField.INPUTS),
        outputs=graph.integers(SubGraphField.OUTPUTS),
        sha256=hashlib.sha256(data).hexdigest(),
    )
    check_soundness(model)
    return model


def _buffers(root: Table) -> tuple[bytes, ...]:
    return tuple(
        _buffer(table) for table in root.tables(ModelField.BUFFERS, _MAX_BUFFERS, "buffers")
    )


def _buffer(table: Table) -> bytes:
    offset = table.unsigned(BufferField.OFFSET, 8)
    if offset > 1:  # data behind the tables, at a place counted from the start of the file
        return bytes(table.file.slice(offset, table.unsigned(BufferField.SIZE, 8)))
    return bytes(table.vector(BufferField.DATA, 1) or b"")


def _name(table: Table, field_id: int) -> str:
    """Return a name fit for messages: not endless, without line ends and control characters."""
    text = table.text(field_id)[:_MAX_NAME]
    return "".join(char if char.isprintable() else "?" for char in text)


def _tensors(graph: Table, buffers: tuple[bytes, ...]) -> tuple[Tensor, ...]:
    tables = graph.tables(SubGraphField.TENSORS, MAX_TENSORS, "tensors")
    return tuple(_tensor(index, table, buffers) for index, table in enumerate(tables))


def _tensor(index: int, table: Table, buffers: tuple[bytes, ...]) -> Tensor:
    name = _name(table, TensorField.NAME)
    shape = table.integers(TensorField.SHAPE)
    dtype = _dtype(table.integer(TensorField.TYPE, 1), name)
    if len(shape) > _MAX_RANK:
        raise UnsupportedModel(f"it has {len(shape)} dimensions, at most {_MAX_RANK}", tensor=name)
    if any(size < 1 for size in shape):
        problem = f"shape {'x'.join(map(str, shape))} is not fixed"
        raise UnsupportedModel(problem, "Export with fixed input shapes.", tensor=name)
    if math.prod(shape) * NUMPY_TYPE[dtype].itemsize > _MAX_TENSOR_BYTES:
        raise UnsupportedModel("it takes 2 GiB or more", tensor=name)
    if table.boolean(TensorField.IS_VARIABLE):
        problem = "it keeps its value from one inference to the next"
        raise UnsupportedModel(problem, "Unroll recurrent layers.", tensor=name)
    if table.table(TensorField.SPARSITY) is not None:
        raise UnsupportedModel("it is sparse", "Export dense weights.", tensor=name)
    buffer = table.unsigned(TensorField.BUFFER)
    if buffer >= len(buffers):
        raise MalformedModel(f"tensor '{name}' points to buffer {buffer}. {_EXPORT_AGAIN}")
    quantization = _quantization(table.table(TensorField.QUANTIZATION), shape, name)
    return Tensor(index, name, shape, dtype, quantization, buffers[buffer] or None)


def _dtype(number: int, name: str) -> TensorType:
    try:
        dtype = TensorType(number)
    except ValueError:
        raise MalformedModel(f"tensor '{name}' has type {number}. {_EXPORT_AGAIN}") from None
    if dtype not in NUMPY_TYPE:
        cure = "Quantise to int8 with weights of 8 bits."
        raise UnsupportedModel(f"type {dtype.name}", cure, tensor=name)
    return dtype


def _quantization(table: Table | None, shape: tuple[int, ...], name: str) -> Quantization | None:
    if table is None:
        return None
    if table.unsigned(QuantizationField.DETAILS_TYPE, 1) != 0:
        raise UnsupportedModel("custom quantisation", "Use TFLite's own.", tensor=name)
    scales = table.reals(QuantizationField.SCALE)
    zero_points = table.integers(QuantizationField.ZERO_POINT, 8)
    axis = table.integer(QuantizationField.QUANTIZED_DIMENSION)
    if not scales:
        return None
    sound = len(zero_points) == len(scales)
    if len(scales) > 1:
        sound = sound and 0 <= axis < len(shape) and shape[axis] == len(scales)
    if not sound:
        raise MalformedModel(
            f"tensor '{name}' has {len(scales)} scales and {len(zero_points)} zero points along "
            f"axis {axis}. {_EXPORT_AGAIN}"
        )
    return Quantization(scales, zero_points, axis)


def _operator_codes(root: Table) -> list[tuple[int, str]]:
    """Return number and custom name of each operator code of the file."""
    return [
        (
            # Numbers above 127 stand in the newer field only, older files have only the older one.
            max(
                table.integer(OperatorCodeField.DEPRECATED_BUILTIN_CODE, 1),
                table.integer(OperatorCodeField.BUILTIN_CODE),
            ),
            _name(table, OperatorCodeField.CUSTOM_CODE),
        )
        for table in root.tables(ModelField.OPERATOR_CODES, MAX_OPERATORS, "operator codes")
    ]


def _operators(graph: Table, codes: list[tuple[int, str]]) -> tuple[Operator, ...]:
    tables = graph.tables(SubGraphField.OPERATORS, MAX_OPERATORS, "operators")
    return tuple(_operator(index, table, codes) for index, table in enumerate(tables))


def _operator(index: int, table: Table, codes: list[tuple[int, str]]) -> Operator:
    place = table.unsigned(OperatorField.OPCODE_INDEX)
    if place >= len(codes):
        raise MalformedModel(f"operator {index} points to operator code {place}. {_EXPORT_AGAIN}")
    number, custom_name = codes[place]
    try:
        code = BuiltinOperator(number)
    except ValueError:
        raise UnsupportedModel(f"operator {index} has the unknown number {number}") from None
    if code is BuiltinOperator.CUSTOM:
        problem = f"custom operator '{custom_name}'"
        raise UnsupportedModel(problem, "Use TFLite's built-in operators.", code.name, index)
    return Operator(
        index,
        code,
        table.integers(OperatorField.INPUTS),
        table.integers(OperatorField.OUTPUTS),
        _options(code, index, table),
    )


def _options(code: BuiltinOperator, index: int, table: Table) -> Options:
    if code not in OPTIONS:
        return NoOptions()
    wanted, kind = OPTIONS[code]
    found = table.unsigned(OperatorField.BUILTIN_OPTIONS_TYPE, 1)
    content = table.table(OperatorField.BUILTIN_OPTIONS) if found else None
    if content is None:
        return kind()
    if found != wanted:
        raise MalformedModel(
            f"operator {index} ({code.name}) carries options of kind {found}, not {wanted}. "
            f"{_EXPORT_AGAIN}"
        )
    return kind(**{item.name: _option(content, item) for item in dataclasses.fields(kind)})


def _option(table: Table, item: dataclasses.Field[Any]) -> Any:
    field_id: int = item.metadata["id"]
    default: Any = item.default
    match item.metadata["kind"]:
        case Kind.BOOL:
            return table.boolean(field_id, default)
        case Kind.FLOAT:
            return table.real(field_id, default)
        case Kind.INTS:
            return table.integers(field_id)
        case Kind.INT:
            return table.integer(field_id, 4, default)
        case Kind.BYTE:
            return table.integer(field_id, 1, default)
        case kind:
            number = table.integer(field_id, 1, default)
            return _enum(Padding if kind is Kind.PADDING else Activation, number)


def _enum(kind: type[Padding] | type[Activation], number: int) -> Padding | Activation:
    try:
        return kind(number)
    except ValueError:
        raise MalformedModel(f"{kind.__name__} {number} is unknown. {_EXPORT_AGAIN}") from None
