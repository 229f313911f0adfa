"""A firmware's bytes survive each of the files that tools take."""

from __future__ import annotations

import dataclasses
import struct
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware_runner.boards import find_board
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.errors import BuildError
from hardware_runner.images import (
    Segment,
    make_image,
    read_segments,
    to_bin,
    to_hex,
    to_uf2,
)
from tests.hardware_runner.stand_in import STAND_IN, write_project
from tests.hardware_runner.tools import needs_arm_gcc

PICO_FAMILY = 0xE48BFF56


def memory(segments) -> dict[int, int]:
    return {s.address + i: byte for s in segments for i, byte in enumerate(s.data)}


def read_hex(text: bytes) -> dict[int, int]:
    """Read Intel HEX as its specification says, and refuse what it forbids."""
    found: dict[int, int] = {}
    upper = 0
    *lines, last = text.decode("ascii").splitlines()
    assert last == ":00000001FF"
    for line in lines:
        assert line[0] == ":"
        record = bytes.fromhex(line[1:])
        assert sum(record) & 0xFF == 0
        size, offset, kind, data = record[0], int.from_bytes(record[1:3]), record[3], record[4:-1]
        assert size == len(data)
        if kind == 4:
            upper = int.from_bytes(data) << 16
            continue
        assert kind == 0
        assert offset + size <= 0x10000
        found |= {upper + offset + i: byte for i, byte in enumerate(data)}
    return found


def read_uf2(content: bytes) -> dict[int, int]:
    found: dict[int, int] = {}
    blocks = [content[i : i + 512] for i in range(0, len(content), 512)]
    for number, block in enumerate(blocks):
        head = struct.unpack_from("<8I", block)
        assert head[:3] == (0x0A324655, 0x9E5D5157, 0x2000)
        assert (head[4], head[5], head[6], head[7]) == (256, number, len(blocks), PICO_FAMILY)
        assert head[3] % 256 == 0
        assert block[-4:] == (0x0AB16F30).to_bytes(4, "little")
        assert block[32 + 256 : -4] == bytes(476 - 256)
        found |= {head[3] + i: byte for i, byte in enumerate(block[32 : 32 + 256])}
    return found


@st.composite
def firmwares(draw) -> tuple[Segment, ...]:
    address = draw(st.integers(0, 0x2000_0000))
    segments = []
    for _ in range(draw(st.integers(1, 3))):
        data = draw(st.binary(min_size=1, max_size=600))
        segments.append(Segment(address, data))
        address += len(data) + draw(st.sampled_from((0, 1, 255, 66_000)))
    return tuple(segments)


@settings(deadline=None, max_examples=30)
@given(firmwares())
def test_every_byte_comes_back_at_its_place(segments) -> None:
    wanted = memory(segments)
    assert read_hex(to_hex(segments)) == wanted
    first = segments[0].address
    flat = {first + i: byte for i, byte in enumerate(to_bin(segments))}
    for found in (flat, read_uf2(to_uf2(segments, PICO_FAMILY))):
        assert wanted.items() <= found.items()
        assert {found[place] for place in found.keys() - wanted.keys()} <= {0xFF}


def test_hex_is_that_of_the_specification() -> None:
    # Source: the sums are worked out by hand from the specification's rule.
    assert to_hex([Segment(0x0000, b"\x02\x33\x7a")]) == b":0300000002337A4E\n:00000001FF\n"
    across = to_hex([Segment(0x0800_FFFE, b"\x01\x02\x03\x04")]).splitlines()
    assert across == [
        *(b":020000040800F2", b":02FFFE000102FE", b":020000040801F1", b":020000000304F7"),
        b":00000001FF",
    ]


def test_uf2_starts_with_the_letters_that_name_it() -> None:
    content = to_uf2([Segment(0x1000_0000, b"\x11" * 257)], PICO_FAMILY)
    assert content[:4] == b"UF2\n"
    assert len(content) == 2 * 512
    assert content[512 + 12 : 512 + 16] == bytes.fromhex("00010010")


def test_a_hole_that_cannot_be_meant_is_refused() -> None:
    with pytest.raises(BuildError, match="0x20000000"):
        to_bin([Segment(0x0800_0000, b"a"), Segment(0x2000_0000, b"b")])


@needs_arm_gcc
def test_each_board_gets_what_its_tool_takes(tmp_path: Path) -> None:
    pico = build(tmp_path / "pico", "pico")
    image = make_image(pico, tmp_path / "pico")
    assert (image.kind, image.origin) == ("uf2", 0x1000_0000)
    wanted = memory(read_segments(pico.elf))
    assert wanted.items() <= read_uf2(image.path.read_bytes()).items()
    assert list(tmp_path.glob("pico/.firmware*")) == []

    nano = build(tmp_path / "nano", "nano33ble")
    image = make_image(nano, tmp_path / "nano")
    assert (image.kind, image.origin) == ("bin", 0x1_0000)  # behind the boot loader
    stack, reset = struct.unpack_from("<II", image.path.read_bytes())
    assert (stack, reset & 0xFFFF_0000) == (0x2004_0000, 0x1_0000)

    elf = make_image(dataclasses.replace(nano, board=find_board("nucleo-l476rg")), tmp_path / "elf")
    assert (elf.path, elf.kind) == (nano.elf, "elf")

    refused = dataclasses.replace(find_board("nucleo-l476rg"), image="uf2")
    with pytest.raises(BuildError, match="takes no UF2"):
        make_image(dataclasses.replace(nano, board=refused), tmp_path / "no")


@needs_arm_gcc
def test_another_reader_sees_the_same_hex(tmp_path: Path) -> None:
    intelhex = pytest.importorskip("intelhex", reason="intelhex (it comes with pyocd) is missing")
    segments = read_segments(build(tmp_path, "pico").elf)
    path = tmp_path / "firmware.hex"
    path.write_bytes(to_hex(segments))
    read = intelhex.IntelHex(str(path))
    assert {place: read[place] for place in read.addresses()} == memory(segments)


def build(folder: Path, board: str) -> Firmware:
    project = write_project(folder / "p")
    return build_firmware(find_board(board), project, STAND_IN, folder / "out")
