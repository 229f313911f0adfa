"""Memory: whether a firmware belongs into the flash and RAM of a board, and nowhere else.

Read with few lines of our own, because the files may be hostile: what lies outside of a board's
flash could be its boot loader, its fuses, or the memory of another program.

Source: System V ABI, "ELF Header" and "Program Header"; Intel, "Hexadecimal Object File Format
Specification" (1988); Microsoft, "USB Flashing Format (UF2)".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from hardware_runner.board import Board, ImageKind
from hardware_runner.errors import BundleRefused

_ELF32 = struct.Struct("<16sHHIIIIIHHHHHH")
_SEGMENT = struct.Struct("<IIIIIIII")
_MAGIC_32 = b"\x7fELF\x01\x01\x01"  # 32 bits, little-endian, version 1
_EXECUTABLE, _LOAD, _INTERPRETER = 2, 1, 3
_SEGMENTS_MAX = 16
_MACHINES = {"Cortex": 40, "Xtensa": 94, "RISC-V": 243}

_UF2 = struct.Struct("<IIIIIIII")
_UF2_BLOCK, _UF2_PAYLOAD_MAX = 512, 476
_UF2_MAGICS = (0x0A324655, 0x9E5D5157, 0x0AB16F30)


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes that an ELF takes of a part."""

    flash_bytes: int
    ram_bytes: int


def check_elf(board: Board, content: bytes, build_id: str) -> Sizes:
    """Return what a linked firmware takes of the board.

    Raises:
        BundleRefused: for another core, beyond the part's memory, or another build.
    """
    _check(content.startswith(_MAGIC_32) and len(content) >= _ELF32.size, board, "is no ELF file")
    header = _ELF32.unpack_from(content)
    _, kind, machine, _, entry, offset, *_, segment_size, segments, _, _, _ = header
    wanted = next((m for core, m in _MACHINES.items() if board.core.startswith(core)), None)
    _check(wanted is not None and machine == wanted, board, f"is not for a {board.core}")
    _check(kind == _EXECUTABLE, board, "is not linked")
    _check(segment_size == _SEGMENT.size, board, "has odd segments")
    _check(0 < segments <= _SEGMENTS_MAX, board, f"has {segments} segments")
    _check(offset + segments * _SEGMENT.size <= len(content), board, "is cut short")
    flash = ram = 0
    build_id_seen = False
    for index in range(segments):
        what, start, virtual, physical, stored, taken, _, _ = _SEGMENT.unpack_from(
            content, offset + index * _SEGMENT.size
        )
        _check(what != _INTERPRETER, board, "asks for an interpreter")
        if what != _LOAD:
            continue
        _check(start + stored <= len(content) and stored <= taken, board, "is cut short")
        if stored:
            _check(_in_flash(board, physical, stored), board, _beyond(board, physical, stored))
        in_ram = _in_ram(board, virtual, taken)
        _check(in_ram or _in_flash(board, virtual, taken), board, _beyond(board, virtual, taken))
        flash += stored
        ram += taken * in_ram
        build_id_seen |= build_id.encode() in content[start : start + stored]
    _check(_in_flash(board, entry & ~1, 2), board, "does not begin in flash")
    _check(flash <= board.flash_bytes and ram <= board.ram_bytes, board, "does not fit")
    _check(build_id_seen, board, f"does not hold the build id {build_id}")
    return Sizes(flash, ram)


def check_image(board: Board, kind: ImageKind, content: bytes) -> None:
    """Look that an image writes into the board's flash alone.

    Raises:
        BundleRefused: it reaches beyond, or is not what its name says.
    """
    for start, size in _EXTENTS[kind](board, content):
        _check(_in_flash(board, start, size), board, _beyond(board, start, size), "image")


def _extents_of_bin(board: Board, content: bytes) -> Iterator[tuple[int, int]]:
    yield board.flash_origin, len(content)


def _extents_of_hex(board: Board, content: bytes) -> Iterator[tuple[int, int]]:
    base = 0
    for line in content.split():
        try:
            record = bytes.fromhex(line.decode("ascii").removeprefix(":"))
        except ValueError:
            record = b""
        whole = len(record) >= 5 and len(record) == record[0] + 5 and sum(record) % 256 == 0
        _check(whole and line.startswith(b":"), board, "holds a damaged record", "image")
        address, kind, data = int.from_bytes(record[1:3]), record[3], record[4:-1]
        if kind == 0:
            yield base + address, len(data)
        elif kind in (2, 4):
            base = int.from_bytes(data) << (4 if kind == 2 else 16)
        _check(kind in (0, 1, 2, 3, 4, 5), board, "holds an unknown record", "image")


def _extents_of_uf2(board: Board, content: bytes) -> Iterator[tuple[int, int]]:
    _check(len(content) % _UF2_BLOCK == 0, board, "is no UF2 file", "image")
    for offset in range(0, len(content), _UF2_BLOCK):
        first, second, _, address, size, *_ = _UF2.unpack_from(content, offset)
        last = int.from_bytes(content[offset + _UF2_BLOCK - 4 : offset + _UF2_BLOCK], "little")
        _check((first, second, last) == _UF2_MAGICS, board, "is no UF2 file", "image")
        _check(0 < size <= _UF2_PAYLOAD_MAX, board, "holds a block of odd size", "image")
        yield address, size


def _no_extents(board: Board, content: bytes) -> Iterator[tuple[int, int]]:
    """An image that is the ELF was looked at as such."""
    return iter(())


_EXTENTS: Mapping[ImageKind, Callable[[Board, bytes], Iterator[tuple[int, int]]]] = {
    "elf": _no_extents,
    "bin": _extents_of_bin,
    "hex": _extents_of_hex,
    "uf2": _extents_of_uf2,
}


def _in_flash(board: Board, start: int, size: int) -> bool:
    end = board.flash_origin + board.flash_bytes
    return board.flash_origin <= start and start + size <= end


def _in_ram(board: Board, start: int, size: int) -> bool:
    return board.ram_origin <= start and start + size <= board.ram_origin + board.ram_bytes


def _beyond(board: Board, start: int, size: int) -> str:
    return f"reaches beyond the memory of {board.part}: {size:,} bytes at {start:#010x}"


def _check(holds: bool, board: Board, problem: str, what: str = "firmware") -> None:
    if not holds:
        raise BundleRefused(f"The {what} for {board.name} {problem}.")
