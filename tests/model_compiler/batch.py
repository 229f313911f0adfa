"""Run many compiled models in one program, on the host or bare metal, and compare with TFLM.

The program holds all inputs; for each case it fills an arena of the exact size with rubbish, runs
the model and sends the outputs' bytes, one behind the other.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture import providers

from model_compiler import compile_model, load_model
from model_compiler.errors import UnsupportedModel
from tests.model_compiler.cases import STRATEGIES, Case
from tests.model_compiler.objects import EMULATION, TIMEOUT_S, build_program
from tests.model_compiler.oracle import Oracle

STRICT = ("-std=c99", "-Wall", "-Wextra", "-pedantic", "-Wconversion", "-Werror")
HOST = ("-O1", *STRICT)
SANITIZED = (
    *("-O0", "-g1", *STRICT),
    *("-fsanitize=address,undefined", "-fno-sanitize-recover=all"),
)
KERNEL_SETS: dict[str, tuple[str, ...]] = {
    "plain": (),
    "dsp": (
        *("-D__ARM_FEATURE_DSP=1", "-D__ARM_FEATURE_SIMD32=1"),
        f"-I{EMULATION}",
    ),
    "mve": ("-D__ARM_FEATURE_MVE=1", f"-I{EMULATION}"),
}
"""The sets of kernels that run on the host, and the flags that choose them."""

_BATCH = 10

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is not installed")

_DRIVER = """\
/* SPDX-License-Identifier: Apache-2.0 */
#pragma GCC diagnostic ignored "-Woverlength-strings"
#include <stdint.h>
#include <string.h>
void test_send(const void *bytes, uint32_t size);
int8_t *test_arena(uint32_t size);
void test_release(int8_t *arena);
{includes}
{data}
int test_main(void);
int test_main(void)
{{
    int8_t *arena;
{steps}
    return 0;
}}
"""

_HOST_MAIN = """\
/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
void test_send(const void *bytes, uint32_t size);
int8_t *test_arena(uint32_t size);
void test_release(int8_t *arena);
int test_main(void);
void test_send(const void *bytes, uint32_t size)
{
    if (fwrite(bytes, 1, size, stdout) != size) {
        exit(2);
    }
}
int8_t *test_arena(uint32_t size)
{
    return malloc(size);
}
void test_release(int8_t *arena)
{
    free(arena);
}
int main(void)
{
    return test_main();
}
"""


@dataclass(frozen=True, slots=True)
class Compiled:
    """A case that the compiler took, and its C."""

    case: Case
    files: dict[str, str]


def gather(strategy: st.SearchStrategy[Case], count: int) -> list[Case]:
    """Return what Hypothesis draws first from a strategy, the same in every run.

    Hypothesis also tries constants that it finds in the modules that happen to be loaded. Here it
    finds none, so that the cases do not depend on which other tests ran before. It likes to vary
    what it drew before; small batches with seeds of their own keep the cases apart.
    """
    found: list[Case] = []

    @settings(
        max_examples=_BATCH,
        phases=[Phase.generate],
        database=None,
        derandomize=False,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(case: Case) -> None:
        found.append(case)

    providers.CONSTANTS_CACHE.cache.clear()
    with mock.patch.object(providers, "_get_local_constants", providers.Constants):
        for first in range(0, count, _BATCH):
            seed(first)(collect)()
    providers.CONSTANTS_CACHE.cache.clear()
    return found[:count]


def sound_model(kind: str) -> bytes:
    """Return a model of an operator that the compiler accepts, not the simplest one."""
    taken, _ = compiled(gather(STRATEGIES[kind], _BATCH))
    return taken[-1].case.model


def compiled(cases: Iterable[Case]) -> tuple[list[Compiled], list[str]]:
    """Compile each case under a name of its own; return also why some were refused."""
    taken: list[Compiled] = []
    refused: list[str] = []
    for case in cases:
        try:
            output = compile_model(load_model(case.model), name=f"m{len(taken)}")
        except UnsupportedModel as refusal:
            refused.append(f"{case}: {refusal}")
        else:
            taken.append(Compiled(case, dict(output.files)))
    return taken, refused


def compare(cases: Sequence[Case], folder: Path, flags: Sequence[str] = HOST) -> tuple[int, int]:
    """Assert that each case answers as TFLM does; return how many were taken and refused."""
    taken, refused = compiled(cases)
    answers = run_host(taken, folder, flags)
    assert_equal(taken, answers)
    return len(taken), len(refused)


def assert_equal(taken: Sequence[Compiled], answers: bytes) -> None:
    """Assert that a program's answers are TFLM's."""
    place = 0
    wrong = []
    for item in taken:
        oracle = Oracle(item.case.model)
        for number, values in enumerate(item.case.inputs):
            for position, wanted in enumerate(oracle.run(values, item.case.outputs)):
                expected = wanted.tobytes()
                got = answers[place : place + len(expected)]
                place += len(expected)
                if got != expected:
                    wrong.append(f"{item.case}: inputs {number}, output {position}")
    assert not wrong, f"{len(wrong)} differ from TFLM:\n" + "\n".join(sorted(wrong, key=len)[:20])
    assert place == len(answers)


def run_host(taken: Sequence[Compiled], folder: Path, flags: Sequence[str] = HOST) -> bytes:
    """Build the program with gcc, run it, and return what it sends."""
    sources = write_sources(taken, folder)
    (folder / "main.c").write_text(_HOST_MAIN)
    program = folder / "program"
    build_program(["gcc", *flags], [folder / "main.c", *sources], program)
    done = subprocess.run([program], capture_output=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-4000:]
    return done.stdout


def write_sources(taken: Sequence[Compiled], folder: Path) -> list[Path]:
    """Write the models, their kernels and the driver; return the paths of the C files to build."""
    files: dict[str, str] = {}
    for item in taken:
        for name, text in item.files.items():
            assert files.setdefault(name, text) == text, f"two different files named {name}"
    own = {f"bw_m{number}.c" for number in range(len(taken))}
    files["driver.c"] = _driver([item.case for item in taken])
    files["models.c"] = "".join(_renamed(name, files[name]) for name in sorted(own))
    for name, text in files.items():
        (folder / name).write_text(text)
    return [folder / name for name in files if name.endswith(".c") and name not in own]


_STATIC = re.compile(r"^static [^=(]*?(\w+)(?:\[\d+\])*(?: = |\()", re.MULTILINE)


def _renamed(name: str, text: str) -> str:
    """Include a model's C among others, with names of its own for what is static.

    One file of all models builds in a fraction of the time that each takes in a file of its own.
    """
    statics = sorted(set(_STATIC.findall(text)))
    defines = (f"#define {static} {name[3:-2]}_{static}\n" for static in statics)
    undefines = (f"#undef {static}\n" for static in statics)
    return "".join((*defines, f'#include "{name}"\n', *undefines))


def _driver(cases: Sequence[Case]) -> str:
    includes, data, steps = [], [], []
    for number, case in enumerate(cases):
        includes.append(f'#include "bw_m{number}.h"')
        for turn, values in enumerate(case.inputs):
            steps += _arena(number)
            for position, value in enumerate(values):
                name = f"m{number}_{turn}_{position}"
                numbers = "".join(f"\\{byte:03o}" for byte in value.tobytes())
                data.append(f'static const uint8_t {name}[{value.nbytes}] = "{numbers}";')
                steps.append(
                    f"memcpy(bw_m{number}_input(arena, {position}), {name}, sizeof {name});"
                )
            steps.append(f"if (bw_m{number}_invoke(arena) != 0) {{ return 1; }}")
            for position in range(case.outputs):
                suffix = f"OUTPUT_{position}" if position else "OUTPUT"
                size = f"BW_M{number}_{suffix}_BYTES"
                steps.append(f"test_send(bw_m{number}_output(arena, {position}), {size});")
            steps.append("test_release(arena);")
    body = "\n".join(f"    {step}" for step in steps)
    return _DRIVER.format(includes="\n".join(includes), data="\n".join(data), steps=body)


def _arena(number: int) -> list[str]:
    size = f"BW_M{number}_ARENA_BYTES"
    return [f"arena = test_arena({size});", f"memset(arena, 0x5a, {size});"]
