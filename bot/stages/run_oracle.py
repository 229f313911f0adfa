"""Answer samples with TensorFlow Lite Micro itself; started within a sandbox."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from tflite_micro import runtime

from bot.stages import arrays


def main() -> None:
    """Read `in/model.tflite` and int8 samples from `in/quantised.npz`, leave `out/scores.npz`."""
    interpreter = runtime.Interpreter.from_file("in/model.tflite")
    samples = arrays.load(Path("in/quantised.npz").read_bytes())["x"]
    shape = interpreter.get_input_details(0)["shape"]
    scores = []
    for sample in samples:
        interpreter.set_input(sample.reshape(shape), 0)
        interpreter.invoke()
        scores.append(np.array(interpreter.get_output(0), dtype=np.int8).reshape(-1))
    Path("out/scores.npz").write_bytes(arrays.dump(scores=np.stack(scores)))


if __name__ == "__main__":
    main()
