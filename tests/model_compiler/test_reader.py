from __future__ import annotations

import struct

import numpy as np
import pytest

from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.compilation import load_model
from model_compiler.errors import MalformedModel, ModelError, UnsupportedModel
from model_compiler.options import Conv2DOptions
from model_compiler.reader import read_model
from model_compiler.schema import Activation, Padding, TensorType
from tests.model_compiler.tflite_builder import ModelBuilder


def convolution() -> ModelBuilder:
    builder = ModelBuilder()
    builder.tensor((1, 6, 5, 2), scale=0.5, zero_point=3, name="image")
    weights = np.arange(4 * 3 * 2 * 2).reshape(4, 3, 2, 2) - 20
    builder.tensor(
        (4, 3, 2, 2), scale=(0.1, 0.2, 0.3, 0.4), zero_point=(0,) * 4, data=weights, name="filters"
    )
    builder.constant([1, -2, 3, -4])
    builder.tensor((1, 3, 5, 4), scale=0.25, zero_point=-7, name="features")
    builder.add("CONV_2D", (0, 1, 2), (3,), padding=0, stride_h=2, stride_w=1, activation=1)
    return builder


def tiny() -> bytes:
    return convolution().finish((0,), (3,))


def test_a_model_is_read_whole() -> None:
    model = load_model(tiny())
    image, filters, bias, features = model.tensors
    assert (image.name, image.shape, image.dtype) == ("image", (1, 6, 5, 2), TensorType.INT8)
    assert (image.scale, image.zero_point) == (0.5, 3)
    assert filters.quantization is not None
    assert filters.quantization.scales == tuple(
        map(float, np.array([0.1, 0.2, 0.3, 0.4], np.float32))
    )
    assert filters.values()[3, 2, 1].tolist() == [26, 27]
    assert bias.values().tolist() == [1, -2, 3, -4]
    assert features.data is None
    (op,) = model.operators
    assert (op.code, op.inputs, op.outputs) == (BuiltinOperator.CONV_2D, (0, 1, 2), (3,))
    assert op.options == Conv2DOptions(Padding.SAME, 1, 2, Activation.RELU, 1, 1)
    assert (model.inputs, model.outputs) == ((0,), (3,))
    assert len(model.sha256) == 64


@pytest.mark.parametrize("data", [b"", b"TFL3", b"\0" * 64, b"PK\x03\x04" * 10])
def test_what_is_no_model_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedModel, match="not a TensorFlow Lite model"):
        read_model(data)


def test_every_cut_is_refused() -> None:
    data = tiny()
    for length in range(8, len(data) - 16, 7):
        with pytest.raises(ModelError):
            read_model(data[:length])


def test_an_offset_behind_the_end_is_refused() -> None:
    with pytest.raises(MalformedModel, match="outside the file"):
        read_model(struct.pack("<I", 0x7FFFFFF0) + tiny()[4:])


def test_a_vtable_before_the_file_is_refused() -> None:
    data = bytearray(tiny())
    (root,) = struct.unpack_from("<I", data)
    struct.pack_into("<i", data, root, root + 100)
    with pytest.raises(MalformedModel, match="outside the file"):
        read_model(bytes(data))


def test_an_unknown_operator_is_named_with_what_is_supported() -> None:
    builder = ModelBuilder()
    builder.tensor((1, 4), scale=1.0)
    builder.tensor((1, 4), scale=1.0)
    builder.add("FLOOR", (0,), (1,))
    with pytest.raises(UnsupportedModel, match=r"operator 0 \(FLOOR\).*Supported are ADD"):
        load_model(builder.finish((0,), (1,)))


def test_a_float_model_is_told_to_quantise() -> None:
    builder = ModelBuilder()
    builder.tensor((1, 4), "float32")
    builder.tensor((2, 4), "float32", data=np.ones((2, 4)))
    builder.tensor((1, 2), "float32")
    builder.add("FULLY_CONNECTED", (0, 1), (2,))
    with pytest.raises(UnsupportedModel, match="full-integer quantisation"):
        load_model(builder.finish((0,), (2,)))


