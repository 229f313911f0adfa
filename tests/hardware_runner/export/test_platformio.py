"""PlatformIO's project for bare metal links with the flags that it and PlatformIO name."""

from __future__ import annotations

import ast
import configparser
import subprocess
from pathlib import Path

from elftools.elf.elffile import ELFFile

from hardware_runner.boards import find_board
from hardware_runner.footprint import read_image
from tests.hardware_runner.export.exported import write
from tests.hardware_runner.tools import needs_arm_gcc

# What PlatformIO adds where no framework is named.
# Source: platformio/platform-ststm32, builder/frameworks/_bare.py
BARE_LINK = ("-Os", "-Wl,--gc-sections,--relax", "-mthumb")
BARE_LIBRARIES = (
    "-Wl,--start-group",
    "-lc",
    "-lgcc",
    "-lm",
    "-Wl,--end-group",
)  # and -lstdc++, which Debian has apart


def options(folder: Path) -> tuple[list[str], list[str]]:
    """Return what platformio.ini gives the compiler, and link_flags.py the linker."""
    ini = configparser.ConfigParser()
    ini.read(folder / "platformio.ini")
    (section,) = [name for name in ini.sections() if name.startswith("env:")]
    assert ini[section]["board_build.ldscript"] == "firmware.ld"
    tree = ast.parse((folder / "link_flags.py").read_text())
    (flags,) = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.keyword) and node.arg == "LINKFLAGS"
    ]
    return ini[section]["build_flags"].split(), ast.literal_eval(flags)


@needs_arm_gcc
def test_the_bare_metal_project_links_to_a_firmware_that_starts_itself(tmp_path: Path) -> None:
    board = find_board("f446re")
    write(tmp_path, board, "platformio")
    compile_flags, link_flags = options(tmp_path)
    sources = [str(path) for path in sorted((tmp_path / "src").rglob("*.c"))]
    command = [
        "arm-none-eabi-gcc", *BARE_LINK, *compile_flags, *link_flags, "-Werror",
        "-Tfirmware.ld", *sources, *BARE_LIBRARIES, "-o", "firmware.elf",
    ]  # fmt: skip
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with (tmp_path / "firmware.elf").open("rb") as stream:
        entry = ELFFile(stream)["e_entry"]
    image = read_image(tmp_path / "firmware.elf")
    assert image.at(entry) == "bw_reset"
    assert image.flash_bytes < 32_000
