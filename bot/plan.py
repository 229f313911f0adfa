"""Plan: the decisions that a goal and its training data lead to, before any file is written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bot import spectrogram
from bot.errors import RequestError
from bot.goal import Goal, Task
from bot.records import Records
from bot.size import Size
from bot.spectrogram import Spectrogram

DEFAULT_RATE_HZ = 16_000  # of sounds that come without one
CONVOLUTION_BYTES = 3_500  # machine code that a convolution adds to dense layers, about
_MAX_FINAL_EXTENT = 4  # an image is halved until its shorter side is at most this
_FIRST_HALVED_ABOVE = 16  # larger images are halved by the first layer already, which saves RAM


class FeatureKind(Enum):
    """What `features.c` does with a raw sample."""

    SCALE = "scale"  # grey levels to 0..1
    STANDARDISE = "standardise"  # mean 0, deviation 1, over the training records
    STANDARDISE_CHANNELS = "standardise-channels"  # the same for each channel of a window
    SPECTROGRAM = "spectrogram"  # logarithms of the energy in bands of frequencies, by frame
    RATIO = "ratio"  # each channel's share of the sum, which does not depend on brightness


@dataclass(frozen=True, slots=True)
class ModelSize:
    """One candidate.

    Attributes:
        name: 'small', 'medium' or 'large'; 'linear' is a single dense layer.
        widths: filters of each convolution, or units of each hidden layer.
        strides: one for each convolution; empty for dense networks.
        parameters: weights and biases, after batch normalisation was folded into them.
        macs: multiply-accumulates of one inference, padding counted.
    """

    name: str
    widths: tuple[int, ...]
    strides: tuple[int, ...]
    parameters: int
    macs: int

    @property
    def constant_bytes(self) -> int:
        """Return the flash for int8 weights and int32 biases, at most."""
        return self.parameters + 3 * (sum(self.widths) + 256)


@dataclass(frozen=True, slots=True)
class Plan:
    """The decisions of a run.

    Attributes:
        features: what `features.c` does.
        feature_shape: of one sample, as the network sees it.
        sizes: candidates, later ones larger.
        epochs, batch: of the training.
        seed: of the split, and of the training.
        boards: names as in the goal.
        reasons: why, one line each, for people.
        spectrogram: how a sound is cut into frames and bands; None for other samples.
        begin: index of the candidate that is tried first.
    """

    features: FeatureKind
    feature_shape: tuple[int, ...]
    sizes: tuple[ModelSize, ...]
    epochs: int
    batch: int
    seed: int
    boards: tuple[str, ...]
    reasons: tuple[str, ...]
    spectrogram: Spectrogram | None = None
    begin: int = 0

    @property
    def first(self) -> ModelSize:
        """Return the candidate that is tried first."""
        return self.sizes[self.begin]

    @property
    def feature_count(self) -> int:
        """Return the number of features of one sample."""
        return math.prod(self.feature_shape)


def make_plan(goal: Goal, training: Records, seed: int) -> Plan:
    """Decide on features, on the candidates for the model, and on how long to train.

    Args:
        goal: the validated request.
        training: the training side of the split; nothing else may shape a decision.
        seed: of the whole run.

    Raises:
        RequestError: sounds are too short to have frequencies.
    """
    samples = len(training.labels)
    sound: Spectrogram | None = None
    if goal.task is Task.IMAGE_CLASSIFICATION:
        kind, why = FeatureKind.SCALE, "grey levels are scaled to 0..1: pixels share one unit"
        shape = goal.raw.shape if len(goal.raw.shape) == 3 else (*goal.raw.shape, 1)
        candidates = [_convolutional(name, shape, w, goal) for name, w in _FILTERS.items()]
    elif goal.task is Task.MOTION:
        kind = FeatureKind.STANDARDISE_CHANNELS
        why = "each channel gets mean 0 and deviation 1: channels differ in unit and size"
        readings, channels = goal.raw.shape
        shape = (readings, 1, channels)
        candidates = [_temporal(name, shape, w, goal) for name, w in _FILTERS.items()]
    elif goal.task is Task.KEYWORD_SPOTTING:
        kind = FeatureKind.SPECTROGRAM
        sound = _spectrogram(goal)
        shape = (sound.frames, sound.band_count, 1)
        why = (
            f"a spectrogram of {sound.frames} frames and {sound.band_count} bands: what a sound is "
            "shows in its frequencies"
        )
        candidates = [_convolutional(name, shape, w, goal) for name, w in _FILTERS.items()]
    else:
        kind, why = _tabular_features(goal, training, seed)
        shape = (goal.raw.count,)
        candidates = [_dense(name, shape, units, goal) for name, units in _UNITS.items()]
    smallest = _dense("linear", shape, (), goal)
    sizes = tuple(c for c in candidates if _may_fit(c, goal)) or (smallest,)
    return Plan(
        features=kind,
        feature_shape=shape,
        sizes=sizes,
        epochs=_epochs(samples),
        batch=32 if samples >= 1000 else 16,
        seed=seed,
        boards=goal.boards,
        reasons=(why, *_size_reasons(sizes, candidates)),
        spectrogram=sound,
    )


def resized(plan: Plan, goal: Goal, size: Size) -> Plan:
    """Begin with another network than usual: one below all others, or the second.

    What was measured still decides which one is tried next, in either direction.
    """
    if size is Size.USUAL:
        return plan
    sizes = ladder_of(plan, goal) if size is Size.SMALLER else plan.sizes
    begin = min(1, len(sizes) - 1) if size is Size.LARGER else 0
    said = [reason for reason in plan.reasons if not reason.startswith(_BEGINS)]
    found = f"{_begun(sizes[begin])}, as a {size.value} one was asked for"
    if sizes[begin] == plan.first:
        found = f"{_begun(sizes[begin])}: there is none that is {size.value}"
    return replace(plan, sizes=sizes, begin=begin, reasons=(*said, found))


def ladder_of(plan: Plan, goal: Goal) -> tuple[ModelSize, ...]:
    """Return all sizes that there are, from small to large: one below the plan's candidates too."""
    if not plan.sizes[0].widths:
        return plan.sizes
    return (_dense("linear", plan.feature_shape, (), goal), *plan.sizes)


