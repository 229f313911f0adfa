"""Build a project's firmware for a board, and measure what it takes of the real part.

Only sources come from the project. Compiler options, linker script and the order of everything
are ours.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from hardware_runner.board import Board
from hardware_runner.boot2 import seal_boot2
from hardware_runner.errors import BuildError, TooLarge
from hardware_runner.fit import STACK_BYTES, refuse_too_large
from hardware_runner.footprint import Image, global_names, read_image
from hardware_runner.report import Footprint
from hardware_runner.toolchain import STRICT_FLAGS, Compiler, find_compiler
from model_compiler import CompiledModel

AUTHORED = ("features.h", "features.c", "app.h", "app.c")
PROJECT = ("goal.h", *AUTHORED)
CONTRACT = "shell/bw_contract.c"
_ROOMY_BYTES = 0x0800_0000  # for a second link that shows by how much the first one failed
_LARGEST = 6
_BUFFERED_WINDOW = 2
"""Requests under way where nothing is lost while a sample is computed: a pipe, or QEMU's line."""
_PARALLEL = 2


@dataclass(frozen=True, slots=True)
class Firmware:
    """A linked firmware.

    `build_id` is what it answers when it is asked who it is; `warnings` are the compiler's about
    authored files; `points` is how many places of the model it can tell the cost of, 0 where it was
    not built to be profiled.
    """

    board: Board
    elf: Path
    sha256: str
    build_id: str
    footprint: Footprint
    warnings: tuple[str, ...]
    tools: Mapping[str, str]
    points: int = 0


def build_firmware(
    board: Board,
    project: Path,
    compiled: CompiledModel,
    out: Path,
    *,
    profiled: bool = False,
    text_model: str = "",
) -> Firmware:
    """Build the firmware of a project into `out`, which is made if need be.

    Args:
        board: What to build for.
        project: A folder with goal.h, features.h, features.c, app.h and app.c.
        compiled: The model as C.
        out: Where sources, objects and `firmware.elf` go.
        profiled: With a point before each operator, for `hardware_runner.profile`.
        text_model: Where it shall also answer the runner of MLPerf Tiny: what that calls the model,
            such as "ic01"; see docs/mlperf_tiny.md.

    Raises:
        BuildError, TooLarge, ToolMissing.
    """
    missing = [name for name in PROJECT if not (project / name).is_file()]
    if missing:
        raise BuildError(f"{project.name} lacks {', '.join(missing)}.")
    sources = {name: (project / name).read_bytes() for name in PROJECT}
    return _build(board, sources, compiled, out, profiled=profiled, text_model=text_model)


def build_smallest(board: Board, compiled: CompiledModel, out: Path) -> Footprint:
    """Return what the smallest firmware around a model takes.

    Its features only copy, and its application does nothing.
    """
    folder = resources.files("templates") / "firmware" / "smallest"
    project = {name: (folder / name).read_bytes() for name in PROJECT}
    return _build(board, project, compiled, out).footprint


@dataclass(frozen=True, slots=True)
class _Unit:
    """One file to compile; paths are relative to the build folder."""

    source: str
    object: str
    authored: bool


