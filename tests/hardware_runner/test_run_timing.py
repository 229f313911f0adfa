"""Which clock a run believes: by what the board has, and by what runs it."""

from __future__ import annotations

import struct
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from hardware_runner import run
from hardware_runner.board import Board, Verified
from hardware_runner.boards import find_board
from hardware_runner.build import Firmware
from hardware_runner.console import FakeConsole
from hardware_runner.cycles import prove_time
from hardware_runner.machine import Death
from hardware_runner.messages import PROTOCOL_VERSION
from hardware_runner.protocol import Frame, FrameType, encode
from hardware_runner.report import Footprint, RunOutcome, RunReport
from tests.hardware_runner.fake_firmware import FakeFirmware

BUILD_ID = "0123456789abcdef"
SAMPLES = np.arange(12, dtype=np.uint8).reshape(4, 3)
HZ = 168_000_000
NUCLEO = find_board("nucleo-f446re")


class Part(FakeFirmware):
    """A board whose counter counts 4 cycles a turn, and whose time passes with them."""

    def __init__(self, board: Board, timer_hz: int) -> None:
        super().__init__(lambda sample: struct.pack("<IIhh", 20, 30, 0, 1) + sample)
        self._board, self._timer_hz = board, timer_hz
        self.seconds = 0.0

    def now(self) -> float:
        return self.seconds

    def _handle(self, request: Frame) -> bytes:
        if request.type == FrameType.CLOCK:
            (turns,) = struct.unpack("<I", request.payload)
            self.seconds += 4 * turns / HZ
        if request.type != FrameType.HELLO:
            return super()._handle(request)
        shape = (PROTOCOL_VERSION, 1, 1, b"u", 3, 3, 3, self._timer_hz, len(BUILD_ID))
        names = (BUILD_ID + self._board.name).encode()
        self._next = (request.sequence + 1) % 0x10000
        payload = struct.pack("<BBBcIIHIB", *shape) + names
        return encode(Frame(request.type | 0x80, request.sequence, payload))


class Standing:
    """A machine that is there and does nothing by itself."""

    def __init__(self, part: Part, proves: Verified) -> None:
        self.console = FakeConsole(part)
        self.tools = {"rp2040js": "1.4.1"} if proves == "emulator" else {"openocd": "0.12.0"}
        self.proves: Verified = proves

    def resume(self) -> None:
        pass

    def died(self, patience_s: float = 0.0) -> Death | None:
        return None

    def busy_at(self) -> int | None:
        return None

    def close(self) -> None:
        pass


def measured(
    monkeypatch: pytest.MonkeyPatch, board: Board, proves: Verified, timer_hz: int = HZ
) -> RunReport:
    part = Part(board, timer_hz)
    monkeypatch.setattr(run, "prove_time", partial(prove_time, now=part.now))
    size = Footprint(
        flash_bytes=1,
        flash_limit_bytes=2,
        ram_bytes=1,
        ram_limit_bytes=2,
        model_code_bytes=1,
        model_constant_bytes=1,
        arena_bytes=1,
    )
    firmware = Firmware(board, Path("firmware.elf"), "", BUILD_ID, size, (), {})
    return run.converse(Standing(part, proves), firmware, SAMPLES)


def test_a_part_gives_microseconds_and_is_hardware(monkeypatch: pytest.MonkeyPatch) -> None:
    report = measured(monkeypatch, NUCLEO, "hardware")
    assert report.outcome is RunOutcome.PASS, report.reason
    assert report.verified == "hardware"  # whatever the description claims of other days
    assert report.cost is not None
    assert report.cost.unit == "us"
    assert report.cost.features_median == pytest.approx(10 / 168, abs=1e-3)
    assert report.cost.model_p99 == report.cost.model_max == pytest.approx(20 / 168, abs=1e-3)
    assert "DWT cycle counter" in report.cost.method


def test_an_emulator_of_the_same_gives_cycles(monkeypatch: pytest.MonkeyPatch) -> None:
    report = measured(monkeypatch, NUCLEO, "emulator")
    assert report.verified == "emulator"
    assert report.cost is not None
    assert (report.cost.unit, report.cost.model_median) == ("cycles", 20)
    assert "rp2040js 1.4.1" in report.cost.method


def test_a_counter_that_stands_still_is_no_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    report = measured(monkeypatch, NUCLEO, "hardware", timer_hz=0)
    assert report.outcome is RunOutcome.INFRASTRUCTURE
    assert "stands still" in report.reason
    assert report.cost is None


def test_a_timer_that_is_qemus_times_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    report = measured(monkeypatch, find_board("an386"), "hardware")
    assert report.outcome is RunOutcome.PASS, report.reason
    assert report.cost is None


def test_a_process_is_not_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    report = measured(monkeypatch, find_board("host"), "host", timer_hz=0)
    assert (report.outcome, report.cost, report.verified) == (RunOutcome.PASS, None, "host")
