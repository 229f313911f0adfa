"""Kernels compile with compilers whose arm_acle.h lacks the DSP intrinsics: GCC before 10.

Arduino's cores on Mbed bring GCC 7.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

KERNELS = Path(__file__).parents[2] / "model_compiler/kernels"
FLAGS = (
    *("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16"),
    *("-std=c99", "-O2", "-Wall", "-Wextra", "-Werror", f"-iquote{KERNELS}"),
)

pytestmark = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)


@pytest.fixture
def old(tmp_path: Path) -> list[str]:
    """Return what makes this compiler as old: an empty header, and its version."""
    (tmp_path / "arm_acle.h").write_text("/* of an older compiler */\n")
    return ["-isystem", str(tmp_path), "-U__GNUC__", "-D__GNUC__=7"]


def assembly(*arguments: str) -> str:
    command = ["arm-none-eabi-gcc", *FLAGS, *arguments, "-S", "-o", "-"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("kernel", sorted(KERNELS.glob("*_dsp.c")), ids=lambda path: path.stem)
def test_kernels_compile(kernel: Path, old: list[str]) -> None:
    assert "sml" in assembly(*old, str(kernel))


@pytest.mark.parametrize("name", ["smlad", "smlabb", "smlabt", "smlatb", "smlatt"])
def test_an_intrinsic_is_the_instruction_of_its_name(
    name: str, old: list[str], tmp_path: Path
) -> None:
    signature = "int32_t f(int32_t a, int32_t b, int32_t c)"
    source = f'#include "bw_dsp.h"\n{signature};\n{signature} {{ return __{name}(a, b, c); }}\n'
    (tmp_path / "one.c").write_text(source)
    said = assembly(*old, str(tmp_path / "one.c"))
    assert re.search(rf"{name}\s+r0, r0, r1, r2", said)
