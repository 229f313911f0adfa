"""The spectrogram of a sound: frames, and in each of them bands, evenly wide on the mel scale.

Source: D. O'Shaughnessy, Speech Communication: Human and Machine (1987), for the mel scale
m = 2595 log10(1 + f / 700).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FRAME = 256  # samples; real and imaginary parts take 2 KB of the stack
BANDS = 20
FRAMES_MAX = 49
LOWEST_HZ = 60.0


@dataclass(frozen=True, slots=True)
class Spectrogram:
    """How a clip is cut into frames, and each into bands.

    Attributes:
        frame: samples of one frame, a power of two.
        hop: samples from the beginning of a frame to that of the next.
        frames: the number of frames.
        band_count: the number of bands.
        rate_hz: samples a second.
    """

    frame: int
    hop: int
    frames: int
    band_count: int
    rate_hz: int

    def cosines(self) -> tuple[float, ...]:
        """Return cos(2 pi k / frame) for k = 0 .. frame / 2."""
        return tuple(math.cos(2 * math.pi * k / self.frame) for k in range(self.frame // 2 + 1))

    def bands(self) -> tuple[tuple[int, int, int], ...]:
        """Return the first bin, the peak and the last bin of each band; they rise strictly."""
        low, high = _mel(LOWEST_HZ), _mel(self.rate_hz / 2)
        edges: list[int] = []
        for i in range(self.band_count + 2):
            hertz = _hertz(low + (high - low) * i / (self.band_count + 1))
            bin_ = round(hertz * self.frame / self.rate_hz)
            edges.append(max(bin_, edges[-1] + 1) if edges else bin_)
        surplus = max(0, edges[-1] - self.frame // 2)
        if surplus:
            raise ValueError(f"{self.band_count} bands need more than {self.frame // 2} bins")
        return tuple(zip(edges, edges[1:], edges[2:], strict=False))


def fit(length: int, rate_hz: int) -> Spectrogram:
    """Return the spectrogram for clips of `length` samples.

    Raises:
        ValueError: a clip is shorter than two frames.
    """
    if length < 2 * FRAME:
        raise ValueError(f"a clip has {length} samples; at least {2 * FRAME} are needed")
    hop = max(FRAME // 2, math.ceil((length - FRAME) / (FRAMES_MAX - 1)))
    return Spectrogram(FRAME, hop, (length - FRAME) // hop + 1, BANDS, rate_hz)


def _mel(hertz: float) -> float:
    return 2595 * math.log10(1 + hertz / 700)


def _hertz(mel: float) -> float:
    return 700 * (10 ** (mel / 2595) - 1)
