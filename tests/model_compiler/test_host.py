from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest

from model_compiler import (
    HostBuildFailed,
    HostCompilerMissing,
    HostModel,
    UnsupportedModel,
    compile_model,
    dense_classifier,
    load_model,
)
from model_compiler.compiled import CompiledModel
from tests.model_compiler.tflite_builder import ModelBuilder

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="cc, gcc and clang are missing"
)


@needs_compiler
def test_a_dense_layer_by_hand(tmp_path: Path) -> None:
    host = HostModel(compile_model(dense_classifier(2, 2)), directory=tmp_path)
    # weights -127 -90 / -53 -16, bias -1000 0, multiplier 0.5 * 0.5 / 2
    x = np.array([[1, 2], [-100, 3], [0, 0]], np.int8)
    sums = x @ np.array([[-127, -53], [-90, -16]]) + np.array([-1000, 0])
    expected = np.clip(np.sign(sums) * np.floor(np.abs(sums) / 8 + 0.5), -128, 127)
    assert host.run(x).tolist() == expected.astype(int).tolist()


def rescaling(scale: float) -> CompiledModel:
    builder = ModelBuilder()
    x, y = builder.tensor((1, 2), scale=0.5), builder.tensor((1, 2), scale=scale)
    builder.add("RELU", (x,), (y,))
    return compile_model(load_model(builder.finish((x,), (y,))))


@needs_compiler
def test_two_models_of_one_name_in_one_folder_stay_apart(tmp_path: Path) -> None:
    x = np.array([[10, 20]], np.int8)
    first = HostModel(rescaling(0.5), directory=tmp_path)
    second = HostModel(rescaling(1.0), directory=tmp_path)
    assert second.run(x).tolist() == [[5, 10]]
    assert first.run(x).tolist() == [[10, 20]]


@needs_compiler
def test_two_inputs_and_two_outputs() -> None:
    builder = ModelBuilder()
    first, second, total, clipped = (builder.tensor((1, 3), scale=1.0) for _ in range(4))
    builder.add("ADD", (first, second), (total,))
    builder.add("RELU", (total,), (clipped,))
    host = HostModel(compile_model(load_model(builder.finish((first, second), (total, clipped)))))
    x, y = np.array([[1, -50, 3]], np.int8), np.array([[4, 5, -6]], np.int8)
    totals, clippeds = host.run_all(x, y)
    assert totals.tolist() == [[5, -45, -3]]
    assert clippeds.tolist() == [[5, 0, 0]]
    with pytest.raises(ValueError, match="use run_all"):
        host.run(x, y)
    with pytest.raises(ValueError, match="2 inputs, 1 were given"):
        host.run_all(x)
    with pytest.raises(ValueError, match="different numbers of samples"):
        host.run_all(x, np.concatenate([y, y]))


@needs_compiler
@pytest.mark.parametrize(
    "x", [np.zeros((1, 4), np.float32), np.zeros((1, 3), np.int8), np.zeros((), np.int8)]
)
def test_inputs_that_do_not_fit_are_refused(x: np.ndarray) -> None:
    host = HostModel(compile_model(dense_classifier(4, 2)))
    with pytest.raises(ValueError, match="takes int8 samples of 4 elements"):
        host.run(x)


def test_without_a_compiler_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(HostCompilerMissing, match="Install one"):
        HostModel(compile_model(dense_classifier(4, 2)))


@needs_compiler
def test_what_the_compiler_says_is_passed_on() -> None:
    with pytest.raises(HostBuildFailed, match="no-such-flag"):
        HostModel(compile_model(dense_classifier(4, 2)), cflags=["--no-such-flag"])


def test_errors_survive_pickling() -> None:
    error = UnsupportedModel("dilation 2", "Use 1.", "CONV_2D", 3, "t")
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301, of our own
    assert str(copy) == str(error) == "operator 3 (CONV_2D), tensor 't': dilation 2. Use 1."
