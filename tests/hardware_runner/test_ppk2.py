"""The PPK2: its words as currents, its lost samples, and a whole recording."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hardware_runner.bench import Meter, Place
from hardware_runner.consoles.ports import SerialPort
from hardware_runner.energy import make_meter
from hardware_runner.energy.meter import Recording
from hardware_runner.energy.ppk2 import Ppk2, open_api
from hardware_runner.energy.ppk2_words import (
    Calibration,
    amperes,
    counter,
    first_gap,
    marked,
    whole_words,
)
from hardware_runner.errors import BenchError, BoardTrouble, PortMissing, ToolMissing
from hardware_runner.joules import Stretches

MODIFIERS: dict[str, Any] = {
    "R": {"0": 1003.35, "1": 101.5, "2": 10.2, "3": 0.94, "4": 0.05},
    "O": {"0": 112.8, "1": 80.1, "2": 70.2, "3": 60.3, "4": 50.4},
    "GS": {"0": 0.99, "1": 1.0, "2": 1.01, "3": 1.02, "4": 0.98},
    "GI": {"0": 1.0, "1": 0.98, "2": 0.97, "3": 1.03, "4": 1.01},
    "S": {"0": 1e-7, "1": 1e-6, "2": 1e-5, "3": 1e-4, "4": 1e-3},
    "I": {"0": -1e-7, "1": 2e-6, "2": 3e-5, "3": 4e-4, "4": 5e-3},
    "UG": {"0": 1.0, "1": 1.0, "2": 1.02, "3": 1.0, "4": 1.0},
}
CALIBRATION = Calibration.of(MODIFIERS, 3.3)
PORT = SerialPort("/dev/ttyACM3", "1915", "c00a", "D7E91A", "1-2", 1)


def words(adc: list[int], measuring_range: int = 2, start: int = 0, pins: int = 0) -> np.ndarray:
    """Return words with counters that follow each other."""
    counters = (np.arange(len(adc)) + start) % 64
    fields = np.array(adc) | (measuring_range << 14) | (counters << 18) | (pins << 24)
    return fields.astype("<u4")


@pytest.mark.skipif(find_spec("ppk2_api") is None, reason="ppk2-api is not installed")
@given(st.integers(0, 4), st.lists(st.integers(0, 0x3FFF), min_size=1, max_size=40))
@settings(max_examples=40, deadline=None)
def test_currents_are_those_of_the_package(measuring_range: int, adc: list[int]) -> None:
    from ppk2_api.ppk2_api import PPK2_API

    package = PPK2_API.__new__(PPK2_API)
    package.__dict__.update(
        ser=None, modifiers=MODIFIERS, adc_mult=1.8 / 163840, current_vdd=3300, rolling_avg=None,
        rolling_avg4=None, prev_range=None, consecutive_range_samples=0, after_spike=0,
        spike_filter_alpha=0.18, spike_filter_alpha5=0.06, spike_filter_samples=3,
        remainder={"sequence": b"", "len": 0},
        MEAS_ADC={"mask": 0x3FFF, "pos": 0}, MEAS_RANGE={"mask": 7 << 14, "pos": 14},
        MEAS_LOGIC={"mask": 0xFF << 24, "pos": 24},
    )  # fmt: skip
    sent = words(adc, measuring_range, pins=1)
    theirs, pins = package.get_samples(sent.tobytes())
    ours = amperes(sent, CALIBRATION)
    np.testing.assert_allclose(ours * 1e6, theirs, rtol=1e-9)
    assert marked(sent).tolist() == [bool(p & 1) for p in pins]


def test_switching_of_the_range_is_bridged_by_a_line() -> None:
    low, high = words([1000] * 5, 1), words([1000] * 5, 3)
    flat = amperes(low, CALIBRATION)[0], amperes(high, CALIBRATION)[0]
    got = amperes(np.concatenate([low, high]), CALIBRATION)
    assert got[:5].tolist() == [flat[0]] * 5
    assert got[8:].tolist() == [flat[1]] * 2
    np.testing.assert_allclose(np.diff(got[4:9]), (flat[1] - flat[0]) / 4)


@given(st.integers(0, 63), st.integers(2, 200), st.integers(1, 63), st.data())
@settings(max_examples=60, deadline=None)
def test_a_lost_sample_is_found_where_it_is(
    start: int, count: int, lost: int, data: st.DataObject
) -> None:
    whole = words([0] * count, start=start)
    assert first_gap(whole) is None
    assert first_gap(whole, (start - 1) % 64) is None
    at = data.draw(st.integers(0, count - 1))
    broken = np.concatenate([whole[:at], words([0] * 3, start=start + at + lost)])
    assert first_gap(broken, (start - 1) % 64) == at
    assert counter(whole) == (start + count - 1) % 64


def test_a_word_cut_in_two_waits_for_its_rest() -> None:
    data = words([1, 2]).tobytes()
    taken, rest = whole_words(data[:6])
    assert len(taken) == 1
    again, rest = whole_words(rest + data[6:])
    assert (taken[0], again[0], rest) == (*words([1, 2]), b"")


@given(
    st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=60),
    st.lists(st.integers(0, 60), max_size=6),
)
@settings(max_examples=60, deadline=None)
def test_joules_of_marked_windows_however_the_recording_is_cut(
    samples: list[tuple[bool, float]], cuts: list[int]
) -> None:
    levels = np.array([level for level, _ in samples])
    currents = np.array([current for _, current in samples])
    stretches = Stretches()
    for begin, end in pairwise([0, *sorted(min(c, len(samples)) for c in cuts), len(samples)]):
        stretches.add(Recording(currents[begin:end], levels[begin:end], 1000.0, 3.0))
    expected, window = [], None  # a window counts from one edge to the next
    for index, (level, current) in enumerate(samples):
        if level and window is None and index > 0 and not samples[index - 1][0]:
            window = 0.0
        if level and window is not None:
            window += current * 3.0 / 1000.0
        if not level and window is not None:
            expected.append(window)
            window = None
    np.testing.assert_allclose(stretches.joules, expected, atol=1e-12)


class FakeApi:
    """What the package offers, over a board that infers twice."""

    def __init__(self, sends: list[bytes] | None = None, calibrated: bool = True) -> None:
        self.modifiers = MODIFIERS
        self.current_vdd: int | None = None
        self.did: list[object] = []
        self.ser = self
        self._sends = list(sends or [])
        self._calibrated = calibrated

    def get_modifiers(self) -> bool | None:
        return self._calibrated or None

    def get_data(self) -> bytes:
        return self._sends.pop(0) if self._sends else b""

    def __getattr__(self, name: str) -> Any:
        return lambda *given: self.did.append((name, *given))


def meter(api: FakeApi, **fields: object) -> Ppk2:
    at = Meter(kind="ppk2", serial="D7E91A", **fields)
    return Ppk2(at, ports=lambda: [PORT], open_api=lambda path: api, sleep=lambda seconds: None)


def test_a_recording_holds_the_marked_currents() -> None:
    quiet, busy = words([100] * 50), words([9000] * 40, start=50, pins=0b101)
    after = words([100] * 30, start=90)
    data = b"".join(part.tobytes() for part in (quiet, busy, after))
    api = FakeApi([data[:101], data[101:333], data[333:]])
    stretches = Stretches()
    with meter(api).record() as pieces:
        for piece in pieces:
            stretches.add(piece)
            if stretches.joules:
                break
    energy = stretches.energy("PPK2")
    assert energy is not None
    expected = amperes(busy, CALIBRATION).sum() * 3.3 / 100_000
    assert energy.joules_median == pytest.approx(expected)
    assert energy.joules_max == pytest.approx(expected)
    assert api.did[-2:] == [("stop_measuring",), ("close",)]
    assert ("start_measuring",) in api.did


def test_a_recording_ends_at_the_first_lost_sample() -> None:
    api = FakeApi([words([1] * 20).tobytes(), words([1] * 20, start=25).tobytes()])
    with meter(api).record() as pieces:
        assert sum(len(piece.amperes) for piece in pieces) == 20


def test_a_recording_ends_with_its_context() -> None:
    api = FakeApi([words([1] * 20).tobytes()])
    with meter(api).record() as pieces:
        assert len(next(pieces).marked) in (0, 20)
    assert len(list(pieces)) >= 1


@pytest.mark.parametrize(("mode", "did"), [
    ("source", [("use_source_meter",), ("set_source_voltage", 1800), ("toggle_DUT_power", "ON")]),
    ("ampere", [("use_ampere_meter",), ("toggle_DUT_power", "ON")]),
])  # fmt: skip
def test_the_board_is_fed_or_its_supply_closed(mode: str, did: list[object]) -> None:
    api = FakeApi()
    chosen = meter(api, mode=mode, millivolts=1800)
    chosen.supply()
    assert api.did[-1 - len(did) : -1] == did
    assert api.did[-1] == ("close",)
    assert f"as {mode} meter" in chosen.name


def test_an_instrument_without_calibration_is_refused() -> None:
    with pytest.raises(BoardTrouble, match="does not tell its calibration"):
        meter(FakeApi(calibrated=False)).supply()


def test_an_instrument_that_is_not_there_or_not_free() -> None:
    at = Meter(kind="ppk2", serial="D7E91A")
    with pytest.raises(PortMissing, match="1915:c00a serial D7E91A"):
        Ppk2(at, ports=lambda: []).supply()

    def busy(path: str) -> Any:
        raise OSError(16, "Device or resource busy", path)

    with pytest.raises(BoardTrouble, match=r"ttyACM3 does not open: .*Close nRF Connect"):
        Ppk2(at, ports=lambda: [PORT], open_api=busy).supply()
    unnamed = Meter(kind="ppk2", serial="")
    two = [PORT, SerialPort("/dev/ttyACM5", "1915", "c00a", "D7E91B", "1-3", 1)]
    with pytest.raises(BenchError, match="Two devices"):
        Ppk2(unnamed, ports=lambda: two).supply()


def test_without_the_package_its_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ppk2_api", None)
    monkeypatch.delitem(sys.modules, "ppk2_api.ppk2_api", raising=False)
    with pytest.raises(ToolMissing, match=r"pip install 'boardwright\[bench\]'"):
        open_api("/dev/ttyACM3")


def test_a_place_without_an_instrument_has_none() -> None:
    plain = Place(name="left", board="x", flasher="openocd")
    assert make_meter(plain) is None
    at = Meter(kind="ppk2", serial="D7E91A")
    assert make_meter(plain.model_copy(update={"meter": at})) == Ppk2(at)
