"""CMake for bare metal: the firmware of `boardwright build`, file for file and flag for flag."""

from __future__ import annotations

from hardware_runner.board import Board
from hardware_runner.build import CONTRACT, build_header, linker_script, shell_sources
from hardware_runner.export.job import Files, Job, Seen, Words
from hardware_runner.export.rendering import plain, render
from hardware_runner.export.sources import compiled, only_included
from hardware_runner.toolchain import COMMON_FLAGS, STRICT_FLAGS, TARGET_LINK_FLAGS

TITLE = "CMake"

BOOT2_CRC = 0xCA1A_5616
"""What `seal_boot2` writes behind the RP2040's second stage, so that no tool of ours is needed."""

_TALK = ("-fdiagnostics-color=never", "-fmax-errors=5")
"""How the compiler speaks to us; people have their own taste."""


def files(job: Job) -> Files:
    """Return a CMake project with its toolchain file, presets and linker script."""
    sources = bare_metal_sources(job)
    units = compiled(sources)
    flags = [flag for flag in COMMON_FLAGS if flag not in _TALK]
    begin = TARGET_LINK_FLAGS.index("-Wl,--start-group")
    values = {
        "job": job,
        "board": job.board,
        "sources": units,
        "authored": [name for name in units if is_authored(name)],
        "model": [name for name in units if name.startswith("model/")],
        "own": [name for name in units if not is_authored(name) and not name.startswith("model/")],
        "flags": flags,
        "strict_flags": STRICT_FLAGS,
        "link_flags": TARGET_LINK_FLAGS[:begin],
        "libraries": TARGET_LINK_FLAGS[begin:],
    }
    return sources | {
        "CMakeLists.txt": render("cmake/CMakeLists.txt.jinja", **values),
        "CMakePresets.json": plain("cmake/CMakePresets.json"),
        "arm-none-eabi.cmake": plain("cmake/arm-none-eabi.cmake"),
        "firmware.ld": linker_script(
            job.board, job.board.flash_bytes, job.board.ram_bytes
        ).encode(),
    }


def seen(board: Board) -> Seen:
    """Return the most that is known of it: the tests build it for every board with a compiler."""
    if board.verified in ("hardware", "emulator"):
        return Seen(board.verified)
    return Seen.BUILDS if board.is_built_here else Seen.UNVERIFIED


def is_authored(name: str) -> bool:
    """Say whether a file's warnings are those of the project's authors, who may have some."""
    return name.startswith("project/") or name == CONTRACT


def bare_metal_sources(job: Job) -> Files:
    """Return all C of a firmware that starts the core itself, in the order in which it is linked.

    The folders are those of a build: project/, model/ and shell/.
    """
    shell = shell_sources(job.board, text=bool(job.text_model))
    shell["shell/bw_build.h"] = build_header(job.board, job.build_id, text_model=job.text_model)
    sources = {f"project/{name}": content for name, content in job.project.items()}
    sources |= {f"model/{name}": content for name, content in job.model.items()}
    sources |= {name: _sealed(content) for name, content in shell.items()}
    return only_included(sources)


def _sealed(source: bytes) -> bytes:
    """Return a support file with the CRC of its second boot stage, where it holds one."""
    return source.replace(b'".word 0"', f'".word 0x{BOOT2_CRC:08X}"'.encode())


def words(board: Board) -> Words:
    """Return what its page of README.md names."""
    return {
        "files": (
            ("`project/`", "goal, features and application, as in the project"),
            ("`model/`", "the model as C, with the kernels that it uses"),
            ("`shell/`", "the shell that measures; board.c is UART, clock and light of this board"),
            ("`firmware.ld`", "flash and RAM of the part"),
            ("`CMakeLists.txt`, `CMakePresets.json`, `arm-none-eabi.cmake`", "how it is built"),
        )
    }


def starts_the_core(board: Board) -> bool:
    """Say yes: it is bare metal."""
    return True
