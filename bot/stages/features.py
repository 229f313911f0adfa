"""The features stage: `features.c` builds everywhere, keeps no state, and can be trained on."""

from __future__ import annotations

import json

import numpy as np
import numpy.typing as npt

from bot.errors import ToolMissing
from bot.evidence import Evidence, Outcome, Stage
from bot.goal import Goal, RawType
from bot.sandbox.job import Job, Limits
from bot.stages import arrays
from bot.stages.compilers import ARM_COMPILER, HOST_COMPILER, WARNINGS, built, compile_object
from bot.stages.features_checks import (
    check_finite,
    check_object,
    check_order,
    check_range,
    check_source,
    check_varies,
)
from bot.stages.stage_result import MIB, Context, StageResult, unmeasured, verdict
from hardware_runner.board import Board
from hardware_runner.boards import find_board

TIMEOUT_S = 60.0  # for the features of all samples of one side

_STAGE = Stage.FEATURES
_LIMITS = Limits(seconds=900)
_FEATURES_BYTES = 1 << 30
_SOURCES = ("features.c", "features.h", "goal.h")
_Floats = npt.NDArray[np.float32]


def run(context: Context) -> StageResult:
    """Compile the features for host and boards, run them over both sides, check what came out.

    Raises:
        NeedsSandboxError: features.c may not run in this sandbox.
        ToolMissing: there is no C compiler.
    """
    source = check_source(context.workspace.files["features.c"].decode())
    if source.outcome is not Outcome.PASS:
        return StageResult(_STAGE, (source,))
    files = context.workspace.select(*_SOURCES)
    # Not as builtin functions: a call of malloc() must not vanish before it is looked for.
    flags = ("-O2", "-fno-builtin")
    compiled = compile_object(
        context.sandbox, HOST_COMPILER, flags, "features.c", files, context.origin
    )
    host = built(
        compiled,
        "features.host_build",
        _STAGE,
        "features.c builds without a warning on the host",
        f"gcc {' '.join(WARNINGS)}",
    )
    if not compiled.completed:
        return StageResult(_STAGE, (source, host))
    checks = (source, host, check_object(compiled.outputs["object.o"]), *_target_builds(context))
    ran, made = _apply(context)
    return StageResult(_STAGE, (*checks, *ran), made)


def _target_builds(context: Context) -> tuple[Evidence, ...]:
    boards = [find_board(name) for name in context.goal.boards]
    return tuple(
        e for b in boards if b.is_built_here and not b.is_process for e in _target_build(context, b)
    )


def _target_build(context: Context, board: Board) -> tuple[Evidence, ...]:
    check = f"features.{board.name}.build"
    claim = f"features.c builds without a warning for {board.name}"
    method = f"{ARM_COMPILER} {' '.join(board.cpu_flags)}, warnings are errors"
    try:
        result = compile_object(
            context.sandbox,
            ARM_COMPILER,
            (*board.cpu_flags, "-O2", "-fno-builtin"),
            "features.c",
            context.workspace.select(*_SOURCES),
            context.origin,
        )
    except ToolMissing as error:
        return (unmeasured(check, _STAGE, claim, Outcome.INFRASTRUCTURE, method, str(error)),)
    builds = built(result, check, _STAGE, claim, method)
    if not result.completed:
        return (builds,)
    return builds, check_object(result.outputs["object.o"], board.name)


def _apply(context: Context) -> tuple[tuple[Evidence, ...], dict[str, bytes]]:
    train = arrays.load(context.made["train.npz"])["x"]
    test = arrays.load(context.made["test.npz"])["x"]
    claim = "bw_features runs over every sample and over the ends of the raw range"
    method = "address and undefined behaviour sanitizers, and without: equal results"
    out = _outputs(context, train, test)
    if isinstance(out, str):
        return (verdict("features.runs", _STAGE, claim, False, method, out),), {}
    finite = check_finite(out)
    checks = (
        verdict("features.runs", _STAGE, claim, True, method),
        finite,
        check_order(out["train"], out["backwards"]),
        check_range(out["train"]),
        check_varies(out["train"]),
    )
    shape = context.plan.feature_shape
    made = {
        "features.npz": arrays.dump(
            train=out["train"].reshape(-1, *shape), test=out["test"].reshape(-1, *shape)
        )
    }
    return checks, made if finite.outcome is Outcome.PASS else {}


def _outputs(
    context: Context, train: npt.NDArray[np.generic], test: npt.NDArray[np.generic]
) -> dict[str, _Floats] | str:
    """Return the features by kind of sample, or why there are none."""
    samples = {
        "train": train,
        "backwards": np.ascontiguousarray(train[::-1]),
        "test": test,
        "extremes": extremes(context.goal, train),
    }
    result = context.sandbox.run(
        Job(
            argv=("python", "-m", "bot.stages.run_features", str(TIMEOUT_S)),
            inputs={
                **context.workspace.select(*_SOURCES),
                "samples.npz": arrays.dump(**samples),
            },
            outputs={"features.npz": _FEATURES_BYTES, "trouble.json": MIB},
            origin=context.origin,
            limits=_LIMITS,
        )
    )
    if not result.completed:
        return result.explanation()
    if trouble := json.loads(result.outputs["trouble.json"]):
        return str(trouble)
    found = arrays.load(result.outputs["features.npz"])
    count = context.plan.feature_count
    for name, given in samples.items():
        if name not in found or found[name].shape != (len(given), count):
            return f"bw_features() left no {count} features for each sample: {name}"
    return {name: found[name].astype(np.float32) for name in samples}


def extremes(goal: Goal, train: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
    """Return samples at the ends of what a sensor may deliver, `[4, *raw.shape]`.

    Integers take their type's ends. Floats have none: ten times the training samples' largest.
    """
    if goal.raw.dtype is RawType.FLOAT32:
        reach = 10.0 * float(np.max(np.abs(train)))
        ends = [0.0, -reach, reach, 1e-30]
    else:
        info = np.iinfo(goal.raw.dtype.value)
        ends = [0, info.min, info.max, 1]
    return np.stack([np.full(goal.raw.shape, end, dtype=train.dtype) for end in ends])
