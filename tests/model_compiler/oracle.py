"""Ask TensorFlow Lite Micro: the answer that compiled code must equal, byte for byte."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

Array = npt.NDArray[Any]

ARENA_BYTES = 4 << 20

needs_oracle = pytest.mark.skipif(
    importlib.util.find_spec("tflite_micro") is None,
    reason="the package tflite-micro, which is the oracle, is not installed (Linux on x86-64 only)",
)


class Oracle:
    """A model in the runtime of the tflite-micro package.

    TFLM aborts the process on some malformed models, so give it only what the compiler accepted.
    """

    def __init__(self, model: bytes) -> None:
        runtime = pytest.importorskip(
            "tflite_micro", reason="tflite-micro is not installed"
        ).runtime
        self._interpreter = runtime.Interpreter.from_bytes(model, arena_size=ARENA_BYTES)

    def run(self, inputs: Sequence[Array], outputs: int) -> list[Array]:
        """Run one inference and copy its ``outputs`` outputs."""
        for index, value in enumerate(inputs):
            self._interpreter.set_input(value, index)
        self._interpreter.invoke()
        return [np.array(self._interpreter.get_output(index)) for index in range(outputs)]


def answer(model: bytes, inputs: Sequence[Array], outputs: int = 1) -> list[Array]:
    """Return what TFLM answers to one set of inputs."""
    return Oracle(model).run(inputs, outputs)