def _build(
    board: Board,
    project: Mapping[str, bytes],
    compiled: CompiledModel,
    out: Path,
    *,
    profiled: bool = False,
    text_model: str = "",
) -> Firmware:
    if compiled.name != "model":
        raise BuildError(
            f"The shell calls bw_model_invoke(): compile as 'model', not '{compiled.name}'."
        )
    refuse_too_large(compiled.summary, board)
    compiler = find_compiler(board)
    sources = {f"project/{name}": text for name, text in project.items()}
    model = compiled.profiled() if profiled else compiled
    points = len(compiled.summary.operators) + 1 if profiled else 0
    sources |= {f"model/{name}": text.encode() for name, text in model.files.items()}
    sources |= shell_sources(board, profiled=profiled, text=bool(text_model))
    build_id = _digest(board, compiler, sources)[:16]
    sources["shell/bw_build.h"] = build_header(board, build_id, points, text_model=text_model)
    for name, data in sources.items():
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    # bw_contract.c holds the project's headers, so its warnings are the author's too.
    units = [
        _Unit(name, f"{name[:-2]}.o", name.startswith("project/") or name == CONTRACT)
        for name in sources
        if name.endswith(".c")
    ]
    level = compiled.summary.optimise.flag
    with ThreadPoolExecutor(_PARALLEL) as pool:
        said = list(pool.map(lambda unit: _compile(compiler, out, unit, level), units))
    elf = _link(board, compiler, out, units)
    seal_boot2(elf)
    image = read_image(elf)
    return Firmware(
        board=board,
        elf=elf,
        sha256=hashlib.sha256(elf.read_bytes()).hexdigest(),
        build_id=build_id,
        footprint=_footprint(board, image, out, units),
        warnings=tuple(warnings for warnings in said if warnings),
        tools={compiler.program: compiler.version},
        points=points,
    )


def shell_sources(board: Board, *, profiled: bool = False, text: bool = False) -> dict[str, bytes]:
    """Return the trusted C around a project, by its path in the build folder."""
    folder = resources.files("templates") / "firmware"
    chosen = {"shell/board.c": (folder / "boards" / board.support).read_bytes()}
    for entry in (*folder.iterdir(), *(folder / "boards").iterdir()):
        if entry.name.endswith(".h") or (entry.name.endswith(".c") and entry.name[:3] == "bw_"):
            chosen[f"shell/{entry.name}"] = entry.read_bytes()
    if text:
        for entry in (folder / "text").iterdir():
            chosen[f"shell/{entry.name}"] = entry.read_bytes()
    if board.is_process:
        del chosen["shell/bw_startup.c"]
    if not profiled:
        del chosen["shell/bw_profile.c"], chosen["shell/bw_profile.h"]
    return dict(sorted(chosen.items()))


def build_header(
    board: Board,
    build_id: str,
    points: int = 0,
    window: int | None = None,
    text_model: str = "",
) -> bytes:
    """Return bw_build.h: who the firmware says it is, and how many requests it takes at once."""
    profile = f"#define BW_PROFILE_POINTS {points}\n" if points else ""
    if window is None:
        window = _BUFFERED_WINDOW if board.is_process or board.machine else 1
    return (
        "/* SPDX-License-Identifier: Apache-2.0 */\n"
        f'#define BW_BOARD_NAME "{board.name}"\n#define BW_BUILD_ID "{build_id}"\n'
        f"#define BW_WINDOW {window}\n{profile}{_text(board, text_model) if text_model else ''}"
    ).encode()


def _text(board: Board, model: str) -> str:
    """Return what the commands in ASCII must know.

    On a board that counts instructions their number is what is told, and never a time; there,
    2 seconds of virtual time are 1,953,125 instructions. See docs/decisions/0001.
    """
    if re.fullmatch(r"[A-Za-z0-9._-]{1,40}", model) is None:
        raise BuildError(
            f"{model!r} is no name of a model: take up to 40 letters, digits and . _ - for it."
        )
    unit, units, seconds = (
        ("instructions", 1_953_125, 2) if board.timing == "instructions" else ("us", 1_000_000, 1)
    )
    return (
        f'#define BW_TEXT_MODEL "{model}"\n#define BW_TEXT_UNIT "{unit}"\n'
        f"#define BW_TEXT_UNITS {units}u\n#define BW_TEXT_SECONDS {seconds}u\n"
    )


def _compile(compiler: Compiler, out: Path, unit: _Unit, level: str) -> str:
    """Compile a file, the model's own ones at the level for which they were written."""
    # Not -I: the project's features.h must not hide the C library's <features.h>.
    paths = [f"-iquote{folder}" for folder in ("project", "model", "shell")]
    flags = [*paths, *(() if unit.authored else STRICT_FLAGS)]
    if unit.source.startswith("model/"):
        flags.append(level)
    return compiler.compile(out, unit.source, unit.object, flags)


