"""Bundle: firmware for several boards with the samples to feed, built in one place, run in another.

    bundle/
      boardwright-bundle.json      the manifest below
      testset.npz                  raw held-out samples `x` and labels `y`
      <board>/firmware.elf         and .bin, .hex or .uf2, as the board's tool takes it

Who runs it needs nothing else of the project, and runs none of its code but on the board.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from hardware_runner.board import ImageKind
from hardware_runner.report import Footprint

BUNDLE_FILE = "boardwright-bundle.json"


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class BundledFile(_Frozen):
    """A file by its path within the bundle."""

    path: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]*(/[a-z0-9][a-z0-9_-]*)?\.[a-z0-9]{2,4}$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(ge=1, le=64 * 1024 * 1024)


class BundledFirmware(_Frozen):
    """The firmware for one board; `image` is what its tool takes, `elf` what people debug."""

    board: str = Field(max_length=40)
    build_id: str = Field(pattern=r"^[0-9a-f]{16}$")
    elf: BundledFile
    image: BundledFile
    image_kind: ImageKind
    footprint: Footprint
    tools: dict[str, str]


class Manifest(_Frozen):
    """What is in a bundle; `failed` names boards whose firmware could not be built, and why."""

    schema_version: Literal[1] = 1
    project: str = Field(max_length=200)
    commit: str = Field(pattern=r"^[0-9a-f]{40}$")
    testset: BundledFile
    firmware: tuple[BundledFirmware, ...] = Field(max_length=16)
    failed: dict[str, str] = Field(default_factory=dict)
