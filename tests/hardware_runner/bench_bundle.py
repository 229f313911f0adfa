"""A bundle in memory, of a small project or of firmware that never existed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hardware_runner.bench import Bench, Place
from hardware_runner.board import Board
from hardware_runner.build import build_firmware
from hardware_runner.bundle import Bundle, BundledFile, BundledFirmware, Manifest
from hardware_runner.bundle.testset import Testset
from hardware_runner.report import Footprint
from tests.hardware_runner.stand_in import STAND_IN, write_project

SAMPLES = np.random.default_rng(3).integers(0, 17, (24, 8, 8)).astype(np.uint8)
BUILD_ID = "0123456789abcdef"
FOOTPRINT = Footprint(
    flash_bytes=1, flash_limit_bytes=2, ram_bytes=1, ram_limit_bytes=2,
    model_code_bytes=0, model_constant_bytes=0, arena_bytes=0,
)  # fmt: skip


def built(boards: Sequence[Board], folder: Path) -> Bundle:
    """Return a bundle of firmware that was really built."""
    write_project(folder / "project")
    firmware = []
    for board in boards:
        out = build_firmware(board, folder / "project", STAND_IN, folder / "out" / board.name)
        elf = folder / "bundle" / board.name.replace("-", "_") / "firmware.elf"
        elf.parent.mkdir(parents=True)
        elf.write_bytes(out.elf.read_bytes())
        firmware.append(_bundled(board, out.build_id, elf, out.footprint))
    return _bundle(folder / "bundle", firmware, {})


def pretended(
    boards: Sequence[Board], folder: Path, failed: dict[str, str] | None = None
) -> Bundle:
    """Return a bundle whose firmware is played by a board in Python."""
    firmware = []
    for board in boards:
        elf = folder / board.name.replace("-", "_") / "firmware.elf"
        elf.parent.mkdir(parents=True)
        elf.write_bytes(b"\x7fELF")
        firmware.append(_bundled(board, BUILD_ID, elf, FOOTPRINT))
    return _bundle(folder, firmware, failed or {})


def bench_of(*places: Place) -> Bench:
    return Bench(name="attic", place=places)


def _bundled(board: Board, build_id: str, elf: Path, footprint: Footprint) -> BundledFirmware:
    content = elf.read_bytes()
    file = BundledFile(
        path=f"{elf.parent.name}/{elf.name}",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
    )
    return BundledFirmware(
        board=board.name, build_id=build_id, elf=file, image=file, image_kind="elf",
        footprint=footprint, tools={},
    )  # fmt: skip


def _bundle(folder: Path, firmware: list[BundledFirmware], failed: dict[str, str]) -> Bundle:
    manifest = Manifest(
        project="tinyml/digits",
        commit="0" * 40,
        testset=BundledFile(path="testset.npz", sha256="0" * 64, size=1),
        firmware=tuple(firmware),
        failed=failed,
    )
    return Bundle(manifest, folder, "f" * 64, Testset(SAMPLES, np.zeros(len(SAMPLES), np.int64)))
