"""Models that were put together in Python, or by a hostile hand, are refused with a ModelError."""

from __future__ import annotations

import dataclasses

import pytest

from model_compiler import (
    MalformedModel,
    ModelError,
    UnsupportedModel,
    compile_model,
    dense_classifier,
    load_model,
)
from model_compiler.ir import Model, Operator
from model_compiler.schema import TensorType
from tests.model_compiler.tflite_builder import ModelBuilder

SOUND = dense_classifier(4, 3)


def with_tensor(place: int, **changes: object) -> Model:
    tensors = list(SOUND.tensors)
    tensors[place] = dataclasses.replace(tensors[place], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(SOUND, tensors=tuple(tensors))


def with_operator(**changes: object) -> Model:
    op: Operator = dataclasses.replace(SOUND.operators[0], **changes)  # type: ignore[arg-type]
    return dataclasses.replace(SOUND, operators=(op,))


UNSOUND: list[tuple[str, Model, str]] = [
    ("tensor index", with_tensor(0, index=7), "tensor 0 .* has the index 7"),
    ("operator index", with_operator(index=5), "operator 0 has the index 5"),
    ("short weights", with_tensor(1, data=b"123"), "3 bytes of data, its shape needs 12"),
    ("no elements", with_tensor(0, shape=(0, 4)), "no elements"),
    ("unknown type", with_tensor(0, dtype=TensorType.FLOAT16), "type FLOAT16"),
    ("no such tensor", with_operator(inputs=(0, 1, 99)), "names tensor 99"),
    ("reads itself", with_operator(inputs=(3, 1, 2)), "before it is written"),
    ("writes its input", with_operator(outputs=(0,)), "overwrites tensor 'features'"),
    ("writes a constant", with_operator(outputs=(1,)), "overwrites tensor 'weights'"),
    ("writes twice", with_operator(outputs=(3, 3)), "writes a tensor twice"),
    ("no outputs", with_operator(outputs=()), "output is not computed"),
    ("output constant", dataclasses.replace(SOUND, outputs=(1,)), "output is not computed"),
    ("input twice", dataclasses.replace(SOUND, inputs=(0, 0)), "listed twice"),
    ("input constant", dataclasses.replace(SOUND, inputs=(0, 1)), "is a constant"),
]


@pytest.mark.parametrize(
    ("model", "says"), [case[1:] for case in UNSOUND], ids=[case[0] for case in UNSOUND]
)
def test_unsound_models_are_refused(model: Model, says: str) -> None:
    with pytest.raises(ModelError, match=says):
        compile_model(model)


def test_the_model_they_come_from_is_sound() -> None:
    assert compile_model(SOUND).summary.macs == 12


def test_a_cycle_is_refused() -> None:
    first, second = (
        Operator(index, SOUND.operators[0].code, (source, 1, 2), (target,))
        for index, (source, target) in enumerate([(4, 3), (3, 4)])
    )
    tensors = (*SOUND.tensors, dataclasses.replace(SOUND.tensors[3], index=4))
    with pytest.raises(MalformedModel, match="before it is written"):
        compile_model(Model(tensors, (first, second), (0,), (3,), ""))


def test_constants_that_are_read_over_and_over_are_refused() -> None:
    """70 layers share 1 MB of weights: a small file whose compilation would take minutes."""
    size = 1000
    builder = ModelBuilder()
    weights = builder.tensor((size, size), scale=0.001, data=[[1] * size] * size)
    first = last = builder.tensor((1, size), scale=0.5)
    for _ in range(70):
        target = builder.tensor((1, size), scale=0.5)
        builder.add("FULLY_CONNECTED", (last, weights), (target,))
        last = target
    with pytest.raises(UnsupportedModel, match="70,000,000 bytes of constants"):
        load_model(builder.finish((first,), (last,)))


@pytest.mark.parametrize(
    ("scale", "zero_point"), [(float("nan"), 0), (float("inf"), 0), (-1.0, 0), (0.5, 2**40)]
)
def test_a_scale_that_no_header_could_state_is_refused(scale: float, zero_point: int) -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor(shape, scale=scale, zero_point=zero_point) for shape in ((2, 3), (6,)))
    builder.add("RESHAPE", (x,), (y,))
    with pytest.raises(UnsupportedModel, match="tensor 't0'"):
        load_model(builder.finish((x,), (y,)))


def test_an_output_may_be_an_input_and_stand_twice() -> None:
    builder = ModelBuilder()
    x, y = (builder.tensor((1, 4), scale=0.5) for _ in range(2))
    builder.add("RELU", (x,), (y,))
    summary = compile_model(load_model(builder.finish((x,), (y, x, y)))).summary
    first, second, third = summary.outputs
    assert second.offset == summary.inputs[0].offset != first.offset == third.offset


def test_an_input_that_nobody_reads_has_a_place() -> None:
    tensors = (*SOUND.tensors, dataclasses.replace(SOUND.tensors[0], index=4, name="unread"))
    summary = compile_model(dataclasses.replace(SOUND, tensors=tensors, inputs=(0, 4))).summary
    used, unread = summary.inputs
    assert abs(used.offset - unread.offset) >= used.nbytes
