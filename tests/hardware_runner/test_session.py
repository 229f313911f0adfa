"""A session gets every answer once and in order over a bad line, and never waits for ever."""

from __future__ import annotations

import random
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware_runner.console import FakeConsole
from hardware_runner.errors import BoardDied, BoardSilent, FirmwareFault
from hardware_runner.machine import Death
from hardware_runner.messages import Identity
from hardware_runner.protocol import Frame, FrameType, encode
from hardware_runner.session import Session
from tests.hardware_runner.fake_firmware import FakeFirmware, Ticking

SAMPLES = [bytes([i, 2 * i % 256, 255 - i, 7]) for i in range(40)]


def session(respond, **options) -> Session:
    return Session(FakeConsole(respond), now=Ticking(), **options)


def scores_of(samples: list[bytes]) -> list[tuple[int, ...]]:
    return [struct.unpack("3b", sample[:3]) for sample in samples]


@pytest.mark.parametrize("window", [1, 2])
def test_a_good_line_needs_no_second_try(window: int) -> None:
    board = FakeFirmware()
    talk = session(board)
    answers = list(talk.infer(SAMPLES, window))
    assert [a.scores for a in answers] == scores_of(SAMPLES)
    assert board.seen == SAMPLES
    assert talk.resends == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.floats(0, 0.02), st.sampled_from([1, 2]))
def test_any_noise_in_both_directions_changes_no_answer(
    seed: int, rate: float, window: int
) -> None:
    noise = random.Random(seed)  # noqa: S311

    def harm(data: bytes) -> bytes:
        harmed = bytearray()
        for byte in data:
            dice = noise.random()
            if dice < rate / 3:
                continue  # lost
            if dice < rate * 2 / 3:
                harmed.append(noise.randrange(256))  # inserted
            harmed.append(byte ^ (1 << noise.randrange(8)) if rate * 2 / 3 < dice < rate else byte)
        return bytes(harmed)

    board = FakeFirmware()
    talk = session(lambda data: harm(board(harm(data))), response_timeout_s=1000.0)
    answers = list(talk.infer(SAMPLES, window))
    assert [a.scores for a in answers] == scores_of(SAMPLES)
    assert board.seen == SAMPLES


def test_a_lost_answer_is_asked_for_again_and_computed_once() -> None:
    board = FakeFirmware()
    lose = iter([False, False, True])

    def respond(data: bytes) -> bytes:
        answer = board(data)
        return b"" if next(lose, False) else answer

    talk = session(respond)
    assert len(list(talk.infer(SAMPLES, 2))) == len(SAMPLES)
    assert board.seen == SAMPLES
    assert talk.resends > 0


def test_sequence_numbers_go_round() -> None:
    board = FakeFirmware()
    talk = session(board)
    many = [i.to_bytes(4, "little") for i in range(70_000)]
    assert sum(1 for _ in talk.infer(many, 2)) == len(many)
    assert talk.read_stack().used_bytes == 100


def test_silence_ends_in_time_and_says_what_was_asked() -> None:
    clock = Ticking()
    talk = Session(FakeConsole(lambda data: b""), now=clock, response_timeout_s=5.0)
    with pytest.raises(BoardSilent, match="did not answer HELLO within 5"):
        talk.identify()
    assert clock.time < 10.0


@pytest.mark.parametrize("noise", [b"\xa5\x5a" * 50, bytes(100), b"hello\r\n" * 20])
def test_a_line_full_of_garbage_ends_in_time(noise: bytes) -> None:
    """Noise that never stops must not keep the session alive."""

    class Babbling(FakeConsole):
        def read(self, size: int = 1, /) -> bytes:
            return noise

    clock = Ticking()
    talk = Session(Babbling(lambda data: b""), now=clock, response_timeout_s=5.0)
    with pytest.raises(BoardSilent):
        talk.identify()
    assert clock.time < 20.0


def test_a_board_that_died_is_reported_with_its_reason() -> None:
    talk = session(
        lambda data: b"", died=lambda patience_s: Death("QEMU ended with code 3.", False)
    )
    with pytest.raises(BoardDied, match="QEMU ended with code 3"):
        talk.identify()


def test_a_line_that_breaks_is_reported() -> None:
    def respond(data: bytes) -> bytes:
        raise OSError("unplugged")

    with pytest.raises(BoardDied, match="unplugged"):
        session(respond).identify()


def test_a_fault_names_phase_sample_and_registers() -> None:
    registers = struct.pack("<B8I", 1, 0x1234, 2, 3, 4, 0x82, 0x40000000, 7, 8)
    board = FakeFirmware(lambda sample: b"x" * 16)

    def respond(data: bytes) -> bytes:
        answer = board(data)
        return encode(Frame(FrameType.FAULT, 0, registers)) if len(board.seen) == 4 else answer

    with pytest.raises(FirmwareFault) as caught:
        list(session(respond).infer(SAMPLES))
    assert "in bw_features(), at sample 3" in str(caught.value)
    assert "CFSR=0x00000082" in str(caught.value)
    assert caught.value.pc == 0x1234


@given(st.binary(max_size=80))
def test_no_identity_breaks_the_parser(payload: bytes) -> None:
    try:
        Identity.parse(payload)
    except ValueError:
        return
