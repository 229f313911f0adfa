"""Arduino: a sketch that needs no library; the shell runs in loop(), and Serial is its line."""

from __future__ import annotations

from collections.abc import Mapping

from hardware_runner.board import Board
from hardware_runner.export.job import Files, Job, Seen, Words
from hardware_runner.export.rendering import plain, render
from hardware_runner.export.sources import framework_sources

TITLE = "Arduino"

FQBN: Mapping[str, str] = {
    "arduino-nano33ble": "arduino:mbed_nano:nano33ble",
    "arduino-portenta-h7": "arduino:mbed_portenta:envie_m7",
    "raspberry-pi-pico": "rp2040:rp2040:rpipico",
    "esp32s3": "esp32:esp32:esp32s3",
}
"""What Arduino calls a board. Source: boards.txt of each core."""

_HEADERS: Mapping[str, str] = {
    "arduino-nano33ble": "ArduinoCore-mbed",
    "arduino-portenta-h7": "ArduinoCore-mbed",
    "raspberry-pi-pico": "arduino-pico",
}
"""With whose headers sketch and adapter were compiled once, by hand."""


def files(job: Job) -> Files:
    """Return a folder with the sketch in a folder of its own name, as Arduino wants it."""
    sources = sources_for_arduino(job)
    # The IDE gives no file flags of its own, and its -Os and its way to round are not what was
    # measured: each file that computes says so itself.
    for name in (*job.project, *job.model, "bw_infer.c"):
        if name.endswith(".c"):
            level = job.level if name in job.model else "-O2"
            sources[name] = _with_flags(sources[name], level)
    sketch = render("arduino/sketch.ino.jinja", job=job, board=job.board)
    return {f"{job.name}/src/{name}": content for name, content in sources.items()} | {
        f"{job.name}/{job.name}.ino": sketch
    }


def seen(board: Board) -> Seen:
    """Return the most that is known of it, for any board."""
    return Seen.DECLARATIONS


def sources_for_arduino(job: Job) -> Files:
    """Return the C and C++ of a firmware around Arduino's functions, by file name."""
    support = {
        "bw_arduino.cpp": plain("arduino/bw_arduino.cpp"),
        "bw_loop.c": plain("bw_loop.c"),
    }
    return framework_sources(job, support, own_main=True)


def _with_flags(source: bytes, level: str) -> bytes:
    pragma = f'#pragma GCC optimize("{level[1:]}", "-ffp-contract=off")\n'.encode()
    first, newline, rest = source.partition(b"\n")
    if not first.startswith(b"/*") or b"*/" not in first:
        return pragma + source
    return first + newline + pragma + rest


def words(board: Board) -> Words:
    """Return what its page of README.md names."""
    return {
        "fqbn": FQBN[board.name],
        "line": line_of(board),
        "more": more_seen(board),
        "files": (
            ("`*/*.ino`", "the sketch"),
            ("`*/src/app.c`, `features.c`, `goal.h`", "as in the project"),
            ("`*/src/bw_model.c`", "the model as C, beside the kernels that it uses"),
            ("`*/src/bw_shell.c`", "the shell that measures, beside its parts"),
            ("`*/src/bw_arduino.cpp`", "line, clock and light by Arduino's functions"),
        ),
    }


def more_seen(board: Board) -> str:
    """Return what else was seen of the C++ on a board; "" for nothing."""
    core = _HEADERS.get(board.name)
    return f" By hand, its C++ was also compiled with the headers of {core}." if core else ""


def line_of(board: Board) -> str:
    """Return what else is to be known of `Serial` on a board."""
    if board.name == "esp32s3":
        return "; on a DevKitC, the connector marked UART"
    return " by USB"


def starts_the_core(board: Board) -> bool:
    """Say no: Arduino's core does."""
    return False
