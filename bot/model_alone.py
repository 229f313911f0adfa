"""A project around a model alone: raw samples are its int8 input, the application does nothing."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt

from model_compiler import CompiledModel

SEED = 1

# Stands in for the goal of the smallest project: raw samples are the model's int8 inputs
# themselves, so that neither features nor quantisation run.
_GOAL = """#ifndef GOAL_H
#define GOAL_H
#include <stdint.h>
#include "bw_model.h"
typedef int8_t bw_raw_t;
#define BW_RAW_IS_MODEL_INPUT
#define BW_RAW_COUNT BW_MODEL_INPUT_COUNT
#define BW_FEATURE_COUNT BW_MODEL_INPUT_COUNT
#define BW_CLASS_COUNT BW_MODEL_OUTPUT_COUNT
#endif
"""


def why_not_alone(compiled: CompiledModel) -> str:
    """Return why a model cannot be fed with random bytes, or nothing."""
    summary = compiled.summary
    ports = (*summary.inputs, summary.outputs[0])
    if len(summary.inputs) == 1 and all(port.dtype == "int8_t" for port in ports):
        return ""
    return "it needs one int8 input, and an int8 output"


def write_project(folder: Path) -> Path:
    """Write the five C files into a folder, which is made, and return it."""
    folder.mkdir(parents=True)
    for entry in (resources.files("templates") / "firmware" / "smallest").iterdir():
        (folder / entry.name).write_bytes(entry.read_bytes())
    (folder / "goal.h").write_text(_GOAL)
    return folder


def random_inputs(compiled: CompiledModel, samples: int) -> npt.NDArray[np.int8]:
    """Return random inputs `[samples, count]`, the same ones in every run."""
    count = compiled.summary.inputs[0].count
    return np.random.default_rng(SEED).integers(-128, 128, (samples, count), np.int8)
