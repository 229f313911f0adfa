"""Networks of mixed operators answer as TensorFlow Lite Micro does: the plan of the arena holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.model_compiler.batch import assert_equal, compiled, gather, needs_gcc, run_host
from tests.model_compiler.cases import finish
from tests.model_compiler.networks import networks
from tests.model_compiler.oracle import needs_oracle
from tests.model_compiler.tflite_builder import ModelBuilder

pytestmark = [needs_oracle, needs_gcc]


def test_a_few_networks(tmp_path: Path) -> None:
    taken, refused = compiled(gather(networks(), 15))
    assert not refused
    assert_equal(taken, run_host(taken, tmp_path))


@pytest.mark.slow
def test_many_networks(tmp_path: Path) -> None:
    taken, refused = compiled(gather(networks(), 120))
    assert not refused
    assert max(len(item.case.inputs[0]) for item in taken) == 3
    assert max(item.case.outputs for item in taken) == 3
    assert_equal(taken, run_host(taken, tmp_path))


def test_a_model_of_nothing_but_a_view(tmp_path: Path) -> None:
    model = ModelBuilder()
    x = model.tensor((2, 6), scale=0.1)
    y = model.tensor((3, 4), scale=0.1)
    model.add("RESHAPE", [x, model.constant([3, 4])], [y], new_shape=(3, 4))
    taken, refused = compiled([finish("view", model, [x], [y], 0)])
    assert not refused
    assert_equal(taken, run_host(taken, tmp_path))


def test_an_output_that_is_read_again_and_given_twice(tmp_path: Path) -> None:
    model = ModelBuilder()
    x = model.tensor((2, 6), scale=0.1)
    middle = model.tensor((2, 6), scale=0.2, zero_point=5)
    end = model.tensor((2, 6), scale=0.3, zero_point=-7)
    model.add("RELU", [x], [middle])
    model.add("RELU", [middle], [end])
    taken, refused = compiled([finish("twice", model, [x], [end, middle, end], 0)])
    assert not refused
    assert_equal(taken, run_host(taken, tmp_path))


def test_an_input_that_nobody_reads(tmp_path: Path) -> None:
    model = ModelBuilder()
    x = model.tensor((4,), scale=0.1)
    unused = model.tensor((9,), scale=0.1)
    y = model.tensor((4,), scale=0.2)
    model.add("RELU", [x], [y])
    taken, refused = compiled([finish("unused", model, [unused, x], [y], 0)])
    assert not refused
    assert_equal(taken, run_host(taken, tmp_path))
