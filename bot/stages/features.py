"""The features stage: `features.c` builds everywhere, keeps no state, and can be trained on."""

from __future__ import annotations

import shutil

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.goal import Goal, RawType
from bot.sandbox.job import require_template
from bot.scratch import scratch
from bot.stages import arrays
from bot.stages.c_object import forbidden_words, undefined_symbols, writable_bytes
from bot.stages.compilers import ARM_COMPILER, WARNINGS, compile_object, host_compiler
from bot.stages.stage_result import Context, StageResult, unmeasured, verdict
from bot.workspace import Workspace
from hardware_runner.board import Board
from hardware_runner.boards import find_board
from hardware_runner.errors import BuildError, FeaturesCrashed
from hardware_runner.native import FeaturesLibrary

LARGEST_FEATURE = 64.0  # int8 then still tells steps of 0.5 apart; standardised data stays below 20
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


def check_source(text: str) -> Evidence:
    """Look for what C source of a project may not contain."""
    found = forbidden_words(text)
    return verdict(
        "features.source",
        _STAGE,
        "features.c uses arithmetic only: no assembler, no pragma, no foreign header",
        not found,
        "scan of the source without comments and strings",
        f"take out: {', '.join(found)}",
    )


def check_object(content: bytes, board: str = "") -> Evidence:
    """Look for writable data and foreign calls in the object for a board, or for the host."""
    foreign, state = undefined_symbols(content), writable_bytes(content)
    return verdict(
        f"features.{board}.no_state" if board else "features.no_state",
        _STAGE,
        f"features.c keeps no state and calls nothing but arithmetic{board and f' on {board}'}",
        not foreign and state == 0,
        "writable sections and undefined symbols of the object file",
        f"{state} bytes of writable data; calls: {', '.join(foreign) or 'none'}. "
        "Use local variables and static const tables, and functions of <math.h> for float.",
    )


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


def check_finite(outputs: dict[str, _Floats]) -> Evidence:
    """Count values that were not written or are not finite."""
    bad = sum(int(np.sum(~np.isfinite(x))) for x in outputs.values())
    return judge(
        "features.finite",
        _STAGE,
        "Every feature is written and finite, at the ends of the raw range too",
        bad,
        "values",
        Relation.EQUAL,
        0,
        "outputs filled with NaN before each call; training, held-out and extreme samples",
        detail="Guard divisions and logarithms, and write all BW_FEATURE_COUNT values.",
    )


def check_order(forwards: _Floats, backwards: _Floats) -> Evidence:
    """Compare the features of the same samples in two orders."""
    same = forwards.tobytes() == np.ascontiguousarray(backwards[::-1]).tobytes()
    return verdict(
        "features.deterministic",
        _STAGE,
        "The same sample gives the same features, whatever came before",
        same,
        "training samples forwards and backwards, compared byte for byte",
        "bw_features depends on earlier calls; it must use its argument only.",
    )


def check_range(features: _Floats) -> Evidence:
    """Find the largest feature."""
    return judge(
        "features.range",
        _STAGE,
        "Features are of a size that int8 can hold with enough steps",
        round(float(np.max(np.abs(features))), 6),
        "",
        Relation.AT_MOST,
        LARGEST_FEATURE,
        "largest magnitude over the training samples",
        detail="Scale or standardise the raw values.",
    )


def check_varies(features: _Floats) -> Evidence:
    """Count features that differ between samples."""
    flat = features.reshape(len(features), -1)
    return judge(
        "features.varies",
        _STAGE,
        "Features tell samples apart",
        int(np.sum(np.ptp(flat, axis=0) > 0)),
        "features",
        Relation.AT_LEAST,
        1,
        f"features that are not constant over the training samples, of {flat.shape[1]}",
        detail="bw_features answers the same for every sample.",
    )
