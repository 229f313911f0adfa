"""The data stage: `data.py` reads both sides of the split, and the result is what the records say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.goal import Goal
from bot.records import Records
from bot.sandbox.job import Job, Limits, Result
from bot.split import Split, leaks
from bot.stages import arrays
from bot.stages.stage_result import MIB, Context, StageResult, verdict

TRAIN_PER_CLASS_MIN = 6
HELD_OUT_PER_CLASS_MIN = 2
HELD_OUT_MIN = 20

_LIMITS = Limits(seconds=120, memory_bytes=2 << 30)
_STAGE = Stage.DATA


def run(context: Context) -> StageResult:
    """Load both sides, the training side twice, and check what came out."""
    results = [
        _load(context, context.split.train),
        _load(context, context.split.train),
        _load(context, context.split.test),
    ]
    loads = verdict(
        "data.loads",
        _STAGE,
        "data.py reads the records without an error",
        all(result.completed for result in results),
        "load() in three processes: training records twice, held-out records once",
        next((r.explanation() for r in results if not r.completed), ""),
    )
    if loads.outcome is not Outcome.PASS:
        return StageResult(_STAGE, (loads,))
    first, second, held_out = (result.outputs["raw.npz"] for result in results)
    try:
        train, test = _pair(first), _pair(held_out)
    except ValueError as error:
        broken = verdict(
            "data.arrays", _STAGE, "load() returns two arrays", False, "npz", str(error)
        )
        return StageResult(_STAGE, (loads, broken))
    checks = (
        loads,
        check_repeatable(first, second),
        *check_values(context.goal, context.split, train, test),
        *check_split(context.goal, context.split),
    )
    sound = all(e.outcome is Outcome.PASS for e in checks if e.check in _NEEDED)
    made = {
        "train.npz": arrays.dump(x=train[0], y=train[1]),
        "test.npz": arrays.dump(x=test[0], y=test[1]),
    }
    return StageResult(_STAGE, checks, made if sound else {})


_NEEDED = ("data.shape", "data.finite", "data.values", "data.labels", "data.classes")
_Pair = tuple[npt.NDArray[np.generic], npt.NDArray[np.int64]]


def _load(context: Context, records: Records) -> Result:
    return context.sandbox.run(
        Job(
            argv=("python", "-m", "bot.stages.run_data"),
            inputs={
                "data.py": context.workspace.files["data.py"],
                "records.csv": records.to_csv(),
            },
            outputs={"raw.npz": 512 * MIB},
            origin=context.origin,
            limits=_LIMITS,
        )
    )


def _pair(content: bytes) -> _Pair:
    loaded = arrays.load(content)
    x, y = loaded["x"], loaded["y"]
    if x.dtype.kind not in "iuf" or y.dtype.kind not in "iu" or y.ndim != 1 or len(x) != len(y):
        raise ValueError(f"x is {x.dtype} {list(x.shape)}, y is {y.dtype} {list(y.shape)}")
    return x, y.astype(np.int64)


def check_repeatable(first: bytes, second: bytes) -> Evidence:
    """Compare what two processes read from the same records."""
    return verdict(
        "data.repeatable",
        _STAGE,
        "Reading the data twice gives the same bytes",
        first == second,
        "load() on the training records in two processes, compared byte for byte",
        "Something random or time-dependent is left in load(); seed it or take it out.",
    )


def check_values(goal: Goal, split: Split, train: _Pair, test: _Pair) -> tuple[Evidence, ...]:
    """Compare arrays with the records: shape, type, finite, every value, every label."""
    shape = goal.raw.shape
    dtype = np.dtype(goal.raw.dtype.value)
    shapes = all(
        x.shape == (len(side.frame), *shape) and x.dtype == dtype
        for (x, _), side in ((train, split.train), (test, split.test))
    )
    finite = all(bool(np.all(np.isfinite(x.astype(np.float64)))) for x, _ in (train, test))
    wrong_labels = sum(
        _differing(y, _expected_labels(goal, side))
        for (_, y), side in ((train, split.train), (test, split.test))
    )
    wrong_values = sum(
        _differing(x.reshape(len(x), -1), _expected_values(side, dtype))
        for (x, _), side in ((train, split.train), (test, split.test))
    )
    wanted = f"[N, {', '.join(map(str, shape))}] {dtype}"
    return (
        verdict(
            "data.shape",
            _STAGE,
            f"Samples are {wanted}",
            shapes,
            "shape and type of both sides against the goal",
            f"expected {wanted}, got {list(train[0].shape)} {train[0].dtype}",
        ),
        verdict(
            "data.finite", _STAGE, "Every value is finite", finite, "numpy.isfinite on both sides"
        ),
        judge(
            "data.values",
            _STAGE,
            "Samples hold the values of the records, in their order",
            wrong_values,
            "values",
            Relation.EQUAL,
            0,
            "values that differ from the records as the harness reads them",
            detail="load() must return the columns as they stand; scaling belongs in features.c",
        ),
        judge(
            "data.labels",
            _STAGE,
            "Labels are those of the records, as indices into the goal's labels",
            wrong_labels,
            "labels",
            Relation.EQUAL,
            0,
            "labels that differ from the records as the harness reads them",
            detail=f"the order is {', '.join(goal.labels)}",
        ),
    )


def _differing(got: npt.NDArray[np.generic], expected: npt.NDArray[np.generic]) -> int:
    if got.shape != expected.shape:
        return max(got.size, expected.size)
    return int(np.sum(got != expected))


def _expected_labels(goal: Goal, records: Records) -> npt.NDArray[np.generic]:
    index = {label: i for i, label in enumerate(goal.labels)}
    texts = records.frame[records.label_column].astype(str)
    return np.array([index.get(text, -1) for text in texts], dtype=np.int64)


def _expected_values(records: Records, dtype: np.dtype[np.generic]) -> npt.NDArray[np.generic]:
    table = records.frame[list(records.value_columns)].to_numpy(dtype=np.float64)
    return table.astype(dtype)


def check_split(goal: Goal, split: Split) -> tuple[Evidence, ...]:
    """Count what each side holds, and what stands on both."""
    counts = [_counts(goal, side) for side in (split.train, split.test)]
    rows = len(split.train.frame) + len(split.test.frame)
    return (
        judge(
            "data.classes",
            _STAGE,
            "Every class has enough training records",
            min(counts[0]),
            "records",
            Relation.AT_LEAST,
            TRAIN_PER_CLASS_MIN,
            "records of the rarest class on the training side",
            detail="Record more samples of the rarest class, or leave it out.",
        ),
        judge(
            "data.held_out_classes",
            _STAGE,
            "Every class is judged",
            min(counts[1]),
            "records",
            Relation.AT_LEAST,
            HELD_OUT_PER_CLASS_MIN,
            "records of the rarest class on the held-out side",
            detail="Record more samples of the rarest class.",
        ),
        judge(
            "data.held_out",
            _STAGE,
            "Enough records are held out to judge by",
            len(split.test.frame),
            "records",
            Relation.AT_LEAST,
            HELD_OUT_MIN,
            f"records on the held-out side, of {rows}",
            detail="With so few held-out records an accuracy says little; record more.",
        ),
        judge(
            "data.leaks",
            _STAGE,
            "No held-out sample was trained on",
            leaks(split.train, split.test),
            "records",
            Relation.EQUAL,
            0,
            "held-out records whose input equals that of a training record",
        ),
        judge(
            "data.duplicates",
            _STAGE,
            "Records whose input occurs more than once; equal ones stay on one side",
            split.duplicates,
            "records",
            Relation.NONE,
            None,
            f"equal inputs as the board receives them, among {rows} records",
        ),
        judge(
            "data.conflicts",
            _STAGE,
            "Inputs that stand under more than one label, which no model can get right",
            split.conflicts,
            "inputs",
            Relation.NONE,
            None,
            "equal inputs with different labels",
        ),
    )


def _counts(goal: Goal, records: Records) -> list[int]:
    occurring = records.frame[records.label_column].astype(str).value_counts()
    return [int(occurring.get(label, 0)) for label in goal.labels]
