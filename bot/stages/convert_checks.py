"""What must hold for a converted model, each as a function of values."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.evidence import Evidence, Relation, Stage, judge
from bot.stages.stage_result import verdict
from bot.statistics import accuracy
from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.ir import Model
from model_compiler.schema import TensorType

_STAGE = Stage.CONVERT
_Labels = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]
_Bytes = npt.NDArray[np.int8]


def check_types(model: Model, features: int, classes: int) -> Evidence:
    """Look for int8 at both ends, in the sizes of the goal."""
    ends = [model.tensors[i] for i in (*model.inputs, *model.outputs)]
    described = ", ".join(f"{t.dtype.name.lower()} x {t.count}" for t in ends)
    wanted = [(TensorType.INT8, features), (TensorType.INT8, classes)]
    return verdict(
        "convert.int8",
        _STAGE,
        f"The model takes {features} int8 features and answers {classes} int8 scores",
        [(t.dtype, t.count) for t in ends] == wanted,
        "tensors of the .tflite file",
        f"got {described}; set inference_input_type and inference_output_type to tf.int8",
    )


def check_output(model: Model) -> Evidence:
    """Look for the softmax scale that app.c relies on."""
    output = model.tensors[model.outputs[0]]
    return verdict(
        "convert.score_scale",
        _STAGE,
        "Scores stand for probabilities in steps of 1/256 from 0",
        output.scale == 1 / 256 and output.zero_point == -128,
        "scale and zero point of the output tensor",
        f"got scale {output.scale:.6g}, zero point {output.zero_point}; end the model with softmax",
    )


_WEIGHTED = (
    BuiltinOperator.CONV_2D,
    BuiltinOperator.DEPTHWISE_CONV_2D,
    BuiltinOperator.FULLY_CONNECTED,
)


def check_weights(model: Model) -> Evidence:
    """Count layers whose weights are not int8 with one scale for each output channel."""
    weights = [
        (model.tensors[op.inputs[1]], model.tensors[op.outputs[0]].shape[-1])
        for op in model.operators
        if op.code in _WEIGHTED
    ]
    odd = sum(
        w.dtype is not TensorType.INT8
        or w.quantization is None
        or len(w.quantization.scales) != channels
        for w, channels in weights
    )
    return judge(
        "convert.per_channel",
        _STAGE,
        "Weights are int8 with a scale for each output channel",
        odd,
        "layers",
        Relation.EQUAL,
        0,
        f"layers with other weights, of {len(weights)}",
        detail="Leave per-channel quantisation on in the converter.",
    )


def check_drop(truth: _Labels, float_scores: _Floats, scores: _Bytes, most: float) -> Evidence:
    """Compare the accuracy of the int8 model with that of the float model."""
    before = accuracy(truth, float_scores.argmax(axis=1))
    after = accuracy(truth, scores.argmax(axis=1))
    return judge(
        "convert.accuracy_drop",
        _STAGE,
        "int8 costs little accuracy",
        round(100 * (before - after), 4),
        "percentage points",
        Relation.AT_MOST,
        round(100 * most, 4),
        f"held-out set of {len(truth)}: float {100 * before:.2f} %, int8 {100 * after:.2f} %",
        detail="Train with more regularisation, or take a larger network.",
    )


def figure_size(content: bytes, model: Model) -> Evidence:
    """Report the size of the file; what flash it takes is measured in the firmware."""
    return judge(
        "convert.size",
        _STAGE,
        "The size of the converted model",
        len(content),
        "bytes",
        Relation.NONE,
        None,
        f"model.tflite, {len(model.operators)} operators",
    )


def check_oracle(ours: _Bytes, oracle: _Bytes) -> Evidence:
    """Count samples whose scores differ from those of TensorFlow Lite Micro."""
    differing = (
        len(ours) if ours.shape != oracle.shape else int(np.sum(np.any(ours != oracle, axis=1)))
    )
    return judge(
        "convert.oracle_equal",
        _STAGE,
        ORACLE_CLAIM,
        differing,
        "samples",
        Relation.EQUAL,
        0,
        f"compiled C on the host against TensorFlow Lite Micro (tflite-micro), {ours.size:,} bytes "
        f"over {len(ours)} held-out samples",
        detail="The compiler and TensorFlow Lite Micro disagree: please report this model.",
    )


ORACLE_CLAIM = "The compiled C answers what TensorFlow Lite Micro answers, byte for byte"
