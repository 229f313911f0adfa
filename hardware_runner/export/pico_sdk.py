"""Pico SDK: a project around its hardware_uart, without stdio."""

from __future__ import annotations

from hardware_runner.board import Board
from hardware_runner.export.job import Files, Job, Seen, Words
from hardware_runner.export.rendering import plain, render
from hardware_runner.export.sources import below_src

TITLE = "the Pico SDK"

_CLAIM = (
    "A test of Boardwright's, which needs an SDK (2.2.0 was there), builds it and runs it in "
    "rp2040js: its answers are those of the firmware of `boardwright build`. The emulator has no "
    "boot ROM, so the compiler's own routines stood in for those that the SDK takes from there. On "
    "the part itself it never ran."
)


def files(job: Job) -> Files:
    """Return a CMake project for the Pico SDK.

    Source: Raspberry Pi Pico-series C/C++ SDK, "Using the Pico SDK in your own project".
    """
    support = {
        "bw_pico_sdk.c": plain("pico_sdk/bw_pico_sdk.c"),
        "bw_loop.c": plain("bw_loop.c"),
    }
    sources, values = below_src(job, support)
    return sources | {"CMakeLists.txt": render("pico_sdk/CMakeLists.txt.jinja", **values)}


def seen(board: Board) -> Seen:
    """Return the most that is known of it: see tests/hardware_runner/export/test_pico_sdk.py."""
    return Seen.EMULATOR


def words(board: Board) -> Words:
    """Return what its page of README.md names."""
    return {
        "claim": _CLAIM,
        "files": (
            ("`src/app.c`, `features.c`, `goal.h`", "as in the project"),
            ("`src/bw_model.c`", "the model as C, beside the kernels that it uses"),
            ("`src/bw_shell.c`", "the shell that measures, beside its parts"),
            ("`src/bw_pico_sdk.c`", "line, clock and light by the SDK's functions"),
        ),
    }


def starts_the_core(board: Board) -> bool:
    """Say no: the SDK does."""
    return False
