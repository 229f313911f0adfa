"""Load a Keras model without custom code, predict with it, convert it; started within a sandbox.

No authored file is imported here: what comes out is what the harness itself makes of the model.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.stages import arrays
from bot.stages.needed import need

keras, tf = need("keras"), need("tensorflow")


def main() -> None:
    """Read `in/model.keras` and `in/features.npz`, leave scores, a description and a conversion."""
    model = keras.saving.load_model("in/model.keras", safe_mode=True, compile=False)
    data = arrays.load(Path("in/features.npz").read_bytes())
    x = data["x"]
    scores = np.asarray(model.predict(x, batch_size=256, verbose=0), dtype=np.float32)
    Path("out/scores.npz").write_bytes(arrays.dump(scores=scores))
    Path("out/reference.tflite").write_bytes(reference(model, data["calibration"]))
    Path("out/model.json").write_text(
        json.dumps(
            {
                "input": list(model.input_shape),
                "output": list(model.output_shape),
                "parameters": int(model.count_params()),
            }
        )
    )


def reference(model: Any, calibration: npt.NDArray[Any]) -> bytes:
    """Return the model in int8, calibrated on features; empty where it cannot be converted."""
    one = keras.Input(batch_shape=(1, *model.input_shape[1:]))
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(one, model(one)))
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([x[np.newaxis]] for x in calibration)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    try:
        return bytes(converter.convert())
    except Exception as error:
        sys.stdout.write(f"no conversion: {error}\n")
        return b""


if __name__ == "__main__":
    main()
