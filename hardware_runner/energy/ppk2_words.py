"""The words that a Power Profiler Kit II sends, 100,000 a second, as currents and levels.

The package `ppk2_api` reads them one by one, at half the speed at which they come on a small
machine; this reads whole arrays, with the calibration that the package read from the instrument.

Source: pc-nrfconnect-ppk, src/device/serialDevice.ts: fields of a word, calibration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

HERTZ = 100_000.0
WORD_BYTES = 4
SETTLING = 3
"""Samples after a change of range that hold the switching, and not the board's current."""

_ADC_VOLTS = 1.8 / 163_840
_RANGES = 5

Words = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Calibration:
    """The instrument's own coefficients by range `[5]`, and the volts that the board is fed."""

    resistance: npt.NDArray[np.float64]
    offset: npt.NDArray[np.float64]
    gain_square: npt.NDArray[np.float64]
    gain: npt.NDArray[np.float64]
    slope: npt.NDArray[np.float64]
    intercept: npt.NDArray[np.float64]
    user_gain: npt.NDArray[np.float64]
    volts: float

    @classmethod
    def of(cls, modifiers: Mapping[str, Mapping[str, float]], volts: float) -> Calibration:
        """Take the coefficients as `ppk2_api` holds them: "R", "O", "GS", "GI", "S", "I", "UG"."""
        r, o, gs, gi, s, i, ug = (
            np.array([float(modifiers[name][str(n)]) for n in range(_RANGES)])
            for name in ("R", "O", "GS", "GI", "S", "I", "UG")
        )
        return cls(r, o, gs, gi, s, i, ug, volts)


def whole_words(data: bytes) -> tuple[Words, bytes]:
    """Return the words, and the bytes of the next one that is not complete."""
    end = len(data) - len(data) % WORD_BYTES
    return np.frombuffer(data[:end], "<u4"), data[end:]


def amperes(words: Words, calibration: Calibration) -> npt.NDArray[np.float64]:
    """Return the currents in ampere; where the range changes, the line between its neighbours."""
    chosen = np.minimum((words >> 14) & 0x7, _RANGES - 1)
    adc = ((words & 0x3FFF) * 4).astype(np.float64)
    c = calibration
    plain = (adc - c.offset[chosen]) * (_ADC_VOLTS / c.resistance[chosen])
    curve = plain * (c.gain_square[chosen] * plain + c.gain[chosen])
    current = c.user_gain[chosen] * (curve + c.slope[chosen] * c.volts + c.intercept[chosen])
    return _without_switching(current, chosen)


def marked(words: Words, channel: int = 0) -> npt.NDArray[np.bool_]:
    """Return the level of a logic channel, D0 to D7, at each sample."""
    return ((words >> (24 + channel)) & 1).astype(np.bool_)


def first_gap(words: Words, before: int | None = None) -> int | None:
    """Return the index of the first word that does not follow the one before it, if there is one.

    Args:
        words: What came.
        before: The counter of the word before the first; None where there was none.
    """
    counters = ((words >> 18) & 0x3F).astype(np.int64)
    if before is not None:
        counters = np.concatenate(([before], counters))
    broken = np.flatnonzero(np.diff(counters) % 64 != 1)
    if not len(broken):
        return None
    return int(broken[0]) + (1 if before is None else 0)


def counter(words: Words) -> int:
    """Return the counter of the last word."""
    return int(words[-1] >> 18) & 0x3F


def _without_switching(current: npt.NDArray[np.float64], chosen: Words) -> npt.NDArray[np.float64]:
    changes = np.flatnonzero(np.diff(chosen)) + 1
    if not len(changes):
        return current
    bad = np.zeros(len(current), np.bool_)
    for ahead in range(SETTLING):
        bad[np.minimum(changes + ahead, len(current) - 1)] = True
    if bad.all():
        return current
    good = np.flatnonzero(~bad)
    mended: npt.NDArray[np.float64] = np.interp(np.arange(len(current)), good, current[good])
    return mended
