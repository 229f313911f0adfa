"""The train stage: `train.py` fits a model that can be loaded without it and that has learnt something."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.plan import ModelSize
from bot.sandbox.job import Job, Limits, Result
from bot.split import split
from bot.stages import arrays
from bot.stages.stage_result import MIB, Context, StageResult, unmeasured, verdict
from bot.statistics import accuracy, mcnemar_worse, wilson_interval

VALIDATION_FRACTION = 0.15
SIGNIFICANCE = 0.05
HISTORY_KEYS = ("loss", "accuracy", "val_loss", "val_accuracy")

_STAGE = Stage.TRAIN
_LIMITS = Limits(seconds=1800)
_MODEL_BYTES = 64 * MIB
_Labels = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]


def run(context: Context) -> StageResult:
    """Train within the sandbox, load the model in a fresh process, and judge it on held-out samples."""
    features = arrays.load(context.made["features.npz"])
    y_train = arrays.load(context.made["train.npz"])["y"].astype(np.int64)
    truth = arrays.load(context.made["test.npz"])["y"].astype(np.int64)
    trained = _train(context, features["train"], y_train)
    ran = verdict(
        "train.runs",
        _STAGE,
        "train.py fits a model without an error",
        trained.completed,
        "fit() on the training side only, in a process of its own",
        trained.explanation(),
    )
    if not trained.completed:
        return StageResult(_STAGE, (ran,))
    model = trained.outputs["model.keras"]
    loaded = _predict(context, model, features["test"])
    reloads = verdict(
        "train.reloads",
        _STAGE,
        "The model loads without custom code",
        loaded.completed,
        "keras.saving.load_model(safe_mode=True) in a fresh process",
        loaded.explanation(),
    )
    if not loaded.completed:
        return StageResult(_STAGE, (ran, reloads))
    training = json.loads(trained.outputs["training.json"])
    described = json.loads(loaded.outputs["model.json"])
    scores = arrays.load(loaded.outputs["scores.npz"])["scores"].astype(np.float32)
    shape = check_shape(context, described, scores, len(truth))
    if shape.outcome is not Outcome.PASS:
        return StageResult(_STAGE, (ran, reloads, shape))
    checks = (
        ran,
        reloads,
        shape,
        check_history(training["history"]),
        *check_seed(training),
        check_softmax(scores),
        check_majority(truth, scores),
        _check_linear(features["train"], y_train, features["test"], truth, scores),
        check_size(context.size, int(described["parameters"]), _flash_limit(context)),
    )
    made = {
        "model.keras": model,
        "training.json": trained.outputs["training.json"],
        "float_scores.npz": loaded.outputs["scores.npz"],
    }
    return StageResult(_STAGE, checks, made)


def _train(context: Context, features: npt.NDArray[np.generic], labels: _Labels) -> Result:
    fit, validation = _validation_rows(context, len(labels))
    return context.sandbox.run(
        Job(
            argv=("python", "-m", "bot.stages.run_train"),
            inputs={
                "train.py": context.workspace.files["train.py"],
                "features.npz": arrays.dump(
                    x_train=features[fit],
                    y_train=labels[fit],
                    x_val=features[validation],
                    y_val=labels[validation],
                    seed=np.array(context.plan.seed),
                ),
            },
            outputs={"model.keras": _MODEL_BYTES, "training.json": MIB},
            origin=context.origin,
            limits=_LIMITS,
        )
    )


def _validation_rows(context: Context, count: int) -> tuple[_Labels, _Labels]:
    """Split the training side once more, by the same rules; equal inputs stay on one side here too."""
    records = context.split.train
    numbered = records.frame.index.to_numpy()
    inner = split(records, context.goal.labels, context.plan.seed + 1, VALIDATION_FRACTION)
    validation = _rows_of(records.frame, inner.test.frame)
    return np.setdiff1d(numbered[:count], validation), validation


def _rows_of(frame: Any, part: Any) -> _Labels:
    """Return the rows of `frame` that make up `part`, which holds whole groups of equal rows."""
    wanted = set(part.itertuples(index=False, name=None))
    rows = [i for i, row in enumerate(frame.itertuples(index=False, name=None)) if row in wanted]
    return np.array(rows, dtype=np.int64)


def _predict(context: Context, model: bytes, features: npt.NDArray[np.generic]) -> Result:
    return context.sandbox.run(
        Job(
            argv=("python", "-m", "bot.stages.run_predict"),
            inputs={"model.keras": model, "features.npz": arrays.dump(x=features)},
            outputs={"scores.npz": 64 * MIB, "model.json": MIB},
            origin=context.origin,
            limits=_LIMITS,
        )
    )


def check_shape(
    context: Context, described: Mapping[str, Any], scores: _Floats, count: int
) -> Evidence:
    """Compare the model's input and output with the contract."""
    classes = len(context.goal.labels)
    wanted = [None, *context.plan.feature_shape], [None, classes]
    got = described["input"], described["output"]
    return verdict(
        "train.shape",
        _STAGE,
        f"The model takes {wanted[0]} and answers {wanted[1]}",
        got == wanted and scores.shape == (count, classes),
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
            "two short trainings with one seed, before and after the long one, all weights compared",
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
        detail="The model has not learnt to tell the classes apart: features or network do not suit.",
    )


def _check_linear(
    x_train: npt.NDArray[np.generic],
    y_train: _Labels,
    x_test: npt.NDArray[np.generic],
    truth: _Labels,
    scores: _Floats,
) -> Evidence:
    if importlib.util.find_spec("sklearn") is None:
        return unmeasured(
            "train.linear_baseline",
            _STAGE,
            "The float model is not worse than a linear one",
            Outcome.SKIPPED,
            "logistic regression",
            "scikit-learn is not installed",
        )
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (an optional package)

    flat_train, flat_test = x_train.reshape(len(x_train), -1), x_test.reshape(len(x_test), -1)
    baseline = LogisticRegression(max_iter=2000).fit(flat_train, y_train).predict(flat_test)
    return check_linear(truth, scores, np.asarray(baseline, dtype=np.int64))


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
        f"against {100 * accuracy(truth, baseline):.2f} % of logistic regression on the same features; "
        f"only the model right {ours} times, only the linear one {theirs} times",
        detail="A linear model does better: train longer, or take a larger or better suited network.",
    )


def _flash_limit(context: Context) -> int | None:
    return context.goal.limits.flash_max_bytes


def check_size(size: ModelSize, parameters: int, flash_max_bytes: int | None) -> Evidence:
    """Estimate the bytes of int8 weights and compare them with the goal's flash, if it has a limit."""
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
        f"one byte for each of the parameters of the {size.name} network, before batch normalisation "
        "is folded; the firmware's real size is measured later",
        detail="Take a smaller network, or allow more flash.",
        source="goal" if limited else "harness",
    )
