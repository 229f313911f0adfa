"""ESP-IDF: a project with one component, the UART driver as line, and the core's cycle counter."""

from __future__ import annotations

from hardware_runner.board import Board
from hardware_runner.export.job import Files, Job, Seen, Words
from hardware_runner.export.rendering import plain, render
from hardware_runner.export.sources import compiled, framework_sources
from hardware_runner.fit import STACK_BYTES

TITLE = "ESP-IDF"

_FRAMEWORK_STACK_BYTES = 4096
"""What drivers and interrupts take of the main task's stack, on top of the shell."""


def files(job: Job) -> Files:
    """Return a project for `idf.py`. Source: ESP-IDF Programming Guide, "Build System"."""
    support = {
        "bw_esp_idf.c": plain("esp_idf/bw_esp_idf.c"),
        "bw_loop.c": plain("bw_loop.c"),
    }
    sources = framework_sources(job, support, own_main=True)
    values = {
        "job": job,
        "board": job.board,
        "sources": compiled(sources),
        "model": compiled(job.model),
        "stack_bytes": STACK_BYTES + _FRAMEWORK_STACK_BYTES,
    }
    return {f"main/{name}": content for name, content in sources.items()} | {
        "CMakeLists.txt": render("esp_idf/CMakeLists.txt.jinja", **values),
        "main/CMakeLists.txt": render("esp_idf/main.cmake.jinja", **values),
        "sdkconfig.defaults": render("esp_idf/sdkconfig.defaults.jinja", **values),
    }


def seen(board: Board) -> Seen:
    """Return the most that is known of it, for any board."""
    return Seen.DECLARATIONS


def words(board: Board) -> Words:
    """Return what its page of README.md names."""
    return {
        "files": (
            ("`main/app.c`, `features.c`, `goal.h`", "as in the project"),
            ("`main/bw_model.c`", "the model as C, beside the kernels that it uses"),
            ("`main/bw_shell.c`", "the shell that measures, beside its parts"),
            ("`main/bw_esp_idf.c`", "line and clock by ESP-IDF's functions"),
            ("`sdkconfig.defaults`", "clock, console, partitions"),
        )
    }


def starts_the_core(board: Board) -> bool:
    """Say no: ESP-IDF does."""
    return False
