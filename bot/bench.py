"""The bench mark: one model on one board, with random inputs that reach the model as they are."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bot.authors.template_author import TemplateAuthor
from bot.baseline import Baseline, find_baseline
from bot.goal import DataSource, Goal, Limits, Task
from bot.model_alone import random_inputs, why_not_alone, write_project
from bot.pipeline import run_stages
from bot.progress import Progress
from bot.sources import load
from hardware_runner.board import Board
from hardware_runner.build import Firmware, build_firmware
from hardware_runner.errors import ProjectError
from hardware_runner.inference import InferenceSize, inference_size
from hardware_runner.measure import measure
from hardware_runner.report import RunOutcome, RunReport
from model_compiler import CompiledModel, HostModel, ModelError, Optimise, compile_model, load_model


@dataclass(frozen=True, slots=True)
class Measured:
    """The cost of a model on a board.

    Attributes:
        model: What the model is called.
        board: Canonical name of the board.
        core: Its core.
        macs: Multiply-accumulates of one inference.
        instructions: Median of one inference; None where the board does not count.
        inference: Everything that is linked for inference; None for a process of this machine.
        constant_bytes: Weights, tables and parameters.
        arena_bytes: What of the RAM is the arena.
        stack_bytes: High-water mark of the whole firmware; None where nobody can tell.
        firmware_flash_bytes: The whole firmware, with the measuring shell.
        firmware_ram_bytes: Likewise, with its buffer for samples.
        model_sha256: Digest of the model file.
        tools: Compiler and emulator, each with its version.
        optimise: What the compilation preferred.
    """

    model: str
    board: str
    core: str
    macs: int
    instructions: float | None
    inference: InferenceSize | None
    constant_bytes: int
    arena_bytes: int
    stack_bytes: int | None
    firmware_flash_bytes: int
    firmware_ram_bytes: int
    model_sha256: str
    tools: tuple[str, ...]
    optimise: Optimise

    @property
    def instructions_per_mac(self) -> float | None:
        """Return the cost of a multiply-accumulate; None where there are none, or no count."""
        return self.instructions / self.macs if self.instructions and self.macs else None

    @property
    def baseline(self) -> Baseline | None:
        """Return what the same model takes elsewhere, where that is known."""
        return find_baseline(self.model_sha256, self.core)

    def as_json(self) -> dict[str, object]:
        """Return the figures by name."""
        baseline = self.baseline
        return {
            **dataclasses.asdict(self),
            "instructions_per_mac": self.instructions_per_mac,
            "baseline": dataclasses.asdict(baseline) if baseline else None,
        }


@dataclass(frozen=True, slots=True)
class Failed:
    """A model that could not be measured on a board, and why."""

    model: str
    board: str
    why: str

    def as_json(self) -> dict[str, object]:
        """Return the reason by name."""
        return dataclasses.asdict(self)


def measure_model(
    name: str,
    content: bytes,
    board: Board,
    samples: int,
    folder: Path,
    optimise: Optimise = Optimise.BALANCED,
) -> Measured | Failed:
    """Compile a model, build it for a board, run random inputs and return the cost.

    Args:
        name: what the model is called in the table.
        content: the `.tflite` file.
        board: what to measure on.
        samples: how many random inputs.
        folder: scratch space, made if missing.
        optimise: what the compilation prefers.

    Raises:
        ToolMissing: a compiler is not installed.
    """
    try:
        compiled = compile_model(load_model(content), optimise=optimise)
        if reason := why_not_alone(compiled):
            return Failed(name, board.name, reason)
        project = write_project(folder / "project")
        firmware = build_firmware(board, project, compiled, folder / "build")
        inference = inference_size(firmware, compiled)
    except (ModelError, ProjectError) as error:
        return Failed(name, board.name, str(error))
    raw = random_inputs(compiled, samples)
    report = measure(board, firmware, raw, response_timeout_s=120.0)
    if report.outcome is not RunOutcome.PASS:
        return Failed(name, board.name, report.reason)
    expected = HostModel(compiled).run_all(raw)[0].reshape(samples, -1)
    if not np.array_equal(np.array(report.scores, np.int8), expected):
        return Failed(name, board.name, "answers other bytes than the same C on the host")
    return _measured(name, compiled, firmware, inference, report)


def _measured(
    name: str,
    compiled: CompiledModel,
    firmware: Firmware,
    inference: InferenceSize | None,
    report: RunReport,
) -> Measured:
    footprint, cost = firmware.footprint, report.cost
    return Measured(
        model=name,
        board=firmware.board.name,
        core=firmware.board.core,
        macs=compiled.summary.macs,
        instructions=cost.model_median if cost and cost.unit == "instructions" else None,
        inference=inference,
        constant_bytes=footprint.model_constant_bytes,
        arena_bytes=footprint.arena_bytes,
        stack_bytes=report.footprint.stack_bytes if report.footprint else None,
        firmware_flash_bytes=footprint.flash_bytes,
        firmware_ram_bytes=footprint.ram_bytes,
        model_sha256=compiled.summary.model_sha256,
        tools=tuple(f"{name} {version}" for name, version in sorted(report.tools.items())),
        optimise=compiled.summary.optimise,
    )


def digits_model(workdir: Path, progress: Progress) -> bytes:
    """Train the digits example and return its `.tflite`."""
    source = DataSource(uri="sklearn:digits")
    loaded = load(source, workdir)
    goal = Goal(
        name="digits",
        title="Handwritten digits",
        statement="Recognise handwritten digits.",
        task=Task.IMAGE_CLASSIFICATION,
        data=source,
        labels=loaded.labels,
        raw=loaded.raw,
        boards=("host",),
        limits=Limits(),
    )
    proposal = run_stages(
        goal,
        loaded.records,
        workdir=workdir / "digits",
        author=TemplateAuthor(goal.task),
        progress=progress,
    )
    return proposal.files["model.tflite"]
