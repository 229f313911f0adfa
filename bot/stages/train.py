"""The train stage: `train.py` fits a model that loads without it and has learnt something."""

from __future__ import annotations

import json
from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Stage
from bot.sandbox.job import Job, Limits, Result
from bot.split import held_out_rows
from bot.stages import arrays
from bot.stages.calibration import calibration_samples
from bot.stages.stage_result import MIB, Context, StageResult, unmeasured, verdict
from bot.stages.train_checks import (
    check_history,
    check_linear,
    check_majority,
    check_seed,
    check_serves,
    check_shape,
    check_size,
    check_softmax,
)

VALIDATION_FRACTION = 0.15

_STAGE = Stage.TRAIN
_LIMITS = Limits(seconds=1800)
_MODEL_BYTES = 64 * MIB
_Labels = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]


def run(context: Context) -> StageResult:
    """Train in the sandbox, load the model in a fresh process, judge it on held-out samples."""
    features = arrays.load(context.made["features.npz"])
    y_train = arrays.load(context.made["train.npz"])["y"].astype(np.int64)
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
    loaded = predict(context, trained.outputs["model.keras"], features)
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
    judged, made = _judge(context, trained, loaded)
    return StageResult(_STAGE, (ran, reloads, *judged), made)


def _judge(
    context: Context, trained: Result, loaded: Result
) -> tuple[tuple[Evidence, ...], dict[str, bytes]]:
    training = json.loads(trained.outputs["training.json"])
    described = json.loads(loaded.outputs["model.json"])
    scores = arrays.load(loaded.outputs["scores.npz"])["scores"].astype(np.float32)
    truth = arrays.load(context.made["test.npz"])["y"].astype(np.int64)
    wanted = [None, *context.plan.feature_shape], [None, len(context.goal.labels)]
    shape = check_shape(described, scores, wanted)
    if shape.outcome is not Outcome.PASS:
        return (shape,), {}
    _, validation = _validation_rows(context, len(context.split.train.labels))
    checks = (
        shape,
        check_history(training["history"]),
        *check_seed(training),
        check_softmax(scores),
        check_majority(truth, scores),
        check_serves(training["history"], len(validation), truth, scores),
        _compare_with_linear(context, truth, scores),
        check_size(context.size, int(described["parameters"]), context.goal.limits.flash_max_bytes),
    )
    return checks, {
        "model.keras": trained.outputs["model.keras"],
        "training.json": trained.outputs["training.json"],
        "float_scores.npz": loaded.outputs["scores.npz"],
        "reference.tflite": loaded.outputs["reference.tflite"],
    }


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
    """Split the training side once more, by the same rules: equal inputs stay together."""
    records = context.split.train
    held_out = held_out_rows(
        records, context.goal.labels, context.plan.seed + 1, VALIDATION_FRACTION
    )
    validation = np.array(held_out, dtype=np.int64)
    return np.setdiff1d(np.arange(count), validation), validation


def predict(context: Context, model: bytes, features: dict[str, arrays.Array]) -> Result:
    """Load a Keras model where no authored code runs, let it answer, and convert it."""
    calibration = calibration_samples(features["train"].astype(np.float32))
    return context.sandbox.run(
        Job(
            argv=("python", "-m", "bot.stages.run_predict"),
            inputs={
                "model.keras": model,
                "features.npz": arrays.dump(x=features["test"], calibration=calibration),
            },
            outputs={"scores.npz": 64 * MIB, "model.json": MIB, "reference.tflite": 16 * MIB},
            origin=context.origin,
            limits=_LIMITS,
        )
    )


def _compare_with_linear(context: Context, truth: _Labels, scores: _Floats) -> Evidence:
    if find_spec("sklearn") is None:
        return unmeasured(
            "train.linear_baseline",
            _STAGE,
            "The float model is not worse than a linear one",
            Outcome.SKIPPED,
            "logistic regression",
            "scikit-learn is not installed",
        )
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  (an optional package)

    features = arrays.load(context.made["features.npz"])
    y_train = arrays.load(context.made["train.npz"])["y"]
    train, test = (features[side].reshape(len(features[side]), -1) for side in ("train", "test"))
    baseline = LogisticRegression(max_iter=2000).fit(train, y_train).predict(test)
    return check_linear(truth, scores, np.asarray(baseline, dtype=np.int64))
