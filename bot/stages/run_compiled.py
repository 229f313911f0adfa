"""Answer samples with the compiled model, built for this machine; started within a sandbox."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.stages import arrays
from model_compiler import HostModel, compile_model, load_model


def main() -> None:
    """Read `in/model.tflite` and int8 samples from `in/quantised.npz`, leave `out/scores.npz`."""
    compiled = compile_model(load_model(Path("in/model.tflite").read_bytes()))
    samples = arrays.load(Path("in/quantised.npz").read_bytes())["x"]
    scores = np.asarray(HostModel(compiled).run(samples)).reshape(len(samples), -1)
    Path("out/scores.npz").write_bytes(arrays.dump(scores=scores))


if __name__ == "__main__":
    main()
