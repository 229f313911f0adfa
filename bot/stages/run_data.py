"""Run `load()` of an authored data.py on one CSV file; started within a sandbox."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from bot.stages import arrays
from bot.stages.authored import load_module


def main() -> None:
    """Read `in/data.py` and `in/records.csv`, leave `out/raw.npz` with `x` and `y`."""
    load = load_module(Path("in/data.py")).load
    x, y = load(Path("in/records.csv"))
    Path("out/raw.npz").write_bytes(arrays.dump(x=np.asarray(x), y=np.asarray(y)))


if __name__ == "__main__":
    main()