def _link(board: Board, compiler: Compiler, out: Path, units: list[_Unit]) -> Path:
    objects = [unit.object for unit in units]
    if board.is_process:
        compiler.link(out, objects, "firmware.elf", [])
        return out / "firmware.elf"
    write_linker_script(board, out / "firmware.ld", board.flash_bytes, board.ram_bytes)
    try:
        compiler.link(out, objects, "firmware.elf", ["-Tfirmware.ld"])
    except BuildError as error:
        if not re.search(r"overflowed by|will not fit in region", str(error)):
            raise
        write_linker_script(board, out / "roomy.ld", _ROOMY_BYTES, _ROOMY_BYTES)
        compiler.link(out, objects, "too_large.elf", ["-Troomy.ld"])
        raise _too_large(board, read_image(out / "too_large.elf")) from error
    return out / "firmware.elf"


def write_linker_script(board: Board, path: Path, flash_bytes: int, ram_bytes: int) -> None:
    """Write the linker script of a board, with memories of these sizes."""
    path.write_text(linker_script(board, flash_bytes, ram_bytes))


def linker_script(board: Board, flash_bytes: int, ram_bytes: int) -> str:
    """Return the linker script of a board, with memories of these sizes."""
    template = (resources.files("templates") / "firmware" / "cortex_m.ld.in").read_text()
    values = {
        "FLASH_ORIGIN": f"{board.flash_origin:#010x}",
        "FLASH_BYTES": str(flash_bytes),
        "RAM_ORIGIN": f"{board.ram_origin:#010x}",
        "RAM_BYTES": str(ram_bytes),
        "STACK_BYTES": str(STACK_BYTES),
    }
    return re.sub(r"@(\w+)@", lambda found: values[found[1]], template)


def _too_large(board: Board, image: Image) -> TooLarge:
    ram_needed = image.ram_bytes + STACK_BYTES
    if image.flash_bytes > board.flash_bytes:
        section, needed, had = "flash", image.flash_bytes, board.flash_bytes
        costs = [s for s in image.symbols if s.in_flash]
        stack = ""
    else:
        section, needed, had = "RAM", ram_needed, board.ram_bytes
        costs = [s for s in image.symbols if s.in_ram]
        stack = f", of which {STACK_BYTES:,} are kept for the stack"
    largest = sorted(costs, key=lambda s: s.size, reverse=True)[:_LARGEST]
    listed = ", ".join(f"{s.name} {s.size:,}" for s in largest)
    return TooLarge(
        f"The firmware needs {needed:,} bytes of {section}{stack}; {board.part} has {had:,}. "
        f"What costs most, in bytes: {listed}.",
        section,
        needed,
        had,
    )


def _footprint(board: Board, image: Image, out: Path, units: list[_Unit]) -> Footprint:
    model = [unit for unit in units if unit.source.startswith("model/")]
    files = {unit.source for unit in model} | {Path(unit.source).name for unit in model}
    names = global_names([out / unit.object for unit in model])
    mine = [s for s in image.symbols if (s.file in files if s.file else s.name in names)]
    return Footprint(
        flash_bytes=image.flash_bytes,
        flash_limit_bytes=board.flash_bytes,
        ram_bytes=image.ram_bytes,
        ram_limit_bytes=board.ram_bytes,
        model_code_bytes=sum(s.size for s in mine if s.is_code),
        model_constant_bytes=sum(s.size for s in mine if not s.is_code and not s.in_ram),
        arena_bytes=sum(
            s.size for s in image.symbols if s.name == "arena" and "bw_infer.c" in s.file
        ),
    )


def _digest(board: Board, compiler: Compiler, sources: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(f"{board.name}\n{compiler.program} {compiler.version}\n".encode())
    for name in sorted(sources):
        digest.update(f"{name} {len(sources[name])}\n".encode())
        digest.update(sources[name])
    return digest.hexdigest()
