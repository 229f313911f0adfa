"""The four MLPerf Tiny models, byte for byte against TFLM.

The models and inputs may not be shipped; BOARDWRIGHT_MODELS names a folder with kws.tflite,
vww.tflite, ic.tflite and ad.tflite and, for real inputs, kws01_x_int8.bin and
kws01_expected_tflite214ref_int8.bin.

Source: github.com/mlcommons/tiny at 1afd2c9, benchmark/training/*/trained_models/.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from model_compiler import CompiledModel, HostModel, compile_model, load_model
from model_compiler.host import STRICT_FLAGS
from tests.model_compiler.batch import KERNEL_SETS, SANITIZED, compare, needs_gcc
from tests.model_compiler.cases import Case
from tests.model_compiler.oracle import Oracle, needs_oracle

ARENA_LIMITS_BYTES = {"kws": 16_768, "vww": 60_000, "ic": 51_000, "ad": 1_024}
KWS_SAMPLES = 1000

needs_compiler = pytest.mark.skipif(
    not any(map(shutil.which, ("cc", "gcc", "clang"))), reason="cc, gcc and clang are missing"
)


def model_file(name: str) -> Path:
    folder = os.environ.get("BOARDWRIGHT_MODELS")
    if folder is None:
        pytest.skip("BOARDWRIGHT_MODELS does not name a folder with the MLPerf Tiny models")
    path = Path(folder) / name
    if not path.exists():
        pytest.skip(f"BOARDWRIGHT_MODELS has no {name}")
    return path


def compiled(name: str) -> CompiledModel:
    return compile_model(load_model(model_file(f"{name}.tflite").read_bytes()), name=name)


def inputs(count: int, seed: int) -> np.ndarray:
    """Return random, saturated, smooth and constant inputs, `[n, count]` int8."""
    random = np.random.default_rng(seed)
    wave = np.sin(np.arange(count) * random.uniform(0.01, 0.5, (4, 1))) * 127
    return np.concatenate(
        [
            random.integers(-128, 128, (8, count)).astype(np.int8),
            random.choice(np.array([-128, 127], np.int8), (4, count)),
            wave.astype(np.int8),
            np.repeat(np.array([[-128], [0], [127]], np.int8), count, axis=1),
        ]
    )


@needs_oracle
@needs_compiler
@pytest.mark.parametrize("name", ["kws", "vww", "ic", "ad"])
def test_every_byte_equals_tflm(name: str) -> None:
    result = compiled(name)
    (port,) = result.summary.inputs
    oracle = Oracle(model_file(f"{name}.tflite").read_bytes())
    samples = inputs(port.count, seed=len(name))
    answers = HostModel(result, cflags=STRICT_FLAGS).run(samples)
    for sample, answer in zip(samples, answers, strict=True):
        (expected,) = oracle.run([sample.reshape(port.shape)], 1)
        assert answer.ravel().tolist() == expected.ravel().tolist()


@needs_compiler
@pytest.mark.slow
def test_all_real_kws_samples_equal_the_recorded_answers() -> None:
    samples = np.fromfile(model_file("kws01_x_int8.bin"), np.int8).reshape(KWS_SAMPLES, -1)
    recorded = np.fromfile(model_file("kws01_expected_tflite214ref_int8.bin"), np.int8)
    answers = HostModel(compiled("kws")).run(samples)
    assert answers.tobytes() == recorded.tobytes()


@needs_oracle
@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize("kernel_set", KERNEL_SETS)
@pytest.mark.parametrize("name", ["kws", "vww", "ic", "ad"])
def test_sanitizers_find_nothing(name: str, kernel_set: str, tmp_path: Path) -> None:
    data = model_file(f"{name}.tflite").read_bytes()
    (port,) = compiled(name).summary.inputs
    samples = inputs(port.count, seed=1)[[0, 8, 18]]
    case = Case(name, data, tuple((sample.reshape(port.shape),) for sample in samples))
    assert compare([case], tmp_path, (*SANITIZED, *KERNEL_SETS[kernel_set])) == (1, 0)


@pytest.mark.parametrize("name", ["kws", "vww", "ic", "ad"])
def test_the_arena_is_as_small_as_can_be(name: str) -> None:
    summary = compiled(name).summary
    assert summary.arena_bytes == summary.arena_lower_bound_bytes
    assert summary.arena_bytes <= ARENA_LIMITS_BYTES[name]


BANDED_ARENA_LIMITS_BYTES = {"kws": 12_480, "vww": 35_000, "ic": 22_000}


@needs_compiler
@pytest.mark.slow
@pytest.mark.parametrize("name", list(BANDED_ARENA_LIMITS_BYTES))
def test_bands_lower_the_arena_and_change_no_byte(name: str) -> None:
    model = load_model(model_file(f"{name}.tflite").read_bytes())
    whole, banded = (compile_model(model, name=name, bands=n) for n in (1, "auto"))
    assert banded.summary.arena_bytes <= BANDED_ARENA_LIMITS_BYTES[name]
    assert banded.summary.macs == whole.summary.macs
    samples = inputs(whole.summary.inputs[0].count, seed=7)
    assert HostModel(banded).run(samples).tobytes() == HostModel(whole).run(samples).tobytes()
