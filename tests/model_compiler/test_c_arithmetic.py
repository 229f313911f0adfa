"""The kernels' arithmetic in C against the compiler's in Python."""

from __future__ import annotations

import ctypes
import subprocess
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from model_compiler import HostCompilerMissing, arithmetic
from model_compiler.host import STRICT_FLAGS, host_compiler

_SOURCE = """\
#include "bw_arithmetic.h"
int32_t requantize(int32_t value, int32_t multiplier, int32_t shift);
int32_t divide(int32_t value, int32_t exponent);
int32_t requantize(int32_t value, int32_t multiplier, int32_t shift)
{
    return bw_requantize(value, multiplier, shift);
}
int32_t divide(int32_t value, int32_t exponent)
{
    return bw_divide_by_power_of_two(value, exponent);
}
"""


@pytest.fixture(scope="module", params=["long", "short"])
def library(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> ctypes.CDLL:
    """Build the arithmetic for cores with and without products of 64 bits."""
    try:
        compiler = host_compiler()
    except HostCompilerMissing as missing:
        pytest.skip(str(missing))
    folder: Path = tmp_path_factory.mktemp("arithmetic")
    header = resources.files("model_compiler.kernels") / "bw_arithmetic.h"
    (folder / "bw_arithmetic.h").write_text(header.read_text())
    (folder / "probe.c").write_text(_SOURCE)
    command = [compiler, *STRICT_FLAGS, "-O2", "-shared", "-fPIC", "probe.c", "-o", "probe.so"]
    if request.param == "short":
        command.append("-D__ARM_ARCH_ISA_THUMB=1")
    subprocess.run(command, cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "probe.so"))


def values(seed: int) -> list[int]:
    random = np.random.default_rng(seed)
    powers = [sign * (1 << bit) + step for bit in range(31) for sign in (1, -1) for step in (-1, 0)]
    dead_channel = [2**30 + 128, -(2**30) - 128]  # biases of channels whose weights are all zero
    return [0, 2**31 - 257, *powers, *dead_channel, *random.integers(-(2**31), 2**31, 50).tolist()]


@pytest.mark.parametrize("shift", range(-31, 31))
def test_requantize(library: ctypes.CDLL, shift: int) -> None:
    for value in values(shift + 31):
        if not abs(value) << max(shift, 0) < 2**31:
            continue
        for multiplier in (2**30, 2**30 + 1, 1_518_500_250, 2**31 - 1, 0):
            expected = arithmetic.multiply_by_quantized_multiplier(value, multiplier, shift)
            assert library.requantize(value, multiplier, shift) == expected


@pytest.mark.parametrize("exponent", range(32))
def test_divide_by_power_of_two(library: ctypes.CDLL, exponent: int) -> None:
    for value in set(values(exponent)) - {-(2**31)}:
        expected = arithmetic.rounding_divide_by_power_of_two(value, exponent)
        assert library.divide(value, exponent) == expected
