from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from model_compiler import compile_model, dense_classifier, load_model
from model_compiler.c_text import array
from model_compiler.host import STRICT_FLAGS
from model_compiler.version import COMPILER_VERSION
from tests.model_compiler.batch import sound_model
from tests.model_compiler.cases import STRATEGIES
from tests.model_compiler.tflite_builder import ModelBuilder

LEVELS = ("-O0", "-O2", "-O3", "-Os")
GOLDEN = Path(__file__).parent / "golden"
ROOT = Path(__file__).parents[2]


def hostile_name_model(name: str) -> bytes:
    builder = ModelBuilder()
    builder.tensor((1, 4), scale=0.5, name=name)
    builder.tensor((1, 4), scale=0.25, zero_point=1)
    builder.add("RELU", (0,), (1,))
    return builder.finish((0,), (1,))


def network() -> bytes:
    """Build a small model with a view, a scratch, shared weights and two outputs."""
    random = np.random.default_rng(3)
    builder = ModelBuilder()
    image = builder.tensor((1, 4, 4, 2), scale=0.5, zero_point=3)
    filters = builder.tensor((2, 3, 3, 2), scale=0.1, data=random.integers(-127, 128, (2, 3, 3, 2)))
    first = builder.tensor((1, 4, 4, 2), scale=0.5, zero_point=-1)
    second = builder.tensor((1, 4, 4, 2), scale=0.5, zero_point=2)
    flat = builder.tensor((1, 32), scale=0.5, zero_point=2)
    weights = builder.tensor((3, 32), scale=0.2, data=random.integers(-127, 128, (3, 32)))
    scores = builder.tensor((1, 3), scale=0.5)
    same = {"padding": 0, "stride_h": 1, "stride_w": 1}
    builder.add("CONV_2D", (image, filters), (first,), **same)
    builder.add("CONV_2D", (first, filters), (second,), **same)
    builder.add("RESHAPE", (second,), (flat,))
    builder.add("FULLY_CONNECTED", (flat, weights), (scores,))
    return builder.finish((image,), (scores, second))


@pytest.mark.parametrize("suffix", ["h", "c"])
def test_the_files_of_a_tiny_model_are_as_recorded(suffix: str) -> None:
    text = compile_model(dense_classifier(4, 3), name="tiny").files[f"bw_tiny.{suffix}"]
    assert text == (GOLDEN / f"bw_tiny.{suffix}").read_text(encoding="utf-8")


def test_the_same_model_gives_the_same_files() -> None:
    first, second = (compile_model(load_model(network())) for _ in range(2))
    assert dict(first.files) == dict(second.files)
    assert first.summary == second.summary


def test_shared_weights_are_written_once() -> None:
    compiled = compile_model(load_model(network()))
    assert compiled.files["bw_model.c"].count("int8_t narrow_1[36]") == 1
    assert compiled.files["bw_model.c"].count("int32_t narrow_1[10]") == 1
    first, second, view, dense = compiled.summary.operators
    assert first.constant_bytes - second.constant_bytes == 40
    assert view.constant_bytes == 0
    assert compiled.summary.macs == first.macs + second.macs + dense.macs == 2 * 16 * 36 + 96


def test_only_the_kernels_that_are_called_are_there() -> None:
    compiled = compile_model(dense_classifier(4, 3))
    assert set(compiled.files) == {
        *("bw_model.h", "bw_model.c"),
        *("bw_kernels.h", "bw_arithmetic.h", "bw_dsp.h", "bw_narrow.h", "bw_mve.h"),
        *(f"bw_fully_connected{kernel_set}.c" for kernel_set in ("", "_dsp", "_mve")),
    }


def test_points_stand_before_each_operator_and_nowhere_else() -> None:
    compiled = compile_model(load_model(network()))
    pointed = compiled.profiled()
    assert {n: t for n, t in pointed.files.items() if n != "bw_model.c"} == {
        n: t for n, t in compiled.files.items() if n != "bw_model.c"
    }
    added = [
        line.strip()
        for line in difflib.ndiff(
            compiled.files["bw_model.c"].splitlines(), pointed.files["bw_model.c"].splitlines()
        )
        if line[0] in "+-"
    ]
    points = [f"+     BW_PROFILE({index});" for index in range(5)]
    assert added == ['+ #include "bw_profile.h"', *points]


def test_a_second_output_has_macros_of_its_own() -> None:
    header = compile_model(load_model(network()), name="two").files["bw_two.h"]
    assert "#define BW_TWO_OUTPUTS 2" in header
    assert "#define BW_TWO_OUTPUT_BYTES 3\n" in header
    assert "#define BW_TWO_OUTPUT_1_BYTES 32\n" in header
    assert "#define BW_TWO_OUTPUT_1_ZERO_POINT (2)" in header


@pytest.mark.parametrize("name", ["*/ #error", 'a\n"b', "x\\", "??/", "\u202e", "n" * 500])
def test_a_tensor_name_cannot_leave_its_comment(name: str) -> None:
    header = compile_model(load_model(hostile_name_model(name))).files["bw_model.h"]
    (line,) = [line for line in header.splitlines() if "Input 0" in line]
    assert line.startswith("/* Input 0: int8_t 1x4, ")
    assert line.endswith('" */')
    assert line.count("*/") == 1
    assert line.isascii()
    assert "\\" not in line


@pytest.mark.parametrize("name", ["", "Model", "1st", "a-b", "a" * 33, "../x", "conv_2d;"])
def test_a_name_that_is_no_identifier_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a model"):
        compile_model(dense_classifier(4, 3), name=name)


@pytest.mark.parametrize("name", ["fully_connected", "kernels", "arithmetic"])
def test_a_name_that_a_kernel_has_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="name of a kernel"):
        compile_model(dense_classifier(4, 3), name=name)


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert project["project"]["version"] == COMPILER_VERSION


