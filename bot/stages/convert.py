"""The convert stage: an int8 model that answers nearly what the float model answers.

What the compiler makes of it answers exactly what TensorFlow Lite Micro answers.
"""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Outcome, Stage
from bot.sandbox.job import Job, Limits, Result
from bot.stages import arrays
from bot.stages.calibration import calibration_samples, check_inner, check_input
from bot.stages.convert_checks import (
    ORACLE_CLAIM,
    check_drop,
    check_oracle,
    check_output,
    check_types,
    check_weights,
    figure_size,
)
from bot.stages.quantise import quantise
from bot.stages.stage_result import MIB, Context, StageResult, unmeasured, verdict
from model_compiler import Model, ModelError, compile_model, load_model

_STAGE = Stage.CONVERT
_LIMITS = Limits(seconds=600)
_Floats = npt.NDArray[np.float32]
_Bytes = npt.NDArray[np.int8]


def run(context: Context) -> StageResult:
    """Convert within the sandbox, compile, and compare float, compiled and TFLM's answers."""
    features = arrays.load(context.made["features.npz"])
    calibration = calibration_samples(features["train"].astype(np.float32))
    converted = _convert(context, calibration)
    ran = verdict(
        "convert.runs",
        _STAGE,
        "convert.py converts the model without an error",
        converted.completed,
        f"convert() with {len(calibration)} training samples, in a process of its own",
        converted.explanation(),
    )
    if not converted.completed:
        return StageResult(_STAGE, (ran,))
    content = converted.outputs["model.tflite"]
    try:
        model = load_model(content)
        compiled = compile_model(model)
    except ModelError as error:
        refused = verdict(
            "convert.compiles", _STAGE, _COMPILES, False, "model_compiler", str(error)
        )
        return StageResult(_STAGE, (ran, refused))
    compiles = verdict("convert.compiles", _STAGE, _COMPILES, True, _operators(model))
    types = check_types(model, context.plan.feature_count, len(context.goal.labels))
    if types.outcome is not Outcome.PASS:
        return StageResult(_STAGE, (ran, compiles, types))
    port = compiled.summary.inputs[0]
    quantised = quantise(features["test"].astype(np.float32), port.scale, port.zero_point)
    answered = _answer(context, "run_compiled", content, quantised)
    if not answered.completed:
        broken = unmeasured(
            "convert.answers",
            _STAGE,
            "The compiled model answers on this machine",
            Outcome.INFRASTRUCTURE,
            "generated C, built and called in a process of its own",
            answered.explanation(),
        )
        return StageResult(_STAGE, (ran, compiles, types, broken))
    scores = _scores(answered)
    truth = arrays.load(context.made["test.npz"])["y"].astype(np.int64)
    float_scores = arrays.load(context.made["float_scores.npz"])["scores"].astype(np.float32)
    checks = (
        ran,
        compiles,
        types,
        check_output(model),
        check_weights(model),
        check_input(port.scale, port.zero_point, calibration),
        check_inner(model, context.made["reference.tflite"]),
        check_drop(truth, float_scores, scores, context.goal.limits.accuracy_drop_max),
        _check_oracle(context, content, quantised, scores),
        figure_size(content, model),
    )
    output = model.tensors[model.outputs[0]]
    made = {
        "model.tflite": content,
        "int8_scores.npz": arrays.dump(
            scores=scores,
            scale=np.array(output.scale),
            zero_point=np.array(output.zero_point),
        ),
    }
    return StageResult(_STAGE, checks, made)


_COMPILES = "The model has only operators that the compiler translates to C"


def _convert(context: Context, calibration: _Floats) -> Result:
    return context.sandbox.run(
        Job(
            argv=("python", "-m", "bot.stages.run_convert"),
            inputs={
                "convert.py": context.workspace.files["convert.py"],
                "model.keras": context.made["model.keras"],
                "calibration.npz": arrays.dump(x=calibration),
            },
            outputs={"model.tflite": 16 * MIB},
            origin=context.origin,
            limits=_LIMITS,
        )
    )


def _operators(model: Model) -> str:
    return "model_compiler on " + ", ".join(op.code.name for op in model.operators)


def _check_oracle(context: Context, content: bytes, quantised: _Bytes, scores: _Bytes) -> Evidence:
    if find_spec("tflite_micro") is None:
        return unmeasured(
            "convert.oracle_equal",
            _STAGE,
            ORACLE_CLAIM,
            Outcome.SKIPPED,
            "tflite-micro",
            "the package tflite-micro is not installed; it exists for Linux on x86-64 only",
        )
    result = _answer(context, "run_oracle", content, quantised)
    if not result.completed:
        return unmeasured(
            "convert.oracle_equal",
            _STAGE,
            ORACLE_CLAIM,
            Outcome.INFRASTRUCTURE,
            "tflite-micro",
            result.explanation(),
        )
    return check_oracle(scores, _scores(result))


def _answer(context: Context, module: str, content: bytes, quantised: _Bytes) -> Result:
    """Let a module of ours answer samples with a converted model, which is still only data."""
    return context.sandbox.run(
        Job(
            argv=("python", "-m", f"bot.stages.{module}"),
            inputs={"model.tflite": content, "quantised.npz": arrays.dump(x=quantised)},
            outputs={"scores.npz": 64 * MIB},
            origin=context.origin,
            limits=_LIMITS,
        )
    )


def _scores(result: Result) -> _Bytes:
    return arrays.load(result.outputs["scores.npz"])["scores"].astype(np.int8)