def _spectrogram(goal: Goal) -> Spectrogram:
    try:
        return spectrogram.fit(goal.raw.count, goal.raw.rate_hz or DEFAULT_RATE_HZ)
    except ValueError as error:
        raise RequestError(
            f"Sounds cannot be told apart by their frequencies: {error}.",
            "Record longer clips, or take more samples of each.",
            "Data",
        ) from None


_FILTERS = {"small": 4, "medium": 8, "large": 16}
_UNITS: dict[str, tuple[int, ...]] = {"small": (16,), "medium": (32, 16), "large": (64, 32)}


def _convolutional(name: str, shape: tuple[int, ...], filters: int, goal: Goal) -> ModelSize:
    height, width, channels = shape
    strides = [2 if min(height, width) > _FIRST_HALVED_ABOVE else 1]
    extent = math.ceil(min(height, width) / strides[0])
    while extent > _MAX_FINAL_EXTENT:
        strides.append(2)
        extent = math.ceil(extent / 2)
    widths = tuple(filters * min(2**i, 8) for i in range(len(strides)))
    parameters = macs = 0
    for filters_out, stride in zip(widths, strides, strict=True):
        height, width = math.ceil(height / stride), math.ceil(width / stride)
        macs += height * width * filters_out * 9 * channels
        parameters += filters_out * (9 * channels + 1)
        channels = filters_out
    last = height * width * channels * len(goal.labels)
    return ModelSize(
        name, widths, tuple(strides), parameters + last + len(goal.labels), macs + last
    )


_TEMPORAL_FILTER = 5
_FINAL_READINGS = 8


