"""Load a Keras model without custom code and predict with it; started within a sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from bot.stages import arrays
from bot.stages.needed import need

keras = need("keras")


def main() -> None:
    """Read `in/model.keras` and `in/features.npz`, leave `out/scores.npz` and `out/model.json`."""
    model = keras.saving.load_model("in/model.keras", safe_mode=True, compile=False)
    x = arrays.load(Path("in/features.npz").read_bytes())["x"]
    scores = np.asarray(model.predict(x, batch_size=256, verbose=0), dtype=np.float32)
    Path("out/scores.npz").write_bytes(arrays.dump(scores=scores))
    Path("out/model.json").write_text(
        json.dumps(
            {
                "input": list(model.input_shape),
                "output": list(model.output_shape),
                "parameters": int(model.count_params()),
            }
        )
    )


if __name__ == "__main__":
    main()
