"""What must hold for a trained model, each as a function of values."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Relation, Stage, judge
from bot.plan import ModelSize
from bot.stages.stage_result import verdict
from bot.statistics import accuracy, mcnemar_worse, wilson_interval

SIGNIFICANCE = 0.05
SERVING_DEVIATIONS = (
    4.0  # of the difference of two accuracies: chance alone does not bring it about
)
HISTORY_KEYS = ("loss", "accuracy", "val_loss", "val_accuracy")

_STAGE = Stage.TRAIN
_Labels = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]


def check_shape(
    described: Mapping[str, Any], scores: _Floats, wanted: tuple[list[int | None], list[int | None]]
) -> Evidence:
    """Compare the model's input and output with the contract.

    Args:
        described: `input` and `output` of the loaded model.
        scores: its answers to the held-out samples.
        wanted: input and output shape as the contract has them, None for the batch.
    """
    got = described["input"], described["output"]
    return verdict(
        "train.shape",
        _STAGE,
        f"The model takes {wanted[0]} and answers {wanted[1]}",
        got == wanted and list(scores.shape[1:]) == wanted[1][1:],
        "input_shape and output_shape of the loaded model, and its answers",
        f"got {got[0]} and {got[1]}",
    )


def check_history(history: Mapping[str, list[float]]) -> Evidence:
    """Look for a complete learning curve that ends below where it began."""
    complete = set(HISTORY_KEYS) <= set(history) and all(history[k] for k in HISTORY_KEYS)
    losses = history.get("loss") or [float("nan")]
    learnt = complete and bool(np.all(np.isfinite(losses))) and losses[-1] < losses[0]
    return verdict(
        "train.learns",
        _STAGE,
        "The loss on the training samples falls",
        learnt,
        f"learning curve of fit(), which has {', '.join(HISTORY_KEYS)}",
        f"loss from {losses[0]:.4g} to {losses[-1]:.4g}; keys: {', '.join(sorted(history))}",
    )


def check_seed(training: Mapping[str, Any]) -> tuple[Evidence, ...]:
    """Judge whether one seed gives one model, and another seed another."""
    return (
        verdict(
            "train.seeded",
            _STAGE,
            "One seed gives one model",
            bool(training["same_seed_same_model"]),
            "two short trainings with one seed, before and after the long one, weights compared",
            "Begin fit() with keras.utils.set_random_seed(seed) and "
            "tf.config.experimental.enable_op_determinism().",
        ),
        verdict(
            "train.seed_used",
            _STAGE,
            "Another seed gives another model",
            bool(training["other_seed_other_model"]),
            "two short trainings with different seeds",
            "fit() ignores its seed.",
        ),
    )


def check_softmax(scores: _Floats) -> Evidence:
    """Look for outputs that are no probabilities."""
    probabilities = (
        bool(np.all(np.isfinite(scores)))
        and bool(np.all(scores >= 0))
        and bool(np.allclose(scores.sum(axis=1), 1, atol=1e-3))
    )
    return verdict(
        "train.probabilities",
        _STAGE,
        "The model's outputs are probabilities",
        probabilities,
        "finite, not negative, sum 1 over the classes, on the held-out set",
        "End the model with softmax.",
    )


def check_majority(truth: _Labels, scores: _Floats) -> Evidence:
    """Compare the lower end of the accuracy's interval with the share of the commonest class."""
    right = int(np.sum(scores.argmax(axis=1) == truth))
    low, high = wilson_interval(right, len(truth))
    majority = float(np.bincount(truth).max()) / len(truth)
    return judge(
        "train.beats_majority",
        _STAGE,
        "The float model is better than always naming the commonest class",
        round(100 * low, 2),
        "%",
        Relation.AT_LEAST,
        round(100 * majority, 2),
        f"lower end of the 95 % Wilson interval of {right}/{len(truth)} held-out samples, "
        f"{100 * low:.1f} to {100 * high:.1f} %",
        detail="The model cannot tell the classes apart: features or network do not suit.",
    )


def check_linear(truth: _Labels, scores: _Floats, baseline: _Labels) -> Evidence:
    """Test the float model against the answers of a linear model on the same samples."""
    answers = scores.argmax(axis=1)
    ours, theirs, p = mcnemar_worse(answers == truth, baseline == truth)
    return judge(
        "train.linear_baseline",
        _STAGE,
        "The float model is not worse than a linear one",
        round(p, 6),
        "probability",
        Relation.AT_LEAST,
        SIGNIFICANCE,
        f"exact one-sided McNemar test on the held-out set: {100 * accuracy(truth, answers):.2f} % "
        f"against {100 * accuracy(truth, baseline):.2f} % of logistic regression on the features; "
        f"only the model right {ours} times, only the linear one {theirs} times",
        detail="A linear model does better: train longer, or take a larger or another network.",
    )


def check_serves(
    history: Mapping[str, list[float]], validation: int, truth: _Labels, scores: _Floats
) -> Evidence:
    """Compare what fit() saw of its own model with what the saved model answers elsewhere.

    A step that only the training does, such as a scaling within fit(), makes the two differ: the
    validation samples get it, the device does not.

    Args:
        history: the learning curve.
        validation: how many samples its validation figures are of.
        truth, scores: of the held-out samples, which the saved model was given as the device is.
    """
    seen = (history.get("val_accuracy") or [0.0])[-1]
    reached = accuracy(truth, scores.argmax(axis=1))
    chance = math.sqrt(0.25 * (1 / max(1, validation) + 1 / len(truth)))
    return judge(
        "train.serves",
        _STAGE,
        "The saved model is as good elsewhere as fit() saw it",
        round(100 * (seen - reached), 2),
        "percentage points",
        Relation.AT_MOST,
        round(100 * SERVING_DEVIATIONS * chance, 2),
        f"val_accuracy of the last epoch, {100 * seen:.1f} %, less the accuracy of the saved model "
        f"on held-out samples, {100 * reached:.1f} %; the limit is {SERVING_DEVIATIONS:g} standard "
        "deviations",
        detail="fit() does something to its samples that the saved model and the device do not: "
        "take every scaling out of train.py; features.c has it already.",
    )


def check_size(size: ModelSize, parameters: int, flash_max_bytes: int | None) -> Evidence:
    """Estimate the bytes of int8 weights, and compare them with the goal's flash, if limited."""
    limited = flash_max_bytes is not None
    return judge(
        "train.size",
        _STAGE,
        "The weights alone leave room in the flash that was asked for"
        if limited
        else "The size of the weights, estimated",
        parameters,
        "bytes",
        Relation.AT_MOST if limited else Relation.NONE,
        flash_max_bytes,
        f"one byte for each parameter of the {size.name} network, before batch normalisation is "
        "folded; the firmware's real size is measured later",
        detail="Take a smaller network, or allow more flash.",
    )
