"""Frames survive whatever a line does to them: they arrive whole, or not at all."""

from __future__ import annotations

import zlib
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hardware_runner.protocol import SYNC, Damaged, Decoder, Frame, FrameType, encode

frames = st.builds(Frame, st.integers(0, 255), st.integers(0, 65535), st.binary(max_size=200))


def decode(data: bytes, cuts: list[int] = ()) -> list[Frame | Damaged]:
    decoder = Decoder()
    items: list[Frame | Damaged] = []
    edges = sorted({0, len(data), *(c % (len(data) + 1) for c in cuts)})
    for begin, end in pairwise(edges):
        items += decoder.feed(data[begin:end])
    return items


def test_the_layout_is_the_documented_one() -> None:
    body = b"\x04\x34\x12\x02\x00ab"
    crc = zlib.crc32(body).to_bytes(4, "little")
    assert encode(Frame(FrameType.INFER, 0x1234, b"ab")) == b"\xa5\x5a" + body + crc


@given(st.lists(frames, max_size=5), st.lists(st.integers(0, 5000), max_size=8))
def test_frames_come_back_however_the_bytes_are_cut(sent: list[Frame], cuts: list[int]) -> None:
    assert decode(b"".join(map(encode, sent)), cuts) == sent


@given(st.binary(max_size=60).filter(lambda b: SYNC not in b), frames)
def test_what_stands_before_a_frame_is_skipped(noise: bytes, frame: Frame) -> None:
    if noise.endswith(SYNC[:1]):
        noise += b"\0"
    assert decode(noise + encode(frame)) == [frame]


@given(frames, st.data())
def test_a_flipped_bit_never_yields_another_frame(frame: Frame, data: st.DataObject) -> None:
    wire = bytearray(encode(frame))
    at = data.draw(st.integers(0, len(wire) * 8 - 1))
    wire[at // 8] ^= 1 << at % 8
    assert all(isinstance(item, Damaged) for item in decode(bytes(wire)))


@given(frames, st.data(), frames)
def test_the_frame_after_a_damaged_one_is_found(
    first: Frame, data: st.DataObject, second: Frame
) -> None:
    wire = bytearray(encode(first))
    at = data.draw(st.integers(2, len(wire) - 1))
    wire[at] ^= 0xFF
    decoder = Decoder()
    items = list(decoder.feed(bytes(wire) + encode(second)))
    for _ in range(len(wire)):
        items += decoder.resync()
    assert second in items
    assert first == second or first not in items


def test_a_false_start_with_a_long_length_is_given_up_after_a_resync() -> None:
    decoder = Decoder()
    frame = Frame(FrameType.STACK | 0x80, 7, b"12345678")
    assert list(decoder.feed(SYNC + b"\x01\x00\x00\x00\x0f" + encode(frame))) == []
    assert list(decoder.resync()) == [frame]


def test_a_length_that_no_answer_has_is_damage_at_once() -> None:
    assert decode(SYNC + b"\x01\x00\x00\xff\xff") == [Damaged()]


def test_a_payload_that_no_frame_holds_is_refused() -> None:
    assert len(encode(Frame(4, 0, bytes(65535)))) == 65535 + 11
    with pytest.raises(ValueError, match="65,535"):
        encode(Frame(4, 0, bytes(65536)))
