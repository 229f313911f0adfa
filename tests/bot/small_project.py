"""A small goal with its records, a linear model for it, and a sandbox that needs no TensorFlow."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib import resources

import numpy as np
import numpy.typing as npt
import pandas as pd

from bot.authors.template_author import TemplateAuthor
from bot.evidence import Stage
from bot.goal import DataSource, Goal, Limits, RawInput, RawType, Task
from bot.plan import make_plan
from bot.progress import Silent
from bot.records import TableRecords
from bot.sandbox.job import Job, Origin, Reason, Result
from bot.sandbox.process import ProcessSandbox
from bot.split import split
from bot.stages import arrays
from bot.stages.goal_header import goal_header
from bot.stages.stage_result import Context
from bot.workspace import Workspace
from tests.model_compiler.tflite_builder import ModelBuilder

_APP_H = (resources.files("templates") / "projects" / "app.h").read_bytes()

LABELS = ("ripe", "green", "spoilt")


def records(per_class: int = 30, seed: int = 5) -> TableRecords:
    """Return three well separated clouds in four columns."""
    random = np.random.default_rng(seed)
    centres = np.array([[1.0, 20.0, 0.1, 5.0], [3.0, 5.0, 0.3, 4.0], [6.0, 12.0, 0.9, 8.0]])
    rows, labels = [], []
    for label, centre in zip(LABELS, centres, strict=True):
        rows.append(centre * (1 + 0.08 * random.standard_normal((per_class, 4))))
        labels += [label] * per_class
    frame = pd.DataFrame(np.vstack(rows).round(4), columns=["gas", "light", "damp", "ethene"])
    frame["state"] = labels
    return TableRecords(frame, "state", "csv:fruit.csv", "CC0-1.0")


def goal(limits: Limits | None = None, boards: tuple[str, ...] = ("host",)) -> Goal:
    """Return a goal that fits `records`."""
    return Goal(
        name="ripeness",
        title="Ripeness of fruit",
        statement="Tell whether fruit is ripe.",
        task=Task.TABULAR_SENSOR,
        data=DataSource(uri="csv:fruit.csv", label_column="state"),
        labels=LABELS,
        raw=RawInput(
            shape=(4,),
            dtype=RawType.FLOAT32,
            unit="as the sensors say",
            names=("gas", "light", "damp", "ethene"),
        ),
        boards=boards,
        limits=limits or Limits(),
    )


def pictures(per_class: int = 60, seed: int = 6) -> tuple[Goal, TableRecords]:
    """Return a goal and records of 4x4 pictures: a bar that lies or stands."""
    random = np.random.default_rng(seed)
    rows, labels = [], []
    for label in ("lying", "standing"):
        for _ in range(per_class):
            picture = random.integers(0, 60, (4, 4))
            place = int(random.integers(0, 4))
            picture[(place, slice(None)) if label == "lying" else (slice(None), place)] += 180
            rows.append(picture.reshape(-1))
            labels.append(label)
    frame = pd.DataFrame(np.stack(rows), columns=[f"p{i}" for i in range(16)])
    frame["label"] = labels
    task = Goal(
        name="bars",
        title="Bars",
        statement="Tell how a bar lies.",
        task=Task.IMAGE_CLASSIFICATION,
        data=DataSource(uri="csv:bars.csv", label_column="label"),
        labels=("lying", "standing"),
        raw=RawInput(shape=(4, 4), dtype=RawType.UINT8, unit="grey level, 0 to 255"),
        boards=("host",),
        limits=Limits(),
    )
    return task, TableRecords(frame, "label", "csv:bars.csv", "CC0-1.0")


def context(wanted: Goal | None = None, data: TableRecords | None = None) -> Context:
    """Return a context in which every file was written by the template author."""
    wanted, data = wanted or goal(), data or records()
    sides = split(data, wanted.labels, seed=3)
    plan = make_plan(wanted, sides.train, seed=3)
    found = Context(
        goal=wanted,
        plan=plan,
        size=plan.sizes[0],
        split=sides,
        workspace=Workspace({"goal.h": goal_header(wanted, plan).encode(), "app.h": _APP_H}),
        made={},
        sandbox=ProcessSandbox(),
        origin=Origin.TEMPLATE,
        progress=Silent(),
    )
    author = TemplateAuthor(wanted.task)
    workspace = found.workspace
    for stage in Stage:
        workspace = workspace.with_authored(stage, author.write(stage, found.facts()).files)
    return replaced(found, workspace=workspace)


def replaced(found: Context, **changes: object) -> Context:
    """Return a context with other fields."""
    fields = {name: getattr(found, name) for name in Context.__slots__}
    return Context(**{**fields, **changes})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Centroids:
    """A linear classifier: the nearest centroid, sharpened by `gain`."""

    weights: npt.NDArray[np.float32]  # [features, classes]
    bias: npt.NDArray[np.float32]

    @staticmethod
    def fitted(
        x: npt.NDArray[np.float32], y: npt.NDArray[np.int64], gain: float = 0.5
    ) -> Centroids:
        """Return the classifier of labelled features `[N, ...]`."""
        flat = x.reshape(len(x), -1)
        means = np.stack([flat[y == label].mean(axis=0) for label in np.unique(y)])
        bias = -gain * np.sum(means**2, axis=1)
        return Centroids((2 * gain * means.T).astype(np.float32), bias.astype(np.float32))

    def scores(self, x: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Return softmax probabilities `[N, classes]`."""
        logits = x.reshape(len(x), -1) @ self.weights + self.bias
        shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)

    def tflite(self, calibration: npt.NDArray[np.float32], *, per_channel: bool = True) -> bytes:
        """Return the int8 model: FULLY_CONNECTED and SOFTMAX, calibrated as converters do it."""
        flat = calibration.reshape(len(calibration), -1)
        features, classes = self.weights.shape
        in_scale, in_zero = _range(float(min(0, flat.min())), float(max(0, flat.max())))
        logits = flat @ self.weights + self.bias
        mid_scale, mid_zero = _range(float(min(0, logits.min())), float(max(0, logits.max())))
        largest = np.abs(self.weights).max(axis=0) if per_channel else np.abs(self.weights).max()
        scales = np.float32(np.atleast_1d(largest / 127))
        weights = np.round(self.weights / scales).T.astype(np.int8)
        bias = np.round(self.bias / (scales * in_scale)).astype(np.int32)
        model = ModelBuilder()
        x = model.tensor((1, features), scale=in_scale, zero_point=in_zero)
        w = model.tensor(
            (classes, features), scale=scales.tolist(), zero_point=[0] * len(scales), data=weights
        )
        b = model.tensor(
            (classes,),
            "int32",
            scale=(scales * np.float32(in_scale)).tolist(),
            zero_point=[0] * len(scales),
            data=bias,
        )
        mid = model.tensor((1, classes), scale=mid_scale, zero_point=mid_zero)
        out = model.tensor((1, classes), scale=1 / 256, zero_point=-128)
        model.add("FULLY_CONNECTED", [x, w, b], [mid])
        model.add("SOFTMAX", [mid], [out], beta=1.0)
        return model.finish([x], [out])


