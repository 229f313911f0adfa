"""Manifest: what a bundle says of itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from hardware_runner.board import ImageKind
from hardware_runner.report import Footprint

BUNDLE_FILE = "boardwright-bundle.json"
MANIFEST_BYTES_MAX = 256 * 1024
FILE_BYTES_MAX = 64 * 1024 * 1024
BUNDLE_BYTES_MAX = 256 * 1024 * 1024
BOARDS_MAX = 16
WHY_MAX = 4000

BoardName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BundledFile(_Frozen):
    """A file by its path within the bundle."""

    path: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)?\.[a-z0-9]{2,4}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=1, le=FILE_BYTES_MAX)


class BundledFirmware(_Frozen):
    """The firmware for one board; `image` is what its tool takes, `elf` what people debug."""

    board: BoardName
    build_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    elf: BundledFile
    image: BundledFile
    image_kind: ImageKind
    footprint: Footprint
    tools: dict[
        Annotated[str, Field(pattern=r"^[a-z0-9_-]{1,40}$")],
        Annotated[str, Field(pattern=r"^[\w.+~() -]{1,60}$")],
    ] = Field(max_length=10)


class Manifest(_Frozen):
    """What is in a bundle; `failed` names boards whose firmware could not be built, and why."""

    schema_version: Literal[1] = 1
    project: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_./-]{0,199}$")
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    testset: BundledFile
    firmware: tuple[BundledFirmware, ...] = Field(max_length=BOARDS_MAX)
    failed: dict[BoardName, Annotated[str, Field(max_length=WHY_MAX)]] = Field(
        default_factory=dict, max_length=BOARDS_MAX
    )
