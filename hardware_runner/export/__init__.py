"""Export: a project for a board as its users open it in their own tool.

    export_project(project, find_board("pico"), "cmake", Path("out"))

One module for each kind; what it writes lies in templates/export/ under its name.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hardware_runner.board import Board
from hardware_runner.build import PROJECT
from hardware_runner.errors import ProjectError
from hardware_runner.export import arduino, cmake, esp_idf, pico_sdk, platformio, zephyr
from hardware_runner.export.job import Exporter, Files, Job, Seen
from hardware_runner.export.naming import safe_name, safe_title
from hardware_runner.export.readme import write_readme
from hardware_runner.export.writing import MANIFEST, write_export
from hardware_runner.fit import refuse_too_large
from model_compiler import CompiledModel, compile_model, load_model

__all__ = [
    "EXPORTERS",
    "MANIFEST",
    "Exported",
    "Exporter",
    "Seen",
    "export_files",
    "export_project",
    "job_of",
    "read_exported",
]

SCHEMA_VERSION = 1


class Exported(BaseModel):
    """What the folder of an export says of itself."""

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[1]
    kind: Literal["cmake", "arduino", "platformio", "zephyr", "esp-idf", "pico-sdk"]
    board: str
    build_id: str = Field(pattern=r"^[0-9a-f]{16}$")


EXPORTERS: dict[str, Exporter] = {
    "cmake": cmake,
    "arduino": arduino,
    "platformio": platformio,
    "zephyr": zephyr,
    "esp-idf": esp_idf,
    "pico-sdk": pico_sdk,
}


def export_project(
    project: Path,
    board: Board,
    kind: str,
    folder: Path,
    *,
    force: bool = False,
    text_model: str = "",
) -> Job:
    """Write a project for a board as a tool opens it; equal input gives equal bytes.

    Args:
        project: A folder with model.tflite and the project's C.
        board: What it is for.
        kind: Which tool: one of `board.exports`.
        folder: Where it goes; see `write_export`.
        force: Write also into a folder that holds files.
        text_model: Where it shall also answer a runner of MLPerf Tiny: as `build_firmware`.

    Raises:
        ProjectError: the board has no such export, a file is missing, or the folder is not empty.
        ModelError: model.tflite cannot be compiled.
        TooLarge: no part of this board holds the model.
    """
    refuse_kind(board, kind)
    compiled = compile_model(load_model(_read(project, "model.tflite")))
    refuse_too_large(compiled.summary, board)
    card = ""
    if (project / "README.md").is_file():
        card = Path(os.path.relpath(project / "README.md", folder)).as_posix()
    sources = {name: _read(project, name) for name in PROJECT}
    job = job_of(
        board, kind, sources, compiled,
        title=project.resolve().name, card=card, text_model=text_model,
    )  # fmt: skip
    about = {
        "schema_version": SCHEMA_VERSION,
        "kind": kind,
        "board": board.name,
        "build_id": job.build_id,
    }
    write_export(export_files(job, kind), about, folder, force=force)
    return job


def export_files(job: Job, kind: str) -> Files:
    """Return all files of an export but its manifest, by path."""
    exporter = EXPORTERS[kind]
    return exporter.files(job) | {"README.md": write_readme(job, kind, exporter)}


def job_of(
    board: Board,
    kind: str,
    project: Mapping[str, bytes],
    compiled: CompiledModel,
    *,
    title: str,
    card: str = "",
    text_model: str = "",
) -> Job:
    """Return what is exported; its build id depends on every file that the tool is given."""
    job = Job(
        name=safe_name(title),
        title=safe_title(title),
        board=board,
        project=project,
        model={name: text.encode() for name, text in compiled.files.items()},
        level=compiled.summary.optimise.flag,
        build_id="",
        card=card,
        text_model=text_model,
    )
    digest = hashlib.sha256()
    for name, content in sorted(EXPORTERS[kind].files(job).items()):
        digest.update(f"{name} {len(content)}\n".encode() + content)
    return replace(job, build_id=digest.hexdigest()[:16])


def read_exported(folder: Path) -> Exported:
    """Return what lies in the folder of an export.

    Raises:
        ProjectError: there is no export.
    """
    try:
        with (folder / MANIFEST).open("rb") as stream:
            return Exported.model_validate_json(stream.read(1_000_000))
    except OSError:
        raise ProjectError(
            f"{folder} holds no {MANIFEST}: name a folder that `boardwright export` wrote."
        ) from None
    except ValidationError as error:
        raise ProjectError(
            f"{folder / MANIFEST} is damaged ({error.error_count()} places): export again."
        ) from None


def refuse_kind(board: Board, kind: str) -> None:
    """Refuse an export that a board does not have.

    Raises:
        ProjectError: lists those that it has.
    """
    if kind in board.exports and kind in EXPORTERS:
        return
    offered = [name for name in board.exports if name in EXPORTERS]
    if offered:
        raise ProjectError(f"{board.name} has no export '{kind}'. It has: {', '.join(offered)}.")
    raise ProjectError(f"There is nothing to export for {board.name} ({board.part}).")


def _read(project: Path, name: str) -> bytes:
    path = project / name
    if not path.is_file():
        raise ProjectError(f"{project} holds no {name}: name the folder of a project.")
    return path.read_bytes()
