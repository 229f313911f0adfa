"""Writing: from a project to a folder that can be measured elsewhere."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from hardware_runner.board import Board
from hardware_runner.build import build_firmware
from hardware_runner.bundle.manifest import (
    BUNDLE_FILE,
    WHY_MAX,
    BundledFile,
    BundledFirmware,
    Manifest,
)
from hardware_runner.bundle.testset import read_testset
from hardware_runner.errors import BuildError, BundleRefused, ToolMissing, ToolSlow
from hardware_runner.images import make_image
from model_compiler import CompiledModel, compile_model, load_model

TESTSET = "testset.npz"


def write_bundle(
    project: Path,
    boards: Sequence[Board],
    commit: str,
    out: Path,
    *,
    name: str = "",
    on_board: Callable[[Board], None] = lambda board: None,
) -> Manifest:
    """Compile a project's model, build each board's firmware, and leave a bundle.

    A board for which nothing can be built is named in `failed`, with the reason.

    Args:
        project: A folder with model.tflite, testset.npz and the project's C.
        boards: What to build for.
        commit: Full id of the commit that the project is of.
        out: Where the bundle goes, at once and whole; must not exist, or be an empty folder.
        name: Of the project's folder in its repository; empty: the last two parts of its path.
        on_board: Called before a board's turn.

    Raises:
        ModelError: model.tflite cannot be compiled.
        BundleRefused: testset.npz cannot be fed to a board, or a board is this machine itself.
    """
    if any(board.is_process for board in boards):
        raise BundleRefused("A process of this machine is no board to hand firmware to.")
    compiled = compile_model(load_model((project / "model.tflite").read_bytes()))
    samples = (project / TESTSET).read_bytes()
    read_testset(samples)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as scratch:
        folder = Path(scratch) / "bundle"
        folder.mkdir()
        (folder / TESTSET).write_bytes(samples)
        built: list[BundledFirmware] = []
        failed: dict[str, str] = {}
        for board in boards:
            on_board(board)
            try:
                built.append(_build(board, project, compiled, Path(scratch), folder))
            except (BuildError, ToolMissing, ToolSlow) as error:
                failed[board.name] = str(error)[:WHY_MAX]
        manifest = Manifest(
            project=name or "/".join(project.resolve().parts[-2:]),
            commit=commit,
            testset=_file(folder, folder / TESTSET),
            firmware=tuple(built),
            failed=failed,
        )
        (folder / BUNDLE_FILE).write_text(manifest.model_dump_json(indent=2) + "\n")
        folder.replace(out)
    return manifest


def _build(
    board: Board, project: Path, compiled: CompiledModel, scratch: Path, folder: Path
) -> BundledFirmware:
    firmware = build_firmware(board, project, compiled, scratch / board.name)
    place = folder / board.name
    place.mkdir()
    elf = _file(folder, Path(shutil.copyfile(firmware.elf, place / "firmware.elf")))
    image = make_image(firmware, place)
    return BundledFirmware(
        board=board.name,
        build_id=firmware.build_id,
        elf=elf,
        image=elf if image.kind == "elf" else _file(folder, image.path),
        image_kind=image.kind,
        footprint=firmware.footprint,
        tools=dict(firmware.tools),
    )


def _file(folder: Path, path: Path) -> BundledFile:
    content = path.read_bytes()
    return BundledFile(
        path=path.relative_to(folder).as_posix(),
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )
