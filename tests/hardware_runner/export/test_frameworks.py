"""What stands on a framework compiles against declarations of it, and answers as the host does."""

from __future__ import annotations

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hardware_runner.board import Board
from hardware_runner.boards import BOARDS, find_board
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.export import EXPORTERS, Seen
from hardware_runner.process import HostProcess
from hardware_runner.report import RunOutcome, RunReport
from hardware_runner.run import converse
from hardware_runner.session import Session
from tests.hardware_runner.export.exported import job, write
from tests.hardware_runner.stand_in import RAW, STAND_IN, write_project
from tests.hardware_runner.tools import _needs, needs_arm_gcc, needs_gcc

DECLARATIONS = Path(__file__).parent / "declarations"
STRICT = ("-Wall", "-Wextra", "-Werror")

FRAMEWORKS = [  # kind, board, where the C lies, whose declarations, defines, what it counts with
    ("arduino", "esp32s3", "*/src", "arduino", ["ARDUINO_ARCH_ESP32"], 240_000_000),
    ("arduino", "pico", "*/src", "arduino", ["ARDUINO_ARCH_RP2040"], 1_000_000),
    ("platformio", "esp32s3", "src/boardwright", "arduino", ["ARDUINO_ARCH_ESP32"], 240_000_000),
    ("esp-idf", "esp32s3", "main", "esp_idf", [], 240_000_000),
    ("zephyr", "nano33ble", "src", "zephyr", ["CONFIG_TIMING_FUNCTIONS"], 64_000_000),
    ("zephyr", "pico", "src", "zephyr", [], 64_000_000),
    ("pico-sdk", "pico", "src", "pico_sdk", [], 125_000_000),
]
IDS = [f"{kind}-{board}" for kind, board, *_ in FRAMEWORKS]
SAMPLES = np.random.default_rng(5).integers(0, 17, (6, RAW), dtype=np.uint8)

needs_gxx = _needs("g++")


def test_each_export_that_says_so_is_compiled_here() -> None:
    compiled = {(kind, find_board(board).name) for kind, board, *_ in FRAMEWORKS}
    claimed = {
        (kind, board.name)
        for board in BOARDS.values()
        for kind in board.exports
        if EXPORTERS[kind].seen(board) == Seen.DECLARATIONS
    }
    kinds = {kind for kind, _ in claimed}
    assert kinds <= {kind for kind, _ in compiled}


@pytest.fixture(scope="module")
def on_the_host(tmp_path_factory: pytest.TempPathFactory) -> RunReport:
    folder = tmp_path_factory.mktemp("host")
    host = find_board("host")
    firmware = build_firmware(host, write_project(folder / "p"), STAND_IN, folder / "out")
    return answers(firmware)


def answers(firmware: Firmware) -> RunReport:
    machine = HostProcess(firmware.elf)
    try:
        return converse(machine, firmware, SAMPLES)
    finally:
        machine.close()


