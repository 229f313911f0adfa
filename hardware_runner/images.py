"""Images: a linked firmware as the file that a flashing tool takes.

An ELF file itself, the bytes as they lie in flash, Intel HEX, or UF2.

Source: Intel Hexadecimal Object File Format, revision A; github.com/microsoft/uf2, "File format".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from elftools.elf.elffile import ELFFile

from hardware_runner.atomic import write_bytes
from hardware_runner.board import Board, ImageKind
from hardware_runner.build import Firmware
from hardware_runner.errors import BuildError
from hardware_runner.tools.flasher import Image

ERASED = 0xFF
"""What flash holds where nothing was written."""

_GAP_BYTES = 1024 * 1024  # a flat file has no larger hole
_HEX_BYTES = 16
_UF2_BYTES = 256
_UF2 = struct.Struct("<8I476sI")
_UF2_MAGIC = (0x0A32_4655, 0x9E5D_5157)
_UF2_END = 0x0AB1_6F30
_UF2_HAS_FAMILY = 0x2000


@dataclass(frozen=True, slots=True)
class Segment:
    """Bytes and where in flash they go."""

    address: int
    data: bytes


def make_image(firmware: Firmware, out: Path) -> Image:
    """Write the file that the board's tool takes into `out`, which is made if need be.

    Raises:
        BuildError: the firmware cannot be put into such a file.
    """
    board = firmware.board
    if board.image == "elf":
        return Image(firmware.elf, "elf", board.flash_origin)
    segments = read_segments(firmware.elf)
    content = _WRITERS[board.image](segments, board)
    out.mkdir(parents=True, exist_ok=True)
    path = out / f"firmware.{board.image}"
    write_bytes(path, content)
    return Image(path, board.image, segments[0].address)


def read_segments(elf: Path) -> tuple[Segment, ...]:
    """Return what a linked firmware holds in flash, by rising address, without overlap.

    Raises:
        BuildError: there is nothing, or two parts want the same place.
    """
    with elf.open("rb") as stream:
        loaded = [
            Segment(int(part["p_paddr"]), bytes(part.data()))
            for part in ELFFile(stream).iter_segments()
            if part["p_type"] == "PT_LOAD" and part["p_filesz"]
        ]
    found = tuple(sorted(loaded, key=lambda segment: segment.address))
    if not found:
        raise BuildError(f"{elf.name} holds nothing for the flash.")
    for before, after in pairwise(found):
        if before.address + len(before.data) > after.address:
            raise BuildError(f"Two parts of {elf.name} lie at {after.address:#010x}.")
    return found


def to_bin(segments: Sequence[Segment]) -> bytes:
    """Return the bytes from the first address to the last, holes as erased flash.

    Raises:
        BuildError: a hole is so large that this cannot be meant.
    """
    content = bytearray()
    for segment in segments:
        gap = segment.address - (segments[0].address + len(content))
        if gap > _GAP_BYTES:
            raise BuildError(
                f"{gap:,} bytes lie unused before {segment.address:#010x}: a flat file of that "
                "is not meant. Use a tool that takes ELF or HEX."
            )
        content += bytes([ERASED]) * gap + segment.data
    return bytes(content)


def to_hex(segments: Sequence[Segment]) -> bytes:
    """Return Intel HEX: records of at most 16 bytes, none across 64 KiB, with linear addresses."""
    lines: list[str] = []
    upper = 0
    for segment in segments:
        begin = 0
        while begin < len(segment.data):
            address = segment.address + begin
            if address >> 16 != upper:
                upper = address >> 16
                lines.append(_record(0, 4, upper.to_bytes(2, "big")))
            size = min(_HEX_BYTES, 0x1_0000 - (address & 0xFFFF))
            part = segment.data[begin : begin + size]
            lines.append(_record(address & 0xFFFF, 0, part))
            begin += len(part)
    lines.append(_record(0, 1, b""))
    return "".join(f"{line}\n" for line in lines).encode()


def _record(address: int, kind: int, data: bytes) -> str:
    body = bytes([len(data), address >> 8, address & 0xFF, kind]) + data
    return ":" + (body + bytes([-sum(body) & 0xFF])).hex().upper()


def to_uf2(segments: Sequence[Segment], family: int) -> bytes:
    """Return UF2: pages of 256 bytes in blocks of 512, holes within a page as erased flash.

    Args:
        segments: By rising address.
        family: The part's id; source: utils/uf2families.json of the format's description.
    """
    pages: dict[int, bytearray] = {}
    for segment in segments:
        for offset, byte in enumerate(segment.data):
            number, place = divmod(segment.address + offset, _UF2_BYTES)
            pages.setdefault(number, bytearray([ERASED]) * _UF2_BYTES)[place] = byte
    blocks = sorted(pages.items())
    return b"".join(
        _UF2.pack(
            *_UF2_MAGIC, _UF2_HAS_FAMILY, number * _UF2_BYTES, _UF2_BYTES,
            index, len(blocks), family, bytes(page), _UF2_END,
        )
        for index, (number, page) in enumerate(blocks)
    )  # fmt: skip


def _uf2_of(segments: Sequence[Segment], board: Board) -> bytes:
    if not board.uf2_family:
        raise BuildError(f"{board.name} takes no UF2 file: no family id is known for {board.part}.")
    return to_uf2(segments, board.uf2_family)


_WRITERS: Mapping[ImageKind, Callable[[Sequence[Segment], Board], bytes]] = {
    "bin": lambda segments, _: to_bin(segments),
    "hex": lambda segments, _: to_hex(segments),
    "uf2": _uf2_of,
}
