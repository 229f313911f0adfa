"""PlatformIO: Arduino's functions where its core is usual, the bare metal of ours for the STM32."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hardware_runner.board import Board
from hardware_runner.build import linker_script
from hardware_runner.export.arduino import line_of, more_seen, sources_for_arduino
from hardware_runner.export.cmake import bare_metal_sources
from hardware_runner.export.job import Files, Job, Seen, Words
from hardware_runner.export.rendering import render
from hardware_runner.toolchain import COMMON_FLAGS

TITLE = "PlatformIO"

FOLDER = "src/boardwright"
"""Not src/ itself: PlatformIO looks there for <features.h> of the C library, too."""


@dataclass(frozen=True, slots=True)
class Target:
    """What PlatformIO calls a board; `framework` "" is bare metal."""

    platform: str
    board: str
    framework: str = ""


TARGETS: Mapping[str, Target] = {
    "netduinoplus2": Target("ststm32", "genericSTM32F405RG"),
    "nucleo-f446re": Target("ststm32", "nucleo_f446re"),
    "nucleo-l476rg": Target("ststm32", "nucleo_l476rg"),
    "nucleo-h743zi": Target("ststm32", "nucleo_h743zi"),
    "arduino-nano33ble": Target("nordicnrf52", "nano33ble", "arduino"),
    "arduino-portenta-h7": Target("ststm32", "portenta_h7_m7", "arduino"),
    "raspberry-pi-pico": Target("raspberrypi", "pico", "arduino"),
    "esp32s3": Target("espressif32", "esp32-s3-devkitc-1", "arduino"),
}
"""Source: the boards/ folders of platformio/platform-ststm32, -nordicnrf52, -raspberrypi and
-espressif32."""

_CLAIM = (
    "PlatformIO Core 6.2.0 with its platform ststm32 19.6.0 built it, by hand and with another GCC "
    "12 in place of the one that PlatformIO downloads; Boardwright's tests link it with the same "
    "flags. On the part itself it never ran."
)

LINK_FLAGS = ("-nostartfiles",)

TOOLCHAIN = "platformio/toolchain-gccarmnoneeabi@~1.120301.0"
"""GCC 12.3. The platform's usual one is 7.2, which does not know every attribute of the shell.

Source: platformio/platform-ststm32, platform.json, "optionalVersions"."""


def files(job: Job) -> Files:
    """Return a project for `pio run`."""
    target = TARGETS[job.board.name]
    return _with_arduino(job, target) if target.framework else _bare(job, target)


def seen(board: Board) -> Seen:
    """Return the most that is known of it; of bare metal, `_CLAIM` says how."""
    return Seen.DECLARATIONS if TARGETS[board.name].framework else Seen.BUILDS


def compile_flags(board: Board, level: str) -> tuple[str, ...]:
    """Return what bare metal is compiled with, on top of what PlatformIO adds by itself.

    One level for all files: PlatformIO has none for each.
    """
    kept = [flag for flag in COMMON_FLAGS if flag[:3] not in ("-fd", "-fm", "-O2")]
    return (*kept, "-fdata-sections", level, *board.cpu_flags)


def _with_arduino(job: Job, target: Target) -> Files:
    sources = {f"{FOLDER}/{name}": text for name, text in sources_for_arduino(job).items()}
    main = render("platformio/main.cpp.jinja", job=job, board=job.board)
    return sources | {"src/main.cpp": main, "platformio.ini": _ini(job, target)}


def _bare(job: Job, target: Target) -> Files:
    """Return bare metal: the sources of the CMake project, side by side, and its linker script."""
    board = job.board
    sources = {
        f"{FOLDER}/{name.rpartition('/')[2]}": content
        for name, content in bare_metal_sources(job).items()
    }
    script = linker_script(board, board.flash_bytes, board.ram_bytes).encode()
    flags = (*board.cpu_flags, *LINK_FLAGS)
    return sources | {
        "platformio.ini": _ini(job, target),
        "firmware.ld": script,
        "link_flags.py": render("platformio/link_flags.py.jinja", flags=flags),
    }


def _ini(job: Job, target: Target) -> bytes:
    return render(
        "platformio/platformio.ini.jinja",
        job=job,
        board=job.board,
        environment=job.board.name,
        platform=target.platform,
        pio_board=target.board,
        framework=target.framework,
        toolchain=TOOLCHAIN,
        flags=compile_flags(job.board, job.level),
    )


def words(board: Board) -> Words:
    """Return what its page of README.md names."""
    framework = bool(TARGETS[board.name].framework)
    support = (
        ("bw_arduino.cpp", "line, clock and light by Arduino's functions")
        if framework
        else ("board.c`, `bw_startup.c", "the board by its registers, and how the core starts")
    )
    return ({} if framework else {"claim": _CLAIM}) | {
        "framework": framework,
        "line": line_of(board),
        "more": more_seen(board) if framework and board.name != "raspberry-pi-pico" else "",
        "files": (
            ("`platformio.ini`", "board, platform and flags"),
            (f"`{FOLDER}/app.c`, `features.c`, `goal.h`", "as in the project"),
            (f"`{FOLDER}/bw_model.c`", "the model as C, beside the kernels that it uses"),
            (f"`{FOLDER}/bw_shell.c`", "the shell that measures, beside its parts"),
            (f"`{FOLDER}/{support[0]}`", support[1]),
        ),
    }


def starts_the_core(board: Board) -> bool:
    """Say whether our startup code runs, and no framework around it."""
    return not TARGETS[board.name].framework