@needs_gcc
@needs_gxx
@pytest.mark.parametrize(
    ("kind", "name", "where", "declarations", "defines", "hz"), FRAMEWORKS, ids=IDS
)
def test_the_firmware_answers_as_the_host_does(
    on_the_host: RunReport,
    tmp_path: Path,
    kind: str,
    name: str,
    where: str,
    declarations: str,
    defines: list[str],
    hz: int,
) -> None:
    board = find_board(name)
    made = write(tmp_path, board, kind)
    (folder,) = tmp_path.glob(where)
    main = [*folder.parent.glob("main.cpp"), *tmp_path.glob("*/*.ino")]
    sources = [*sorted(folder.glob("*.c")), *sorted(folder.glob("*.cpp"))]
    program = tmp_path / "firmware"
    ours = DECLARATIONS / declarations
    paths = [f"-D{define}" for define in defines] + [f"-I{ours}", f"-I{DECLARATIONS}"]
    c = ["gcc", "-std=gnu11", "-O1", *STRICT, *paths, "-c"]
    cpp = ["g++", "-std=gnu++11", "-O1", *STRICT, *paths, "-include", "Arduino.h", "-x", "c++"]
    for source in sources:
        command = c if source.suffix == ".c" else [*cpp, "-c"]
        check(tmp_path, *command, str(source), "-o", f"{source.name}.o")
    for source in main:
        check(tmp_path, *cpp, "-c", str(source), "-o", "main.cpp.o")
    (framework,) = ours.glob("framework.c*")
    linker = c[:-1] if framework.suffix == ".c" else [*cpp[:-2], "-x", "none"]
    objects = sorted(str(path) for path in tmp_path.glob("*.o"))
    check(tmp_path, *linker, str(framework), *objects, "-o", str(program))

    machine = HostProcess(program)
    try:
        identity = Session(machine.console, died=machine.died).identify()
    finally:
        machine.close()
    assert (identity.board, identity.build_id) == (board.name, made.build_id)
    assert (identity.window, identity.timer_hz) == (1, hz)
    report = answers(flashed(board, program, made.build_id))
    assert (report.outcome, report.samples) == (RunOutcome.PASS, len(SAMPLES)), report.reason
    assert report.scores == on_the_host.scores
    assert report.decisions == on_the_host.decisions
    assert report.footprint is None or report.footprint.stack_bytes is None


def flashed(board: Board, program: Path, build_id: str) -> Firmware:
    untimed = replace(board, timing="none", flash_bytes=0)
    host = build_host_footprint()
    return Firmware(untimed, program, "", build_id, host, (), {})


def build_host_footprint():
    from hardware_runner.report import Footprint

    return Footprint(
        flash_bytes=0, flash_limit_bytes=0, ram_bytes=0, ram_limit_bytes=0,
        model_code_bytes=0, model_constant_bytes=0, arena_bytes=0,
    )  # fmt: skip


def check(folder: Path, *command: str) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@needs_arm_gcc
@pytest.mark.parametrize("board", ["nano33ble", "portenta"])
def test_the_cycle_counter_of_an_arm_core_compiles_as_cpp(board: str, tmp_path: Path) -> None:
    one = find_board(board)
    write(tmp_path, one, "arduino")
    (folder,) = tmp_path.glob("*/src")
    said = check(
        folder, "arm-none-eabi-g++", *one.cpu_flags, "-std=gnu++11", "-O2", *STRICT,
        f"-I{DECLARATIONS / 'arduino'}", "-fno-exceptions", "-S", "bw_arduino.cpp", "-o", "-",
    )  # fmt: skip
    assert "SystemCoreClock" in said
    assert "micros" not in said
    assert "bw_board_timer_ticks:" in said  # and no mangled name
    loop = check(folder, "arm-none-eabi-gcc", *one.cpu_flags, *STRICT, "-S", "bw_loop.c", "-o", "-")
    assert re.search(r"nop\s+nop\s+subs r0, r0, #1\s+bne 1b\s+bx lr", loop)


@needs_arm_gcc
@pytest.mark.parametrize(("exported", "fused"), [(True, False), (False, True)])
def test_a_sketch_rounds_products_and_sums_as_the_firmware_that_was_measured(
    exported: bool, fused: bool, tmp_path: Path
) -> None:
    nano = find_board("nano33ble")
    features = b"float f(float a, float b, float c);\nfloat f(float a, float b, float c)\n{\n"
    features += b"    return a * b + c;\n}\n"
    if exported:
        one = job(nano, "arduino")
        files = EXPORTERS["arduino"].files(
            replace(one, project={**one.project, "features.c": features})
        )
        (features,) = [text for name, text in files.items() if name.endswith("/features.c")]
    (tmp_path / "features.c").write_bytes(features)
    options = (*nano.cpu_flags, "-std=gnu11", "-Os", "-Wall", "-S")  # as Arduino's cores do
    said = check(tmp_path, "arm-none-eabi-gcc", *options, "features.c", "-o", "-")
    assert ("vfma" in said) == fused
