"""Reading: from a folder that anybody may have filled to a Bundle, or to a refusal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from hardware_runner.boards import BOARDS
from hardware_runner.build import Firmware
from hardware_runner.bundle.contents import read_files, shown
from hardware_runner.bundle.manifest import (
    BUNDLE_FILE,
    MANIFEST_BYTES_MAX,
    BundledFile,
    BundledFirmware,
    Manifest,
)
from hardware_runner.bundle.memory import Sizes, check_elf, check_image
from hardware_runner.bundle.testset import Array, Testset, read_testset
from hardware_runner.errors import BundleRefused
from hardware_runner.tools.flasher import Image

_PADDING_BYTES = 256  # between sections, which count in segments alone


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was looked at; `testset` is what its samples are."""

    manifest: Manifest
    folder: Path
    sha256: str
    testset: Testset

    def boards(self) -> tuple[str, ...]:
        """Return the names of the boards that it has firmware for."""
        return tuple(one.board for one in self.manifest.firmware)

    def firmware(self, board: str) -> Firmware:
        """Return the firmware for a board, as `build_firmware` would have.

        Raises:
            BundleRefused: there is none; says why, and which boards there are.
        """
        one = self._bundled(board)
        return Firmware(
            board=BOARDS[board],
            elf=self.folder / one.elf.path,
            sha256=one.elf.sha256,
            build_id=one.build_id,
            footprint=one.footprint,
            warnings=(),
            tools=one.tools,
        )

    def image(self, board: str) -> Image:
        """Return what the board's tool takes. Raises BundleRefused where there is none."""
        one = self._bundled(board)
        return Image(self.folder / one.image.path, one.image_kind, BOARDS[board].flash_origin)

    def samples(self) -> Array:
        """Return the raw held-out samples, `[N, ...]`."""
        return self.testset.x

    def _bundled(self, board: str) -> BundledFirmware:
        for one in self.manifest.firmware:
            if one.board == board:
                return one
        why = self.manifest.failed.get(board)
        if why is not None:
            raise BundleRefused(f"No firmware could be built for {board}: {why}")
        there = ", ".join(self.boards()) or "no board"
        raise BundleRefused(f"The bundle holds no firmware for {board}, but for {there}.")


def read_bundle(folder: Path) -> Bundle:
    """Return the bundle in a folder.

    Raises:
        BundleRefused: in one line, what is wrong with it.
    """
    if folder.is_dir() and not (folder / BUNDLE_FILE).exists():  # before anything else is odd
        raise BundleRefused(f"The folder holds no {BUNDLE_FILE}: `boardwright build` makes one.")
    files = read_files(folder)
    manifest = _manifest(files)
    listed = [manifest.testset]
    for one in manifest.firmware:
        listed += [one.elf] if one.image == one.elf else [one.elf, one.image]
    paths = [file.path for file in listed]
    if len(set(paths)) != len(paths):
        raise BundleRefused(f"{BUNDLE_FILE} names a file twice.")
    odd = sorted(files.keys() - {BUNDLE_FILE, *paths})
    if odd:
        raise BundleRefused(f"{shown(odd[0])} is not named in {BUNDLE_FILE}.")
    for file in listed:
        _check_file(file, files)
    names = [one.board for one in manifest.firmware]
    if len(set(names)) != len(names) or manifest.failed.keys() & set(names):
        raise BundleRefused(f"{BUNDLE_FILE} names a board twice.")
    for one in manifest.firmware:
        _check_firmware(one, files)
    testset = read_testset(files[manifest.testset.path])
    return Bundle(manifest, folder, digest_of(files), testset)


def digest_of(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over the sorted lines `path size sha256` of all files."""
    lines = sorted(
        f"{path} {len(content)} {hashlib.sha256(content).hexdigest()}\n"
        for path, content in files.items()
    )
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _manifest(files: Mapping[str, bytes]) -> Manifest:
    content = files.get(BUNDLE_FILE, b"")
    if len(content) > MANIFEST_BYTES_MAX:
        raise BundleRefused(f"{BUNDLE_FILE} holds more than {MANIFEST_BYTES_MAX:,} bytes.")
    try:
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise BundleRefused(f"{BUNDLE_FILE}: {shown(where)}: {shown(first['msg'], 200)}.") from None


def _check_file(file: BundledFile, files: Mapping[str, bytes]) -> None:
    content = files.get(file.path)
    if content is None:
        raise BundleRefused(f"{file.path} is named in {BUNDLE_FILE}, but is not there.")
    if len(content) != file.size or hashlib.sha256(content).hexdigest() != file.sha256:
        raise BundleRefused(f"{file.path} is not the file of which {BUNDLE_FILE} tells.")


def _check_firmware(one: BundledFirmware, files: Mapping[str, bytes]) -> None:
    """Look whether a firmware may go into its board, and whether it takes what it says."""
    board = BOARDS.get(one.board)
    if board is None or board.is_process:
        raise BundleRefused(f"{one.board} is no board that firmware could be handed to.")
    if (one.image_kind == "elf") != (one.image == one.elf):
        raise BundleRefused(f"The image for {board.name} is no {one.image_kind} file.")
    sizes = check_elf(board, files[one.elf.path], one.build_id)
    check_image(board, one.image_kind, files[one.image.path])
    claimed = one.footprint
    true = (
        (claimed.flash_limit_bytes, claimed.ram_limit_bytes) == (board.flash_bytes, board.ram_bytes)
        and _close(claimed.flash_bytes, sizes.flash_bytes)
        and _close(claimed.ram_bytes, sizes.ram_bytes)
    )
    if not true:
        raise BundleRefused(_lie(one, sizes))


def _close(claimed: int, found: int) -> bool:
    return found - _PADDING_BYTES <= claimed <= found


def _lie(one: BundledFirmware, sizes: Sizes) -> str:
    return (
        f"The firmware for {one.board} is said to take {one.footprint.flash_bytes:,} bytes of "
        f"flash and {one.footprint.ram_bytes:,} of RAM; it takes {sizes.flash_bytes:,} and "
        f"{sizes.ram_bytes:,}."
    )
