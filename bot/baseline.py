"""The baseline: what TensorFlow Lite Micro with CMSIS-NN takes for models known by their hash."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True)
class Baseline:
    """The cost of a model with TensorFlow Lite Micro and CMSIS-NN on one core.

    `limit_instructions` is an estimate of how far instructions can go down, 20 % either way; None
    where there is none for the core.
    """

    model: str
    core: str
    instructions: int
    flash_bytes: int
    ram_bytes: int
    stack_bytes: int
    limit_instructions: int | None = None


@dataclass(frozen=True, slots=True)
class Conditions:
    """With what the baseline was measured."""

    software: str
    compiler: str
    emulator: str


@dataclass(frozen=True, slots=True)
class _Table:
    conditions: Conditions
    rows: dict[tuple[str, str], Baseline]  # by SHA-256 of the model file and core


@functools.cache
def _table() -> _Table:
    file = resources.files("bot") / "baselines" / "mlperf_tiny.toml"
    content = tomllib.loads(file.read_text(encoding="utf-8"))
    said = Conditions(content["software"], content["compiler"], content["emulator"])
    models = {name: value for name, value in content.items() if isinstance(value, dict)}
    rows = {
        (model["sha256"], core): Baseline(name, core, **figures)
        for name, model in models.items()
        for core, figures in model["core"].items()
    }
    return _Table(said, rows)


def find_baseline(model_sha256: str, core: str) -> Baseline | None:
    """Return the baseline of a model file on a core, or None where nobody measured it."""
    return _table().rows.get((model_sha256, core))


def conditions() -> Conditions:
    """Return with what all baselines were measured."""
    return _table().conditions
