"""The features stage: `features.c` builds everywhere, keeps no state, and can be trained on."""

from __future__ import annotations

import shutil

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Stage
from bot.goal import Goal, RawType
from bot.sandbox.job import require_template
from bot.scratch import scratch
from bot.stages import arrays
from bot.stages.compilers import ARM_COMPILER, WARNINGS, compile_object, host_compiler
from bot.stages.features_checks import (
    check_finite,
    check_object,
    check_order,
    check_range,
    check_source,
    check_varies,
)
from bot.stages.stage_result import Context, StageResult, unmeasured, verdict
from bot.workspace import Workspace
from hardware_runner.board import Board
from hardware_runner.boards import find_board
from hardware_runner.errors import BuildError, FeaturesCrashed
from hardware_runner.native import FeaturesLibrary

TIMEOUT_S = 60.0  # for the features of all samples of one side

_STAGE = Stage.FEATURES
_SOURCES = ("features.c", "features.h", "goal.h")
_Floats = npt.NDArray[np.float32]


def run(context: Context) -> StageResult:
    """Compile the features for host and boards, run them over both sides, check what came out.

    Raises:
        NeedsSandboxError: features.c did not come with Boardwright.
    """
    require_template(context.origin, "features.c")
    source = check_source(context.workspace.files["features.c"].decode())
    if source.outcome is not Outcome.PASS:
        return StageResult(_STAGE, (source,))
    files = context.workspace.select(*_SOURCES)
    # Not as builtin functions: a call of malloc() must not vanish before it is looked for.
    flags = ("-O2", "-fno-builtin")
    compiled = compile_object(
        context.sandbox, host_compiler(), flags, "features.c", files, context.origin
    )
    host = verdict(
        "features.host_build",
        _STAGE,
        "features.c builds without a warning on the host",
        compiled.completed,
        f"gcc {' '.join(WARNINGS)}",
        compiled.explanation(),
    )
    if not compiled.completed:
        return StageResult(_STAGE, (source, host))
    built = (source, host, check_object(compiled.outputs["object.o"]), *_target_builds(context))
    ran, made = _apply(context)
    return StageResult(_STAGE, (*built, *ran), made)


def _target_builds(context: Context) -> tuple[Evidence, ...]:
    boards = [find_board(name) for name in context.goal.boards]
    return tuple(e for b in boards if b.core != "host" for e in _target_build(context, b))


def _target_build(context: Context, board: Board) -> tuple[Evidence, ...]:
    check = f"features.{board.name}.build"
    claim = f"features.c builds without a warning for {board.name}"
    method = f"{ARM_COMPILER} {' '.join(board.cpu_flags)}, warnings are errors"
    compiler = shutil.which(ARM_COMPILER)
    if compiler is None:
        why = f"{ARM_COMPILER} is not installed: sudo apt-get install gcc-arm-none-eabi"
        return (unmeasured(check, _STAGE, claim, Outcome.INFRASTRUCTURE, method, why),)
    result = compile_object(
        context.sandbox,
        compiler,
        (*board.cpu_flags, "-O2", "-fno-builtin"),
        "features.c",
        context.workspace.select(*_SOURCES),
        context.origin,
    )
    builds = verdict(check, _STAGE, claim, result.completed, method, result.explanation())
    if not result.completed:
        return (builds,)
    return builds, check_object(result.outputs["object.o"], board.name)


def _apply(context: Context) -> tuple[tuple[Evidence, ...], dict[str, bytes]]:
    train = arrays.load(context.made["train.npz"])["x"]
    test = arrays.load(context.made["test.npz"])["x"]
    claim = "bw_features runs over every sample and over the ends of the raw range"
    method = "address and undefined behaviour sanitizers, and without: equal results"
    try:
        out = _outputs(context, train, test)
    except (FeaturesCrashed, BuildError) as error:
        return (verdict("features.runs", _STAGE, claim, False, method, str(error)),), {}
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
) -> dict[str, _Floats]:
    with scratch() as folder:
        project = folder / "project"
        Workspace(context.workspace.select(*_SOURCES)).write_to(project)
        features = FeaturesLibrary(project, folder / "build", timeout_s=TIMEOUT_S)
        return {
            "train": features(train),
            "backwards": features(train[::-1]),
            "test": features(test),
            "extremes": features(extremes(context.goal, train)),
        }


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
