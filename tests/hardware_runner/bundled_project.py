"""A whole small project on the disk: the stand-in's C, a linear model for it, samples."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.stages import arrays
from tests.bot.small_project import Centroids
from tests.hardware_runner.stand_in import CLASSES, FEATURES, RAW, write_project

SAMPLES = 2 * CLASSES
COMMIT = "0123456789abcdef0123456789abcdef01234567"


def write_whole_project(folder: Path) -> Path:
    """Write a project with model.tflite and testset.npz."""
    random = np.random.default_rng(7)
    y = np.arange(SAMPLES) % CLASSES
    x = random.integers(0, 16, (SAMPLES, RAW)).astype(np.uint8)
    features = random.random((SAMPLES, FEATURES), dtype=np.float32)
    model = Centroids.fitted(features, y)
    write_project(folder)
    (folder / "model.tflite").write_bytes(model.tflite(features))
    (folder / "testset.npz").write_bytes(arrays.dump_small(x=x, y=y))
    return folder
