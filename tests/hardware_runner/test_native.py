"""features.c on arrays: exact values where it is sound, a named error where it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hardware_runner.errors import BuildError, FeaturesCrashed
from hardware_runner.native import FeaturesLibrary
from tests.hardware_runner.stand_in import FEATURES_C, GOAL_H, write_project
from tests.hardware_runner.tools import needs_gcc

pytestmark = needs_gcc

SAMPLES = np.random.default_rng(1).integers(0, 17, (50, 8, 8)).astype(np.uint8)
HEAD = '#include "features.h"\n#include <stdlib.h>\n'
SIGNATURE = "void bw_features(const bw_raw_t raw[BW_RAW_COUNT], float features[BW_FEATURE_COUNT])"


def library(folder: Path, body: str, timeout_s: float = 20.0) -> FeaturesLibrary:
    source = f"{HEAD}{SIGNATURE}\n{{\n    {body}\n}}\n"
    return FeaturesLibrary(
        write_project(folder / "p", features_c=source), folder / "o", timeout_s=timeout_s
    )


def test_values_shape_and_type(tmp_path: Path) -> None:
    features = FeaturesLibrary(write_project(tmp_path / "p"), tmp_path / "o")
    result = features(SAMPLES)
    assert result.dtype == np.float32
    patches = SAMPLES.reshape(-1, 4, 2, 4, 2).sum(axis=(2, 4)).reshape(-1, 16)
    assert np.array_equal(result, patches.astype(np.float32) / np.float32(64))
    assert (features.raw_count, features.feature_count) == (64, 16)
    assert features(SAMPLES[:0]).shape == (0, 16)


@pytest.mark.parametrize("name", ["uint8_t", "int16_t", "float"])
def test_each_raw_type(tmp_path: Path, name: str) -> None:
    goal = GOAL_H.replace("typedef uint8_t", f"typedef {name}")
    features = FeaturesLibrary(write_project(tmp_path / "p", goal_h=goal), tmp_path / "o")
    dtype = {"uint8_t": np.uint8, "int16_t": np.int16, "float": np.float32}[name]
    assert features(SAMPLES.astype(dtype)).shape == (50, 16)
    with pytest.raises(ValueError, match=r"goal\.h says"):
        features(SAMPLES.astype(np.float64))
    with pytest.raises(ValueError, match="49 elements"):
        features(SAMPLES[:, :7, :7].astype(dtype))


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("for (int i = 0; i <= BW_FEATURE_COUNT; ++i) features[i] = raw[i];", "buffer-overflow"),
        ("features[0] = raw[BW_RAW_COUNT + raw[0]];", "heap-buffer-overflow"),
        ("float *volatile p = 0; *p = raw[0]; features[0] = 0;", "null pointer"),
        ("int zero = raw[0] - raw[0]; features[0] = (float)(3 / zero);", "division by zero"),
        ("features[0] = (float)(1 << (raw[0] + 32));", "shift exponent"),
        ("int big = 2147483647; big += raw[0] + 1; features[0] = (float)big;", "overflow"),
        ("features[0] = (float)(int)(1e20f * (float)(raw[0] + 1));", "outside the range"),
        ("(void)raw; features[0] = 0; abort();", "SIGABRT"),
        ("(void)raw; features[0] = 0; exit(7);", "code 7"),
        ("if (raw[0] < 99) { *(volatile int *)8 = 1; } features[0] = 0;", "SEGV"),
    ],
)  # fmt: skip
def test_what_c_does_not_allow_ends_in_a_named_error(tmp_path: Path, body: str, words: str) -> None:
    with pytest.raises(FeaturesCrashed, match=words) as caught:
        library(tmp_path, body)(SAMPLES)
    assert "sample 0" in str(caught.value)


def test_the_sample_that_led_to_the_crash_is_named(tmp_path: Path) -> None:
    samples = SAMPLES.copy()
    samples[:, 0, 0] = 1
    samples[31, 0, 0] = 9
    with pytest.raises(FeaturesCrashed, match="sample 31"):
        library(tmp_path, "if (raw[0] == 9) abort(); features[0] = 0;")(samples)


def test_a_call_that_never_ends_is_ended(tmp_path: Path) -> None:
    with pytest.raises(FeaturesCrashed, match="did not come to an end within 1 s, at sample 0"):
        library(tmp_path, "volatile int on = 1; while (on) { } features[0] = raw[0];", 1.0)(SAMPLES)


def test_what_is_not_written_is_nan(tmp_path: Path) -> None:
    result = library(tmp_path, "features[2] = raw[0];")(SAMPLES)
    assert np.array_equal(result[:, 2], SAMPLES[:, 0, 0].astype(np.float32))
    assert np.isnan(np.delete(result, 2, axis=1)).all()


def test_what_does_not_compile_is_a_build_error(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"features\.c:\d+:\d+: error"):
        library(tmp_path, "features[0] = nothing;")


def test_the_systems_own_features_header_is_still_found(tmp_path: Path) -> None:
    """The C library has a <features.h> too, which <stdlib.h> includes."""
    project = write_project(tmp_path / "p", features_c="#include <stdlib.h>\n" + FEATURES_C)
    assert FeaturesLibrary(project, tmp_path / "o")(SAMPLES).shape == (50, 16)
