"""Compile an int8 TensorFlow Lite model to C99 without dependencies, byte-exact with TFLM.

    model = load_model(Path("model.tflite").read_bytes())
    compiled = compile_model(model, name="model")
    compiled.write(Path("generated"))
    scores = HostModel(compiled).run(samples)

`model_compiler.errors` draws the tree of what can be raised.
"""

from __future__ import annotations

from model_compiler.compilation import check_model, compile_model, load_model
from model_compiler.compiled import CompiledModel, OperatorSummary, Port, Summary
from model_compiler.errors import (
    CompilerError,
    HostBuildFailed,
    HostCompilerMissing,
    HostError,
    MalformedModel,
    ModelError,
    UnsupportedModel,
)
from model_compiler.host import HostModel
from model_compiler.ir import Model, dense_classifier
from model_compiler.optimise import Optimise

__all__ = [
    "CompiledModel",
    "CompilerError",
    "HostBuildFailed",
    "HostCompilerMissing",
    "HostError",
    "HostModel",
    "MalformedModel",
    "Model",
    "ModelError",
    "OperatorSummary",
    "Optimise",
    "Port",
    "Summary",
    "UnsupportedModel",
    "check_model",
    "compile_model",
    "dense_classifier",
    "load_model",
]
