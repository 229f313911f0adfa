"""Zephyr: an application whose line is the board's console device."""

from __future__ import annotations

from collections.abc import Mapping

from hardware_runner.board import Board
from hardware_runner.export.job import Files, Job, Seen, Words
from hardware_runner.export.rendering import plain, render
from hardware_runner.export.sources import below_src
from hardware_runner.fit import STACK_BYTES

TITLE = "Zephyr"

BOARD_NAME: Mapping[str, str] = {
    "nucleo-f446re": "nucleo_f446re",
    "nucleo-l476rg": "nucleo_l476rg",
    "nucleo-h743zi": "nucleo_h743zi",
    "arduino-nano33ble": "arduino_nano_33_ble",
    "arduino-portenta-h7": "arduino_portenta_h7/stm32h747xx/m7",
    "raspberry-pi-pico": "rpi_pico",
}
"""What Zephyr calls a board. Source: zephyrproject-rtos/zephyr, boards/*/*/board.yml."""

_WITHOUT_DWT = ("Cortex-M0+",)
_WITHOUT_FPU = ("Cortex-M0+",)
_USB_CONSOLE = "arduino-portenta-h7"
"""Its devicetree includes cdc_acm_serial.dtsi."""

_FRAMEWORK_STACK_BYTES = 2048
"""What the kernel and its drivers take of the main thread's stack, on top of the shell."""


def files(job: Job) -> Files:
    """Return an application for `west build`."""
    support = {
        "bw_zephyr.c": plain("zephyr/bw_zephyr.c"),
        "bw_loop.c": plain("bw_loop.c"),
    }
    sources, values = below_src(job, support)
    values |= {
        "stack_bytes": STACK_BYTES + _FRAMEWORK_STACK_BYTES,
        "has_dwt": job.board.core not in _WITHOUT_DWT,
        "has_fpu": job.board.core not in _WITHOUT_FPU,
    }
    return sources | {
        "CMakeLists.txt": render("zephyr/CMakeLists.txt.jinja", **values),
        "prj.conf": render("zephyr/prj.conf.jinja", **values),
    }


def seen(board: Board) -> Seen:
    """Return the most that is known of it, for any board."""
    return Seen.DECLARATIONS


def words(board: Board) -> Words:
    """Return what its page of README.md names."""
    dwt = "timing functions, which count cycles of the core"
    return {
        "board": BOARD_NAME[board.name],
        "clock": dwt if board.core not in _WITHOUT_DWT else "k_cycle_get_32()",
        "line": "; on this board, a serial port by USB" if board.name == _USB_CONSOLE else "",
        "files": (
            ("`src/app.c`, `features.c`, `goal.h`", "as in the project"),
            ("`src/bw_model.c`", "the model as C, beside the kernels that it uses"),
            ("`src/bw_shell.c`", "the shell that measures, beside its parts"),
            ("`src/bw_zephyr.c`", "line, clock and light by Zephyr's functions"),
            ("`prj.conf`", "what of Zephyr is used"),
        ),
    }


def starts_the_core(board: Board) -> bool:
    """Say no: Zephyr does."""
    return False
