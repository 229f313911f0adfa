"""Run `convert()` of an authored convert.py on training features; started within a sandbox."""

from __future__ import annotations

from pathlib import Path

from bot.stages import arrays
from bot.stages.authored import load_module
from bot.stages.needed import need

keras = need("keras")


def main() -> None:
    """Read `in/convert.py`, `in/model.keras` and `in/calibration.npz`, leave `out/model.tflite`."""
    model = keras.saving.load_model("in/model.keras", safe_mode=True, compile=False)
    calibration = arrays.load(Path("in/calibration.npz").read_bytes())["x"]
    content = load_module(Path("in/convert.py")).convert(model, calibration)
    Path("out/model.tflite").write_bytes(bytes(content))


if __name__ == "__main__":
    main()
