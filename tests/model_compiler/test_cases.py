"""The cases that operators are tried on hold all that the compiler promises to take."""

from __future__ import annotations

import functools
from collections.abc import Callable

import pytest

from model_compiler import UnsupportedModel, load_model
from model_compiler.ir import Model, Operator, Tensor
from model_compiler.options import (
    ArithmeticOptions,
    Conv2DOptions,
    DepthwiseConv2DOptions,
    FullyConnectedOptions,
    Pool2DOptions,
)
from model_compiler.schema import Activation, Padding
from tests.model_compiler.batch import gather
from tests.model_compiler.cases import MANY, STRATEGIES

PROMISED = (
    *("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "AVERAGE_POOL_2D", "MAX_POOL_2D"),
    *("ADD", "SUB", "MUL", "CONCATENATION", "PAD", "MEAN", "RESHAPE", "SQUEEZE", "EXPAND_DIMS"),
    *("TRANSPOSE", "SOFTMAX", "LOGISTIC", "TANH", "RELU", "RELU6", "LEAKY_RELU", "HARD_SWISH"),
    *("QUANTIZE", "DEQUANTIZE", "STRIDED_SLICE", "SPLIT", "RESIZE_NEAREST_NEIGHBOR"),
)
FUSED = (Activation.NONE, Activation.RELU, Activation.RELU6, Activation.RELU_N1_TO_1)
CONVOLUTIONS = ("CONV_2D", "DEPTHWISE_CONV_2D")
POOLS = ("AVERAGE_POOL_2D", "MAX_POOL_2D")
FUSING = (*CONVOLUTIONS, *POOLS, "FULLY_CONNECTED", "ADD", "SUB", "MUL")
MOVERS = ("PAD", "PADV2", "RESHAPE", "RESIZE_NEAREST_NEIGHBOR", "SPLIT", "STRIDED_SLICE")

Convolution = Conv2DOptions | DepthwiseConv2DOptions
Window = Convolution | Pool2DOptions


@functools.cache
def taken(kind: str) -> tuple[tuple[Operator, Model], ...]:
    """Return the operators of a kind in the cases that the compiler accepts."""
    found = []
    for case in gather(STRATEGIES[kind], MANY[kind]):
        try:
            model = load_model(case.model)
        except UnsupportedModel:
            continue
        found += [(op, model) for op in model.operators if op.code.name == kind]
    return tuple(found)


def tensors(op: Operator, model: Model) -> tuple[Tensor, Tensor]:
    """Return the data that comes in, and the first output."""
    source = op.inputs[1] if op.code.name == "SPLIT" else op.inputs[0]
    return model.tensors[source], model.tensors[op.outputs[0]]


def keeps_quantization(op: Operator, model: Model) -> bool:
    source, target = tensors(op, model)
    return source.quantization == target.quantization


def windows(kind: str) -> list[Window]:
    return [op.options for op, _ in taken(kind) if isinstance(op.options, Window)]


@pytest.mark.parametrize("kind", PROMISED)
def test_every_promised_operator_is_tried_often(kind: str) -> None:
    assert len(taken(kind)) >= MANY[kind] // 2


@pytest.mark.parametrize("kind", FUSING)
def test_every_fused_activation_occurs(kind: str) -> None:
    fusing = Window | FullyConnectedOptions | ArithmeticOptions
    found = {op.options.activation for op, _ in taken(kind) if isinstance(op.options, fusing)}
    assert found == set(FUSED)


@pytest.mark.parametrize("padding", Padding)
@pytest.mark.parametrize("kind", [*CONVOLUTIONS, *POOLS])
def test_every_padding_occurs_with_every_stride(kind: str, padding: Padding) -> None:
    found = [options for options in windows(kind) if options.padding is padding]
    assert {options.stride_h for options in found} == {1, 2, 3}
    assert {options.stride_w for options in found} == {1, 2, 3}
    assert any(options.stride_h != options.stride_w for options in found)


@pytest.mark.parametrize("kind", CONVOLUTIONS)
def test_every_dilation_occurs(kind: str) -> None:
    found = [options for options in windows(kind) if isinstance(options, Convolution)]
    assert {options.dilation_h for options in found} == {1, 2, 3}
    assert {options.dilation_w for options in found} == {1, 2, 3}
    assert {options.padding for options in found if options.dilation_h > 1} == set(Padding)
    assert any(options.dilation_h > 1 and options.stride_h > 1 for options in found)


@pytest.mark.parametrize("kind", [*CONVOLUTIONS, "FULLY_CONNECTED"])
def test_weights_per_tensor_and_per_channel_occur(kind: str) -> None:
    def scales(op: Operator, model: Model) -> int:
        quantization = model.tensors[op.inputs[1]].quantization
        return 0 if quantization is None else len(quantization.scales)

    per_channel = {scales(op, model) > 1 for op, model in taken(kind)}
    with_bias = {len(op.inputs) > 2 and op.inputs[2] >= 0 for op, _ in taken(kind)}
    assert per_channel == with_bias == {False, True}


def test_every_depth_multiplier_occurs() -> None:
    found = {
        options.depth_multiplier
        for options in windows("DEPTHWISE_CONV_2D")
        if isinstance(options, DepthwiseConv2DOptions)
    }
    assert found == {1, 2, 3}


@pytest.mark.parametrize("kind", [*CONVOLUTIONS, *POOLS, "RESIZE_NEAREST_NEIGHBOR"])
def test_batches_occur(kind: str) -> None:
    assert {tensors(op, model)[0].shape[0] for op, model in taken(kind)} == {1, 2}


@pytest.mark.parametrize("kind", ["RELU", "LEAKY_RELU", "QUANTIZE", "MEAN"])
def test_changes_of_scale_occur(kind: str) -> None:
    assert not all(keeps_quantization(op, model) for op, model in taken(kind))


@pytest.mark.parametrize("kind", [*MOVERS, "RELU", "LEAKY_RELU", "TRANSPOSE"])
def test_kept_and_changed_quantisation_occur(kind: str) -> None:
    found = {keeps_quantization(op, model) for op, model in taken(kind)}
    assert found == {False, True}


@pytest.mark.parametrize(
    ("kind", "differs"),
    [
        ("ADD", lambda one, other: one.shape != other.shape),
        ("SUB", lambda one, other: one.shape != other.shape),
        ("MUL", lambda one, other: one.shape != other.shape),
        ("ADD", lambda one, other: (one.data is None) != (other.data is None)),
        ("ADD", lambda one, other: one is other),
    ],
    ids=["ADD broadcasts", "SUB broadcasts", "MUL broadcasts", "ADD constant", "ADD itself"],
)
def test_pairs_that_differ_occur(kind: str, differs: Callable[[Tensor, Tensor], bool]) -> None:
    pairs = [
        (model.tensors[op.inputs[0]], model.tensors[op.inputs[1]]) for op, model in taken(kind)
    ]
    found = {differs(one, other) for one, other in pairs}
    assert found == {False, True}
