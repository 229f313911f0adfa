"""Firmware builds, fits the real part, and says what is wrong where it does not."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile

from hardware_runner.boards import BOARDS, find_board
from hardware_runner.boot2 import BOOT2_BYTES, boot2_crc
from hardware_runner.build import build_firmware, build_smallest
from hardware_runner.errors import BuildError, TooLarge, ToolMissing
from hardware_runner.fit import STACK_BYTES
from hardware_runner.footprint import read_image
from model_compiler import CompiledModel, Optimise, compile_model, dense_classifier
from tests.hardware_runner.stand_in import (
    APP_C,
    CLASSES,
    FEATURES_C,
    FEATURES_H,
    GOAL_H,
    STAND_IN,
    write_project,
)
from tests.hardware_runner.tools import needs_arm_gcc, needs_gcc

pytestmark = [needs_arm_gcc, needs_gcc]

F405 = find_board("netduinoplus2")
BUILT = [board for board in BOARDS.values() if board.is_built_here]


def build(folder: Path, compiled: CompiledModel = STAND_IN, **changed: str):
    return build_firmware(F405, write_project(folder / "p", **changed), compiled, folder / "out")


@pytest.mark.parametrize("board", BUILT, ids=lambda b: b.name)
def test_every_board_builds_without_a_warning_and_where_its_part_looks(
    board, tmp_path: Path
) -> None:
    firmware = build_firmware(board, write_project(tmp_path / "p"), STAND_IN, tmp_path / "out")
    assert firmware.warnings == ()
    assert firmware.tools.keys() <= {"gcc", "arm-none-eabi-gcc"}
    if board.is_process:
        return
    second_stage = BOOT2_BYTES if board.support == "raspberry_pi_pico.c" else 0
    with firmware.elf.open("rb") as stream:
        elf = ELFFile(stream)
        text = elf.get_section_by_name(".text")
        stack, reset = struct.unpack_from("<II", text.data())
        segments = [s for s in elf.iter_segments() if s["p_filesz"]]
    assert text["sh_addr"] == board.flash_origin + second_stage  # the vectors are the first of it
    assert stack == board.ram_origin + board.ram_bytes
    assert read_image(firmware.elf).at(reset) == "bw_reset"
    assert reset & 1  # Thumb
    assert min(s["p_paddr"] for s in segments) == board.flash_origin
    in_flash = max(s["p_paddr"] + s["p_filesz"] for s in segments) - board.flash_origin
    assert firmware.footprint.flash_bytes <= in_flash <= board.flash_bytes
    for segment in segments:
        begin = segment["p_vaddr"]
        assert any(
            origin <= begin and begin + segment["p_memsz"] <= origin + size
            for origin, size in (
                (board.flash_origin, board.flash_bytes),
                (board.ram_origin, board.ram_bytes),
            )
        )


def test_a_board_whose_compiler_is_not_ours_says_what_builds_it(tmp_path: Path) -> None:
    with pytest.raises(ToolMissing, match="export --as esp-idf"):
        build_firmware(
            find_board("esp32s3"), write_project(tmp_path / "p"), STAND_IN, tmp_path / "out"
        )


def test_the_second_boot_stage_carries_the_crc_that_the_boot_rom_wants(tmp_path: Path) -> None:
    pico = find_board("pico")
    firmware = build_firmware(pico, write_project(tmp_path / "p"), STAND_IN, tmp_path / "out")
    with firmware.elf.open("rb") as stream:
        stage = ELFFile(stream).get_section_by_name(".boot2").data()
    assert len(stage) == 256
    assert boot2_crc(stage[:252]) == int.from_bytes(stage[252:], "little")
    # The check value of CRC-32/MPEG-2, which has the same parameters. Source: reveng's catalogue.
    assert boot2_crc(b"123456789") == 0x0376E6E7


def test_the_same_files_give_the_same_bytes_anywhere(tmp_path: Path) -> None:
    one, two = build(tmp_path / "a"), build(tmp_path / "b")
    assert one.sha256 == two.sha256
    assert one.build_id == two.build_id
    other = build(tmp_path / "c", app_c=APP_C.replace("decision >= 0", "decision > 0"))
    assert other.build_id != one.build_id


def test_the_footprint_adds_up(tmp_path: Path) -> None:
    footprint = build(tmp_path).footprint
    assert footprint.flash_limit_bytes == 1024 * 1024
    assert footprint.ram_limit_bytes == 128 * 1024
    assert footprint.arena_bytes == 32
    assert footprint.model_constant_bytes == 160
    assert 50 < footprint.model_code_bytes < 400
    assert footprint.stack_bytes is None  # nothing has run yet
    larger = build(
        tmp_path / "l",
        features_c=FEATURES_C.replace("void bw", "static float kept[1000];\nvoid bw").replace(
            "{\n    for",
            "{\n    kept[raw[0]] += 1.0f;\n    features[0] = kept[raw[1]];\n    for",
            1,
        ),
    ).footprint
    assert larger.ram_bytes - footprint.ram_bytes == 4000
    assert larger.model_code_bytes == footprint.model_code_bytes


def test_each_level_builds_the_models_files_its_own_way(tmp_path: Path) -> None:
    size, balanced, speed = (
        build_smallest(
            F405, compile_model(dense_classifier(64, CLASSES), optimise=level), tmp_path / level
        ).model_code_bytes
        for level in Optimise
    )
    assert size < balanced <= speed


def test_the_shell_is_small(tmp_path: Path) -> None:
    """What is left of the smallest firmware when model, arena and buffers are taken away."""
    footprint = build_smallest(F405, compile_model(dense_classifier(64, CLASSES)), tmp_path)
    model = footprint.model_code_bytes + footprint.model_constant_bytes
    assert footprint.flash_bytes - model < 4096
    assert footprint.ram_bytes - footprint.arena_bytes - 64 - 64 * 4 < 2048


def test_a_syntax_error_names_file_and_line(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"features\.c:3:\d+: error: .*undeclared"):
        build(tmp_path, features_c=FEATURES_C.replace("/* Mean", "int x = nothing;\n/* Mean"))


def test_warnings_of_authored_files_come_back(tmp_path: Path) -> None:
    firmware = build(tmp_path, app_c=APP_C.replace("int best = 0;", "int best = 0; int unused;"))
    assert any("app.c" in w and "unused variable" in w for w in firmware.warnings)


def test_long_messages_are_cut(tmp_path: Path) -> None:
    noise = "\n".join(f"int f{i}(void) {{ return g{i}; }}" for i in range(500))
    with pytest.raises(BuildError) as caught:
        build(tmp_path, features_c=FEATURES_C + noise)
    assert len(str(caught.value).splitlines()) < 50


@pytest.mark.parametrize("call", ["char *p = malloc(8); last = p ? 1 : 0;", 'printf("%d", last);'])
def test_heap_and_stdio_do_not_link(tmp_path: Path, call: str) -> None:
    app = "#include <stdio.h>\n#include <stdlib.h>\n" + APP_C.replace(
        "    int best = 0;", f"    int best = 0;\n    {call}"
    )
    with pytest.raises(BuildError, match="neither heap nor stdio"):
        build(tmp_path, app_c=app)


def test_a_missing_function_is_named(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="undefined reference to `bw_app_reset'"):
        build(tmp_path, app_c=APP_C.replace("void bw_app_reset", "void bw_app_forget"))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    project = write_project(tmp_path / "p")
    (project / "app.c").unlink()
    with pytest.raises(BuildError, match=r"lacks app\.c"):
        build_firmware(F405, project, STAND_IN, tmp_path / "out")


def test_another_signature_of_bw_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"conflicting types for .bw_features"):
        build(
            tmp_path,
            features_h=FEATURES_H.replace("const bw_raw_t", "const float"),
            features_c=FEATURES_C.replace("const bw_raw_t", "const float"),
        )


@pytest.mark.parametrize(
    ("goal", "words"),
    [
        (GOAL_H.replace("CLASS_COUNT 10", "CLASS_COUNT 9"), "another number of outputs"),
        (GOAL_H.replace("FEATURE_COUNT 16", "FEATURE_COUNT 20"), "another number of values"),
        (GOAL_H.replace("RAW_COUNT 64", "RAW_COUNT 70000"), "bw_sample_fits_a_frame"),
    ],
)
def test_goal_and_model_must_agree(tmp_path: Path, goal: str, words: str) -> None:
    with pytest.raises(BuildError, match=words):
        build(tmp_path, goal_h=goal)


def test_authored_files_bring_no_section_of_their_own(tmp_path: Path) -> None:
    """A second vector table, or a section that nobody initialises, does not slip in."""
    app = APP_C.replace("int last = -1;", 'int last __attribute__((section(".mine"))) = -1;')
    with pytest.raises(BuildError, match=r"orphan section .\.mine"):
        build(tmp_path, app_c=app)


@pytest.mark.parametrize(
    ("declaration", "use", "section", "had"),
    [
        ("static float big[40000];", "big[raw[0]]++; features[0] = big[raw[1]];", "RAM", 131072),
        ("static const char big[1200000] = {1};", "features[0] = big[raw[0]];", "flash", 1048576),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_real_part_is_refused_with_figures(
    tmp_path: Path, declaration: str, use: str, section: str, had: int
) -> None:
    source = FEATURES_C.replace("/* Mean", f"{declaration}\n/* Mean").replace(
        "{\n    for", f"{{\n    {use}\n    for", 1
    )
    with pytest.raises(TooLarge) as caught:
        build(tmp_path, features_c=source)
    error = caught.value
    assert (error.section, error.available_bytes) == (section, had)
    assert error.needed_bytes > had
    assert f"needs {error.needed_bytes:,} bytes of {section}" in str(error)
    assert "big 1" in str(error)  # the symbol that costs most, with its bytes
    large = build_firmware(
        find_board("an386"), tmp_path / "p", STAND_IN, tmp_path / "large"
    ).footprint
    needed = large.ram_bytes + STACK_BYTES if section == "RAM" else large.flash_bytes
    assert abs(needed - error.needed_bytes) < 256


def test_a_part_that_leaves_no_room_for_the_stack_is_too_small(tmp_path: Path) -> None:
    used = build(tmp_path / "a").footprint.ram_bytes
    fill = 128 * 1024 - used - STACK_BYTES + 8
    source = FEATURES_C.replace("/* Mean", f"static char fill[{fill}];\n/* Mean").replace(
        "{\n    for", "{\n    fill[raw[0]]++; features[0] = fill[raw[1]];\n    for", 1
    )
    with pytest.raises(TooLarge, match="kept for the stack"):
        build(tmp_path / "b", features_c=source)


def test_a_missing_compiler_names_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing, match=r"apt-get install .*gcc-arm-none-eabi"):
        build(tmp_path)


def test_a_compiler_that_does_not_work_is_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / "bin" / "arm-none-eabi-gcc"
    fake.parent.mkdir()
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}:/usr/bin:/bin")
    assert shutil.which("arm-none-eabi-gcc") == str(fake)
    with pytest.raises(ToolMissing, match="does not work"):
        build(tmp_path)


def test_a_model_of_another_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BuildError, match="compile as 'model'"):
        build(tmp_path, compile_model(dense_classifier(16, CLASSES), name="other"))
