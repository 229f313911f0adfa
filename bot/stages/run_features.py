"""Build `bw_features` of an authored features.c and call it; started within a sandbox."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from bot.sandbox.trouble import OVERLOADED
from bot.stages import arrays
from hardware_runner.errors import BuildError, FeaturesCrashed, ToolSlow
from hardware_runner.native import FeaturesLibrary


def main(timeout_s: float) -> None:
    """Read the project and `in/samples.npz`, leave `out/features.npz` and `out/trouble.json`.

    Each array of samples gives one of features under the same name; where features.c does not
    build or breaks there are none, and the trouble says why.
    """
    samples = arrays.load(Path("in/samples.npz").read_bytes())
    made, trouble = {}, ""
    with tempfile.TemporaryDirectory() as folder:
        try:
            features = FeaturesLibrary(Path("in"), Path(folder), timeout_s=timeout_s)
            made = {name: features(raw) for name, raw in samples.items()}
        except (BuildError, FeaturesCrashed) as error:
            made, trouble = {}, str(error)
        except ToolSlow as error:
            sys.stdout.write(f"\n{error}\n")
            raise SystemExit(OVERLOADED) from None
    Path("out/features.npz").write_bytes(arrays.dump(**made))
    Path("out/trouble.json").write_text(json.dumps(trouble))


if __name__ == "__main__":
    main(float(sys.argv[1]))
