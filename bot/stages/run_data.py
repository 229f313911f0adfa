"""Run `load()` of an authored data.py on the records; started within a sandbox."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from bot.stages import arrays
from bot.stages.authored import load_module


def main() -> None:
    """Read `in/data.py` and the records, leave `out/raw.npz` with `x` and `y`.

    The argument names the file or folder below `in` that `load()` is given.
    """
    load = load_module(Path("in/data.py")).load
    x, y = load(Path("in", sys.argv[1]))
    Path("out/raw.npz").write_bytes(arrays.dump(x=np.asarray(x), y=np.asarray(y)))


if __name__ == "__main__":
    main()