def _range(low: float, high: float) -> tuple[float, int]:
    scale = float(np.float32((high - low) / 255))
    return scale, round(-128 - low / scale)


@dataclass
class RehearsedSandbox:
    """Runs all but TensorFlow for real; its model is the nearest centroid."""

    real: ProcessSandbox = field(default_factory=ProcessSandbox)
    asked: list[str] = field(default_factory=list)

    def run(self, job: Job) -> Result:
        """Run a job."""
        name = job.argv[2].rpartition(".")[2] if job.argv[0] == "python" else "compiler"
        self.asked.append(name)
        play = {"run_train": _train, "run_predict": _predict, "run_convert": _convert}.get(name)
        if play is None:
            return self.real.run(job)
        return Result(Reason.COMPLETED, 0, "", False, 0.0, play(job))


def _train(job: Job) -> dict[str, bytes]:
    data = arrays.load(job.inputs["features.npz"])
    x, y = data["x_train"].astype(np.float32), data["y_train"].astype(np.int64)
    model = Centroids.fitted(x, y)
    curve: dict[str, list[float]] = {
        "loss": [1.0, 0.5],
        "accuracy": [0.5, 0.9],
        "val_loss": [1.0, 0.6],
        "val_accuracy": [0.5, 0.8],
    }
    training = {
        "history": curve,
        "same_seed_same_model": True,
        "other_seed_other_model": True,
        "parameters": model.weights.size + model.bias.size,
    }
    return {
        "model.keras": arrays.dump(
            weights=model.weights, bias=model.bias, shape=np.array(x.shape[1:])
        ),
        "training.json": json.dumps(training).encode(),
    }


def _restored(job: Job) -> tuple[Centroids, list[int]]:
    kept = arrays.load(job.inputs["model.keras"])
    model = Centroids(kept["weights"].astype(np.float32), kept["bias"].astype(np.float32))
    return model, [int(n) for n in kept["shape"]]


def _predict(job: Job) -> dict[str, bytes]:
    model, shape = _restored(job)
    data = arrays.load(job.inputs["features.npz"])
    x = data["x"].astype(np.float32)
    described = {
        "input": [None, *shape],
        "output": [None, len(model.bias)],
        "parameters": model.weights.size + model.bias.size,
    }
    return {
        "scores.npz": arrays.dump(scores=model.scores(x)),
        "reference.tflite": model.tflite(data["calibration"].astype(np.float32)),
        "model.json": json.dumps(described).encode(),
    }


def _convert(job: Job) -> dict[str, bytes]:
    model, _ = _restored(job)
    calibration = arrays.load(job.inputs["calibration.npz"])["x"].astype(np.float32)
    return {"model.tflite": model.tflite(calibration)}
