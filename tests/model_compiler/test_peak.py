from __future__ import annotations

import itertools

import numpy as np

from model_compiler import compile_model, dense_classifier, load_model
from model_compiler.buffers import find_buffers, lower_bound_bytes
from model_compiler.ir import Model
from model_compiler.peak import Held, find_peak
from tests.model_compiler.tflite_builder import ModelBuilder


def narrowing() -> Model:
    """Return a model that widens, 4 to 64 to 32 to 4 bytes, with a view in between."""
    builder = ModelBuilder()
    sizes = (4, 64, 32, 4)
    tensors = [builder.tensor((1, size), scale=0.5) for size in sizes]
    view = builder.tensor((1, 8, 8), scale=0.5)
    for first, (size, after) in enumerate(itertools.pairwise(sizes)):
        weights = builder.tensor((after, size), scale=0.5, data=np.ones((after, size)))
        builder.add("FULLY_CONNECTED", (tensors[first], weights), (tensors[first + 1],))
        if size == 4:
            builder.add("RESHAPE", (tensors[1],), (view,))
    return load_model(builder.finish((tensors[0],), (tensors[3],)))


def test_the_moment_and_what_it_holds() -> None:
    peak = find_peak(narrowing())
    assert peak.operator == 2
    outputs = [item for item in peak.held if item.what != "scratch"]
    assert outputs == [
        Held("output of 1 RESHAPE", (1, 8, 8), 64),
        Held("output of 2 FULLY_CONNECTED", (1, 32), 32),
    ]


def test_an_input_is_called_so() -> None:
    peak = find_peak(dense_classifier(100, 3))
    assert Held("input", (1, 100), 100) in peak.held


def test_what_is_held_adds_up_to_the_lower_bound() -> None:
    model = narrowing()
    peak = find_peak(model)
    assert sum(item.nbytes for item in peak.held) == lower_bound_bytes(find_buffers(model).all())
    assert compile_model(model).summary.peak == peak
