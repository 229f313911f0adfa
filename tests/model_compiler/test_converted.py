"""Keras models, as TensorFlow's converter writes them, compile and answer as TFLM does."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_compiler import load_model
from model_compiler.ir import NUMPY_TYPE
from tests.model_compiler.batch import assert_equal, compiled, needs_gcc, run_host
from tests.model_compiler.cases import Case
from tests.model_compiler.oracle import needs_oracle

pytestmark = [
    needs_oracle,
    needs_gcc,
    pytest.mark.slow,
    pytest.mark.skipif(
        importlib.util.find_spec("tensorflow") is None, reason="TensorFlow is not installed"
    ),
]


def perceptron(layers: Any, shape: Any) -> tuple[Any, Any]:
    x = shape((20,))
    hidden = layers.Dense(16, activation="relu")(x)
    return x, layers.Dense(4, activation="softmax")(hidden)


def series(layers: Any, shape: Any) -> tuple[Any, Any]:
    x = shape((64, 3))
    y = layers.Conv1D(8, 5, strides=2, activation="relu")(x)
    y = layers.MaxPooling1D(2)(y)
    y = layers.Conv1D(8, 3, padding="causal", dilation_rate=2, activation="relu")(y)
    pooled = [layers.GlobalAveragePooling1D()(y), layers.GlobalMaxPooling1D()(y)]
    return x, layers.Dense(3, activation="softmax")(layers.Concatenate()(pooled))


def residual_image(layers: Any, shape: Any) -> tuple[Any, Any]:
    x = shape((16, 16, 3))
    y = layers.ZeroPadding2D(1)(x)
    y = layers.Conv2D(8, 3, strides=2, activation="hard_swish")(y)
    z = layers.SeparableConv2D(8, 3, padding="same")(y)
    z = layers.LeakyReLU(negative_slope=0.1)(layers.BatchNormalization()(z))
    gate = layers.GlobalAveragePooling2D(keepdims=True)(z)
    gate = layers.Conv2D(8, 1, activation="sigmoid")(gate)
    y = layers.ReLU(6)(layers.Add()([y, layers.Multiply()([z, gate])]))
    y = layers.Permute((2, 1, 3))(layers.Cropping2D(1)(y))
    return x, layers.Dense(2, activation="tanh")(layers.Flatten()(layers.AveragePooling2D(2)(y)))


def two_inputs(layers: Any, shape: Any) -> tuple[Any, Any]:
    x, y = shape((8, 4)), shape((8, 4))
    difference = layers.Subtract()([layers.Dense(4)(x), layers.Dense(4, activation="swish")(y)])
    return [x, y], [layers.Softmax()(difference), layers.GlobalMaxPooling1D()(difference)]


@pytest.mark.parametrize("float_ends", [False, True], ids=["int8", "float32"])
@pytest.mark.parametrize("build", [perceptron, series, residual_image, two_inputs])
def test_converted(
    build: Callable[[Any, Any], tuple[Any, Any]], float_ends: bool, tmp_path: Path
) -> None:
    model = convert(build, float_ends)
    ports = [load_model(model).tensors[index] for index in load_model(model).inputs]
    assert all((tensor.dtype.name == "FLOAT32") == float_ends for tensor in ports)
    random = np.random.default_rng(1)
    sets = tuple(
        tuple(
            (random.normal(0, 40 - 39 * float_ends, tensor.shape))
            .clip(-128, 127)
            .astype(NUMPY_TYPE[tensor.dtype])
            for tensor in ports
        )
        for _ in range(10)
    )
    case = Case(build.__name__, model, sets, len(load_model(model).outputs))
    taken, refused = compiled([case])
    assert not refused
    answers = run_host(taken, tmp_path)
    assert len(set(answers)) > 5
    assert_equal(taken, answers)


def convert(build: Callable[[Any, Any], tuple[Any, Any]], float_ends: bool) -> bytes:
    """Convert an untrained model with full-integer quantisation, calibrated on noise."""
    import keras
    import tensorflow as tf

    keras.utils.set_random_seed(1)
    inputs, outputs = build(keras.layers, lambda size: keras.Input(batch_shape=(1, *size)))
    model = keras.Model(inputs, outputs)
    random = np.random.default_rng(0)
    samples = [
        [random.normal(0, 1, tensor.shape).astype(np.float32) for tensor in model.inputs]
        for _ in range(20)
    ]
    converter = tf.lite.TFLiteConverter.from_keras_model(model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: iter(samples)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if not float_ends:
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())