def test_data_of_the_wrong_length_is_refused() -> None:
    builder = convolution()
    shape = builder.tensors[2]
    object.__setattr__(shape, "shape", (5,))
    with pytest.raises(MalformedModel, match="16 bytes of data, its shape needs 20"):
        read_model(builder.finish((0,), (3,)))


def test_a_tensor_read_before_it_is_written_is_refused() -> None:
    builder = ModelBuilder()
    for _ in range(3):
        builder.tensor((1, 4), scale=1.0)
    builder.add("RELU", (1,), (2,))
    builder.add("RELU", (0,), (1,))
    with pytest.raises(MalformedModel, match="before it is written"):
        load_model(builder.finish((0,), (2,)))


@pytest.mark.parametrize(("inputs", "outputs"), [((9,), (1,)), ((0,), (9,)), ((-1,), (1,))])
def test_indices_that_lead_nowhere_are_refused(
    inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> None:
    builder = ModelBuilder()
    builder.tensor((1, 4), scale=1.0)
    builder.tensor((1, 4), scale=1.0)
    builder.add("RELU", (0,), (1,))
    with pytest.raises(MalformedModel, match="there are 2"):
        load_model(builder.finish(inputs, outputs))


def test_a_shape_that_is_not_fixed_is_refused() -> None:
    builder = ModelBuilder()
    builder.tensor((-1, 4), scale=1.0)
    builder.tensor((1, 4), scale=1.0)
    builder.add("RELU", (0,), (1,))
    with pytest.raises(UnsupportedModel, match="fixed input shapes"):
        load_model(builder.finish((0,), (1,)))


def test_weights_that_could_overflow_are_refused() -> None:
    builder = ModelBuilder()
    builder.tensor((1, 200), scale=1.0, zero_point=-128)
    builder.tensor((1, 200), scale=1.0, data=np.full((1, 200), 127))
    builder.constant([2**31 - 1])
    builder.tensor((1, 1), scale=1.0)
    builder.add("FULLY_CONNECTED", (0, 1, 2), (3,))
    with pytest.raises(UnsupportedModel, match="more than 32 bits hold"):
        load_model(builder.finish((0,), (3,)))


@pytest.mark.timeout(20)
def test_a_shape_of_a_million_huge_dimensions_is_refused_at_once() -> None:
    builder = ModelBuilder()
    builder.tensor((1, 4), scale=1.0)
    builder.tensor((1, 4), scale=1.0)
    object.__setattr__(builder.tensors[0], "shape", (2**31 - 1,) * 1_000_000)
    builder.add("RELU", (0,), (1,))
    with pytest.raises(UnsupportedModel, match="1000000 dimensions, at most 8"):
        load_model(builder.finish((0,), (1,)))


def test_a_model_with_too_many_operators_is_refused() -> None:
    builder = ModelBuilder()
    builder.tensor((1, 4), scale=1.0)
    for index in range(1001):
        builder.tensor((1, 4), scale=1.0)
        builder.add("RELU", (index,), (index + 1,))
    with pytest.raises(UnsupportedModel, match="1001 operators"):
        load_model(builder.finish((0,), (1001,)))


def test_a_depth_multiplier_that_contradicts_the_weights_is_refused() -> None:
    builder = ModelBuilder()
    builder.tensor((1, 3, 3, 2), scale=1.0)
    builder.tensor((1, 1, 1, 4), scale=1.0, data=np.ones((1, 1, 1, 4)))
    builder.tensor((1, 3, 3, 4), scale=1.0)
    options = {"stride_h": 1, "stride_w": 1, "multiplier": 1}
    builder.add("DEPTHWISE_CONV_2D", (0, 1), (2,), **options)
    with pytest.raises(UnsupportedModel, match="depth multiplier 1"):
        load_model(builder.finish((0,), (2,)))


def test_a_name_cannot_write_to_the_terminal() -> None:
    builder = ModelBuilder()
    x = builder.tensor((1, 4), scale=1.0, name="\x1b[2J\r\nok\u202e" + "n" * 1000)
    y = builder.tensor((1, 4), "int16", scale=1.0)
    builder.add("RELU", (x,), (y,))
    (name,) = (read_model(builder.finish((x,), (y,))).tensors[index].name for index in (x,))
    assert name.startswith("?[2J??ok?nnn")
    assert len(name) == 200