def _temporal(name: str, shape: tuple[int, ...], filters: int, goal: Goal) -> ModelSize:
    """Return convolutions along time, each halving it, and a mean over what is left of it."""
    readings, _, channels = shape
    extents = [math.ceil(readings / 2)]
    while extents[-1] > _FINAL_READINGS:
        extents.append(math.ceil(extents[-1] / 2))
    widths = tuple(filters * min(2 ** (i + 1), 8) for i in range(len(extents)))
    parameters = macs = 0
    for filters_out, extent in zip(widths, extents, strict=True):
        weights = filters_out * _TEMPORAL_FILTER * channels
        macs += extent * weights
        parameters += weights + filters_out
        channels = filters_out
    last = channels * len(goal.labels)
    parameters += last + len(goal.labels)
    return ModelSize(name, widths, (2,) * len(extents), parameters, macs + last)


def _dense(name: str, shape: Sequence[int], units: tuple[int, ...], goal: Goal) -> ModelSize:
    layers = [math.prod(shape), *units, len(goal.labels)]
    macs = sum(a * b for a, b in pairwise(layers))
    return ModelSize(name, units, (), macs + sum(layers[1:]), macs)


def _may_fit(size: ModelSize, goal: Goal) -> bool:
    """Say whether a candidate is worth building; what it really takes is measured later."""
    limit = goal.limits
    code = CONVOLUTION_BYTES if size.strides else 0
    return (limit.flash_max_bytes is None or size.parameters + code < limit.flash_max_bytes) and (
        limit.instructions_max is None or size.macs < limit.instructions_max
    )


def _size_reasons(sizes: Sequence[ModelSize], candidates: Sequence[ModelSize]) -> tuple[str, ...]:
    left_out = [c.name for c in candidates if c not in sizes]
    begun = _begun(sizes[0])
    if left_out:
        return (begun, f"left out, as the limits cannot hold them: {', '.join(left_out)}")
    return (begun,)


_BEGINS = "begins with "


def _begun(first: ModelSize) -> str:
    return f"{_BEGINS}the {first.name} network, {first.parameters:,} parameters"


def _epochs(samples: int) -> int:
    """Return enough passes for some 500 to 2000 steps: small sets need more of them."""
    return 40 if samples >= 400 else 60


def _tabular_features(goal: Goal, training: Records, seed: int) -> tuple[FeatureKind, str]:
    """Choose ratios only where three channels are plainly raw counts of one light, and it helps."""
    standardise = "each column gets mean 0 and deviation 1: columns differ in unit and size"
    x = training.values.astype(np.float64)
    if x.shape[1] != 3 or np.any(x < 0) or np.any(x.sum(axis=1) <= 0):
        return FeatureKind.STANDARDISE, standardise
    sums = x.sum(axis=1)
    if sums.std() < 0.05 * sums.mean():
        return (
            FeatureKind.STANDARDISE,
            f"{standardise}; the three channels are shares already, their sum is always about "
            f"{sums.mean():.3g}",
        )
    y = np.array(training.labels, dtype=np.str_)
    plain, ratio = (_linear_score(f, y, seed) for f in (x, x / sums[:, np.newaxis]))
    if ratio < plain:
        return FeatureKind.STANDARDISE, standardise
    return (
        FeatureKind.RATIO,
        "each channel's share of the sum, so brightness does not matter: a linear model gets "
        f"{100 * ratio:.1f} % with shares and {100 * plain:.1f} % without, cross-validated",
    )


def _linear_score(x: npt.NDArray[np.float64], y: npt.NDArray[np.str_], seed: int) -> float:
    """Return the cross-validated accuracy of logistic regression on standardised columns."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (an optional package)
    from sklearn.model_selection import StratifiedKFold, cross_val_score  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    folds = max(2, min(5, int(np.unique(y, return_counts=True)[1].min())))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    cv = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return float(cross_val_score(model, x, y, cv=cv).mean())
