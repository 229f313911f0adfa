"""The convert stage: an int8 model whose answers are the compiler's, TFLM's and nearly the float model's."""

from __future__ import annotations

import importlib.util
import json
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bot.errors import ToolMissing
from bot.evidence import Evidence, Outcome, Relation, Stage, judge
from bot.sandbox.job import Job, Limits, Result
from bot.stages import arrays
from bot.stages.quantise import quantise, represented
from bot.stages.stage_result import MIB, Context, StageResult, unmeasured, verdict
from bot.statistics import accuracy
from model_compiler.builtin_operator import BuiltinOperator
from model_compiler.ir import Model
from model_compiler.schema import TensorType

CALIBRATION_SAMPLES = 500
RANGE_TOLERANCE = 0.02  # of the range: converters widen it so that zero is a whole step

_STAGE = Stage.CONVERT
_LIMITS = Limits(seconds=600)
_ORACLE = "tflite_micro"
_Labels = npt.NDArray[np.int64]
_Floats = npt.NDArray[np.float32]
_Bytes = npt.NDArray[np.int8]
