"""The data stage: `data.py` reads the training records, and gives what they say."""

from __future__ import annotations

import numpy as np

from bot.evidence import Outcome, Stage
from bot.records import Records
from bot.sandbox.job import Job, Limits, Result
from bot.stages import arrays
from bot.stages.data_checks import (
    Samples,
    check_repeatable,
    check_split,
    check_values,
    read_records,
)
from bot.stages.stage_result import MIB, Context, StageResult, verdict

_LIMITS = Limits(seconds=120, memory_bytes=2 << 30)
_STAGE = Stage.DATA


def run(context: Context) -> StageResult:
    """Load the training side twice and check what came out; the harness reads the other side.

    So no authored code that may report what it saw is ever given a held-out label.
    """
    results = [_load(context, context.split.train) for _ in range(2)]
    loads = verdict(
        "data.loads",
        _STAGE,
        "data.py reads the records without an error",
        all(result.completed for result in results),
        "load() on the training records in two processes",
        next((r.explanation() for r in results if not r.completed), ""),
    )
    if loads.outcome is not Outcome.PASS:
        return StageResult(_STAGE, (loads,))
    first, second = (result.outputs["raw.npz"] for result in results)
    try:
        train = _pair(first)
    except ValueError as error:
        broken = verdict(
            "data.arrays", _STAGE, "load() returns two arrays", False, "npz", str(error)
        )
        return StageResult(_STAGE, (loads, broken))
    checks = (
        loads,
        check_repeatable(first, second),
        *check_values(context.goal, context.split.train, train),
        *check_split(context.goal, context.split),
    )
    sound = all(e.outcome is Outcome.PASS for e in checks if e.check in _NEEDED)
    test = read_records(context.goal, context.split.test)
    made = {
        "train.npz": arrays.dump(x=train[0], y=train[1]),
        "test.npz": arrays.dump(x=test[0], y=test[1]),
    }
    return StageResult(_STAGE, checks, made if sound else {})


_NEEDED = ("data.shape", "data.finite", "data.values", "data.labels", "data.classes")


def _load(context: Context, records: Records) -> Result:
    return context.sandbox.run(
        Job(
            argv=("python", "-m", "bot.stages.run_data", records.entry("records")),
            inputs={
                "data.py": context.workspace.files["data.py"],
                **records.files("records"),
            },
            outputs={"raw.npz": 512 * MIB},
            origin=context.origin,
            limits=_LIMITS,
        )
    )


def _pair(content: bytes) -> Samples:
    loaded = arrays.load(content)
    x, y = loaded["x"], loaded["y"]
    if x.dtype.kind not in "iuf" or y.dtype.kind not in "iu" or y.ndim != 1 or len(x) != len(y):
        raise ValueError(f"x is {x.dtype} {list(x.shape)}, y is {y.dtype} {list(y.shape)}")
    return x, y.astype(np.int64)
