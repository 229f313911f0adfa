"""Run `fit()` of an authored train.py; started within a sandbox. It never sees held-out samples."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bot.stages import arrays
from bot.stages.authored import load_module
from bot.stages.needed import need

keras = need("keras")

# The short trainings that show whether the seed decides: samples of each class, and epochs.
SMALL_PER_CLASS = 4
SHORT_EPOCHS = 1


def main() -> None:
    """Read `in/train.py` and `in/features.npz`, leave the model and what was seen on the way."""
    data = arrays.load(Path("in/features.npz").read_bytes())
    seed = int(data["seed"])
    fit = load_module(Path("in/train.py")).fit
    small = arrays.first_of_each(data["y_train"], SMALL_PER_CLASS)
    some = (data["x_train"][small], data["y_train"][small])
    short = (*some, *some)

    with at_most_epochs(SHORT_EPOCHS):
        before = fingerprint(fit(*short, seed)[0])
    model, history = fit(data["x_train"], data["y_train"], data["x_val"], data["y_val"], seed)
    with at_most_epochs(SHORT_EPOCHS):
        after = fingerprint(fit(*short, seed)[0])
        other = fingerprint(fit(*short, seed + 1)[0])

    model.save("out/model.keras")
    Path("out/training.json").write_text(
        json.dumps(
            {
                "history": {k: [float(v) for v in values] for k, values in history.items()},
                "same_seed_same_model": before == after,
                "other_seed_other_model": before != other,
                "parameters": int(model.count_params()),
            }
        )
    )


@contextmanager
def at_most_epochs(most: int) -> Iterator[None]:
    """Let `keras.Model.fit` end after a few epochs, whatever train.py asks for."""
    original = keras.Model.fit

    def shortened(model: Any, *args: Any, **options: Any) -> Any:
        given = inspect.signature(original).bind(model, *args, **options)
        given.arguments["epochs"] = min(given.arguments.get("epochs", 1), most)
        return original(*given.args, **given.kwargs)

    keras.Model.fit = shortened
    try:
        yield
    finally:
        keras.Model.fit = original


def fingerprint(model: Any) -> str:
    """Return a hash of all weights of a Keras model."""
    digest = hashlib.sha256()
    for weights in model.get_weights():
        digest.update(np.ascontiguousarray(weights).tobytes())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
