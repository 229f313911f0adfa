"""Make the data of the evaluation set that no package brings: run it once, in this folder.

    .venv/bin/python examples/eval/make_data.py

Everything is computed from fixed seeds. `patches/` holds cuttings of the two photographs that
scikit-learn ships (CC BY, see `sklearn.datasets.load_sample_images`), `parity.npz` its digits; the
windows and the sounds are synthetic: they show that a path works, not how well real motion or
real sound can be told apart.
"""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from sklearn.datasets import load_digits, load_sample_images

HERE = Path(__file__).parent
Floats = npt.NDArray[np.float64]

READINGS, READING_HZ = 64, 50
CLIP_SAMPLES, CLIP_HZ = 4000, 8000


def motion(random: np.random.Generator, kind: str) -> Floats:
    """Return a window of an accelerometer in a hand, in g: `[64, 3]` at 50 Hz."""
    strength, hertz = {"rest": (0.02, 1.0), "walk": (0.4, 1.8), "shake": (1.5, 6.0)}[kind]
    strength, hertz = strength * random.uniform(0.7, 1.3), hertz * random.uniform(0.8, 1.2)
    time = np.arange(READINGS)[:, np.newaxis] / READING_HZ
    swing = strength * np.sin(2 * np.pi * hertz * time + random.uniform(0, 2 * np.pi, 3))
    down = random.normal(size=3)
    noise = random.normal(0, 0.05, swing.shape)
    return np.asarray(swing + down / np.linalg.norm(down) + noise)


def vibration(random: np.random.Generator, kind: str) -> Floats:
    """Return a window of an accelerometer on a motor, in milli-g: `[128, 1]` at 1 kHz."""
    time = np.arange(128) / 1000
    turn = random.uniform(40, 55)
    signal = 60 * np.sin(2 * np.pi * turn * time + random.uniform(0, 2 * np.pi))
    if kind == "imbalance":
        signal *= random.uniform(4, 7)
    if kind == "bearing":
        rate, ring = random.uniform(3.2, 3.8) * turn, random.uniform(280, 340)
        since = np.mod(time + random.uniform(0, 1), 1 / rate)
        signal += 350 * np.exp(-since * 180) * np.sin(2 * np.pi * ring * since)
    return np.asarray(signal + random.normal(0, 25, time.shape))[:, np.newaxis]


def gesture(random: np.random.Generator, kind: str) -> Floats:
    """Return a window of a gyroscope, in degrees a second: `[50, 2]` at 50 Hz."""
    time = np.arange(50) / 50
    start, speed = random.uniform(0, 0.3), random.uniform(0.4, 0.6)
    angle = 2 * np.pi * np.clip((time - start) / speed, 0, 1)
    active = (angle > 0) & (angle < 2 * np.pi)
    size = random.uniform(150, 300)
    turn = {
        "circle": np.stack([np.cos(angle), np.sin(angle)], 1),
        "line": np.stack([np.sin(angle), np.zeros_like(angle)], 1),
        "none": np.zeros((50, 2)),
    }[kind]
    return np.asarray(size * turn * active[:, np.newaxis] + random.normal(0, 12, (50, 2)))


def beep(random: np.random.Generator, kind: str) -> Floats:
    """Return half a second of sound with one beep in noise, 16 bits at 8 kHz."""
    time = np.arange(CLIP_SAMPLES) / CLIP_HZ
    length, start = random.uniform(0.2, 0.3), random.uniform(0, 0.2)
    passed = np.clip((time - start) / length, 0, 1)
    base = random.uniform(500, 700)
    hertz = (
        base * {"steady": 1 + 0 * passed, "rising": 1 + 2 * passed, "falling": 3 - 2 * passed}[kind]
    )
    tone = np.sin(2 * np.pi * np.cumsum(hertz) / CLIP_HZ) * ((passed > 0) & (passed < 1))
    return np.asarray(random.uniform(3000, 12000) * tone + random.normal(0, 200, time.shape))


def windows(name: str, make: object, kinds: tuple[str, ...], each: int, dtype: str) -> None:
    """Write an archive of windows."""
    random = np.random.default_rng(20261121)
    x = np.stack([make(random, kind) for kind in kinds for _ in range(each)])  # type: ignore[operator]
    y = np.repeat(np.array(kinds), each)
    np.savez_compressed(HERE / f"{name}.npz", x=x.astype(dtype), y=y)


def beeps(each: int = 120) -> None:
    """Write a folder of sounds."""
    random = np.random.default_rng(20261121)
    for kind in ("falling", "rising", "steady"):
        folder = HERE / "beeps" / kind
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(each):
            with wave.open(str(folder / f"{number:03}.wav"), "wb") as clip:
                clip.setnchannels(1)
                clip.setsampwidth(2)
                clip.setframerate(CLIP_HZ)
                clip.writeframes(beep(random, kind).astype("<i2").tobytes())


def patches(side: int = 16, each: int = 300) -> None:
    """Write a folder of cuttings: leaves and petals, or roofs, walls and sky."""
    random = np.random.default_rng(20261121)
    for label, photograph in zip(("building", "flower"), load_sample_images().images, strict=True):
        folder = HERE / "patches" / label
        folder.mkdir(parents=True, exist_ok=True)
        height, width = photograph.shape[0] // side, photograph.shape[1] // side
        for place in random.permutation(height * width)[:each]:
            top, left = place // width * side, place % width * side
            cutting = photograph[top : top + side, left : left + side]
            Image.fromarray(cutting).save(folder / f"{place:04}.png")


def parity() -> None:
    """Write an archive of scikit-learn's digits, labelled by what they are, even or odd."""
    digits = load_digits()
    y = np.where(digits.target % 2, "odd", "even")
    np.savez_compressed(HERE / "parity.npz", x=digits.images.astype("uint8"), y=y)


if __name__ == "__main__":
    windows("motion", motion, ("rest", "shake", "walk"), 120, "float32")
    windows("vibration", vibration, ("bearing", "healthy", "imbalance"), 120, "int16")
    windows("gestures", gesture, ("circle", "line", "none"), 120, "float32")
    beeps()
    patches()
    parity()