@pytest.mark.parametrize(
    "command",
    [
        *(f"{compiler} -std=c99 {level}" for compiler in ("gcc", "clang") for level in LEVELS),
        "gcc -std=c17 -O2",
        "arm-none-eabi-gcc -mcpu=cortex-m4 -mthumb -std=c99 -O2",
        "arm-none-eabi-gcc -mcpu=cortex-m7 -mthumb -mfloat-abi=hard -mfpu=fpv5-sp-d16 -std=c99 -O2",
        "arm-none-eabi-gcc -mcpu=cortex-m55 -mthumb -mfloat-abi=hard -std=c99 -O2",
        "arm-none-eabi-gcc -mcpu=cortex-m33 -mthumb -mfloat-abi=hard -std=c99 -O2",
        "arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb -std=c99 -Os",
        "arm-none-eabi-gcc -mcpu=cortex-m3 -mthumb -std=c99 -O3",
        # Cortex-M85, whose name GCC 12 does not know, and Helium without floating point
        "arm-none-eabi-gcc -march=armv8.1-m.main+mve.fp -mthumb -mfloat-abi=hard -std=c99 -O3",
        "arm-none-eabi-gcc -march=armv8.1-m.main+mve -mthumb -mfloat-abi=hard -std=c99 -Os",
    ],
)
def test_the_c_has_no_warnings(command: str, tmp_path: Path) -> None:
    compiler = command.split()
    if shutil.which(compiler[0]) is None:
        pytest.skip(f"{compiler[0]} is not installed")
    compile_model(load_model(network()), name="network").write(tmp_path)
    compile_model(load_model(hostile_name_model("*/")), name="name").write(tmp_path)
    for kernel in resources.files("model_compiler.kernels").iterdir():
        if kernel.name.endswith((".c", ".h")):
            (tmp_path / kernel.name).write_text(kernel.read_text())
    sources = sorted(path.name for path in tmp_path.glob("*.c"))
    warnings = (flag for flag in STRICT_FLAGS if not flag.startswith("-std"))
    done = subprocess.run(
        [*compiler, *warnings, "-c", *sources],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("g++") is None, reason="g++ is not installed")
def test_a_cpp_program_takes_header_and_kernels(tmp_path: Path) -> None:
    compiled = compile_model(dense_classifier(4, 3))
    compiled.write(tmp_path)
    (tmp_path / "main.cpp").write_text(
        '#include "bw_kernels.h"\n#include "bw_model.h"\n'
        "alignas(16) static unsigned char arena[BW_MODEL_ARENA_BYTES];\n"
        "int main() { return bw_model_invoke(arena); }\n"
    )
    sources = [name for name in compiled.files if name.endswith(".c")]
    for command in (
        ["gcc", "-std=c99", "-c", *sources],
        ["g++", "-std=c++11", "-Wall", "-Wextra", "-pedantic", "-Werror", "-c", "main.cpp"],
        ["g++", "main.o", *(f"{Path(name).stem}.o" for name in sources), "-o", "main"],
        ["./main"],
    ):
        subprocess.run(command, cwd=tmp_path, check=True)


@pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None, reason="arm-none-eabi-gcc is not installed"
)
@pytest.mark.parametrize("kind", ["network", *STRATEGIES])
def test_constant_bytes_are_those_in_the_object_file(kind: str, tmp_path: Path) -> None:
    model = network() if kind == "network" else sound_model(kind)
    compiled = compile_model(load_model(model))
    compiled.write(tmp_path)
    command = ["arm-none-eabi-gcc", "-mcpu=cortex-m4", "-mthumb", "-O2", "-c", "bw_model.c"]
    subprocess.run(command, cwd=tmp_path, check=True)
    symbols = subprocess.run(
        ["arm-none-eabi-nm", "-S", "bw_model.o"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [line.split() for line in symbols.stdout.splitlines()]
    in_flash = sum(int(row[1], 16) for row in rows if len(row) == 4 and row[2] == "r")
    assert in_flash == compiled.summary.constant_bytes


def test_processes_that_hash_differently_write_the_same_files(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(network())
    program = (
        "import sys; from pathlib import Path; from model_compiler import *\n"
        "model = compile_model(load_model(Path(sys.argv[1]).read_bytes()))\n"
        "model.write(Path(sys.argv[2])); print(model.summary)"
    )
    said, written = set(), []
    for seed in ("1", "4711"):
        folder = tmp_path / seed
        done = subprocess.run(
            [sys.executable, "-c", program, tmp_path / "model.tflite", folder],
            env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=True,
        )
        said.add(done.stdout)
        written.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert len(said) == 1
    assert len(written[0]) > 4
    assert written[0] == written[1]


def test_arrays_are_wrapped_and_say_their_size() -> None:
    values = [*range(-128, 128), 1000000, -2147483648]
    constant = array("int32_t", "numbers", values)
    first, *body, last = constant.text.splitlines()
    assert (first, last) == ("static const int32_t numbers[258] = {", "};")
    assert max(map(len, body)) <= 96
    assert min(map(len, body[:-1])) > 96 - len(" 1000000,")
    items = " ".join(body).replace("INT32_MIN", "-2147483648").split(",")
    assert [int(item) for item in items] == values
    assert constant.nbytes == 258 * 4


def test_writing_replaces_and_leaves_nothing_behind(tmp_path: Path) -> None:
    compiled = compile_model(dense_classifier(4, 3))
    (tmp_path / "bw_model.h").write_text("old")
    compiled.write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(compiled.files)
    assert (tmp_path / "bw_model.h").read_text() == compiled.files["bw_model.h"]
