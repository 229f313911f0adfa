"""Calibration: the samples that it takes, and the ranges that it must bring about."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.stages.quantise import represented
from bot.stages.stage_result import unmeasured, verdict
from model_compiler import Model, ModelError, load_model
from model_compiler.schema import TensorType

CALIBRATION_SAMPLES = 500
INPUT_TOLERANCE = 0.02  # of the range: converters widen it so that zero is a whole step
INNER_TOLERANCE = 0.1  # of the range: whoever leaves samples out does not meet every extreme

_STAGE = Stage.CONVERT
_Floats = npt.NDArray[np.float32]


def calibration_samples(features: _Floats) -> _Floats:
    """Return about `CALIBRATION_SAMPLES` training samples, evenly taken.

    Those that hold the smallest and the largest value are always among them, so that the
    calibration has the range of the training data.
    """
    flat = features.reshape(len(features), -1)
    step = max(1, -(-len(features) // CALIBRATION_SAMPLES))
    chosen = set(range(0, len(features), step))
    chosen |= {int(flat.min(axis=1).argmin()), int(flat.max(axis=1).argmax())}
    return features[sorted(chosen)]


def check_input(scale: float, zero_point: int, calibration: _Floats) -> Evidence:
    """Compare the input's range in the model with the range of the calibration data."""
    low, high = represented(scale, zero_point)
    least, most = min(0.0, float(calibration.min())), max(0.0, float(calibration.max()))
    apart = _Range(low, high).distance(_Range(least, most))
    return judge(
        "convert.calibration",
        _STAGE,
        "The input's range comes from the data",
        round(100 * apart, 3),
        "%",
        Relation.AT_MOST,
        100 * INPUT_TOLERANCE,
        f"model {low:.4g} to {high:.4g}, training features {least:.4g} to {most:.4g} (with 0); "
        "larger difference of the ends, as a share of the range",
        detail="Calibrate with the samples that convert() is given, not with made-up ones.",
    )


def check_inner(model: Model, reference: bytes) -> Evidence:
    """Compare the ranges of all layers with those of the harness's own conversion.

    Random samples can have the input's range by chance or by intent; the layers tell them apart.

    Args:
        model: what convert.py made.
        reference: what the harness made of the same Keras model with the same training features;
            empty where it could not be converted.
    """
    check, claim = "convert.inner_ranges", "The ranges of all layers come from the data"
    try:
        own = load_model(reference)
    except ModelError as error:
        why = f"the harness could not convert the model by itself: {error}"
        return unmeasured(check, _STAGE, claim, Outcome.SKIPPED, "own conversion", why)
    ours, theirs = _steps(own), _steps(model)
    method = f"{len(ours)} layers against a conversion by the harness, calibrated with the same"
    if [name for name, _ in ours] != [name for name, _ in theirs]:
        listed = [", ".join(name for name, _ in steps) for steps in (theirs, ours)]
        detail = f"convert() led to {listed[0]}; the model as it is leads to {listed[1]}"
        return verdict(check, _STAGE, claim, False, f"{method} samples", detail)
    pairs = [
        (name, mine.distance(right))
        for (name, mine), (_, right) in zip(theirs, ours, strict=True)
        if mine is not None and right is not None
    ]
    worst, apart = max(pairs, key=lambda pair: pair[1], default=("no layer", 0.0))
    return judge(
        check,
        _STAGE,
        claim,
        round(100 * apart, 3),
        "%",
        Relation.AT_MOST,
        100 * INNER_TOLERANCE,
        f"{method} samples; largest difference of an end, as a share of the range, at {worst}",
        detail="Calibrate with all the samples that convert() is given, and with no others.",
    )


@dataclass(frozen=True, slots=True)
class _Range:
    low: float
    high: float

    def distance(self, right: _Range) -> float:
        """Return the larger difference of the ends, as a share of the right range."""
        apart = max(abs(self.low - right.low), abs(self.high - right.high))
        return apart / max(right.high - right.low, 1e-12)


def _steps(model: Model) -> list[tuple[str, _Range | None]]:
    """Return each operator's name and the range of its output, None where it is not int8."""
    found: list[tuple[str, _Range | None]] = []
    for operator in model.operators:
        tensor = model.tensors[operator.outputs[0]]
        single = tensor.quantization is not None and len(tensor.quantization.scales) == 1
        known = tensor.dtype is TensorType.INT8 and single
        ends = represented(tensor.scale, tensor.zero_point) if known else None
        found.append((operator.code.name, _Range(*ends) if ends else None))
    return found
