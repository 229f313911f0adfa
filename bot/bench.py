"""The bench mark: one model on one board, with random inputs that reach the model as they are."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
from rich.table import Table

from bot.authors.template_author import TemplateAuthor
from bot.goal import DataSource, Goal, Limits, Task
from bot.pipeline import run_stages
from bot.progress import Progress
from bot.sources import load
from hardware_runner.board import Board
from hardware_runner.build import build_firmware
from hardware_runner.errors import ProjectError
from hardware_runner.measure import measure
from hardware_runner.report import RunOutcome
from model_compiler import HostModel, ModelError, compile_model, load_model

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


@dataclass(frozen=True, slots=True)
class Measured:
    """The cost of a model on a board; sizes are of the whole firmware unless they say model."""

    model: str
    board: str
    macs: int
    instructions: float | None
    flash_bytes: int
    model_flash_bytes: int
    ram_bytes: int
    arena_bytes: int
    stack_bytes: int | None

    @property
    def instructions_per_mac(self) -> float | None:
        """Return the cost of a multiply-accumulate; None where there are none, or no count."""
        return self.instructions / self.macs if self.instructions and self.macs else None

    def as_json(self) -> dict[str, object]:
        """Return the figures by name."""
        return {**dataclasses.asdict(self), "instructions_per_mac": self.instructions_per_mac}


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
    name: str, content: bytes, board: Board, samples: int, folder: Path
) -> Measured | Failed:
    """Compile a model, build it for a board, run random inputs and return the cost.

    Args:
        name: what the model is called in the table.
        content: the `.tflite` file.
        board: what to measure on.
        samples: how many random inputs.
        folder: scratch space, made if missing.

    Raises:
        ToolMissing: a compiler is not installed.
    """
    try:
        compiled = compile_model(load_model(content))
        port = compiled.summary.inputs[0]
        if port.dtype != "int8_t" or len(compiled.summary.inputs) != 1:
            return Failed(name, board.name, "needs one int8 input")
        project = folder / "project"
        project.mkdir(parents=True)
        for entry in (resources.files("templates") / "firmware" / "smallest").iterdir():
            (project / entry.name).write_bytes(entry.read_bytes())
        (project / "goal.h").write_text(_GOAL)
        firmware = build_firmware(board, project, compiled, folder / "build")
    except (ModelError, ProjectError) as error:
        return Failed(name, board.name, str(error))
    raw = np.random.default_rng(SEED).integers(-128, 128, (samples, port.count), np.int8)
    report = measure(board, firmware, raw, response_timeout_s=120.0)
    if report.outcome is not RunOutcome.PASS:
        return Failed(name, board.name, report.reason)
    expected = HostModel(compiled).run(raw).reshape(samples, -1)
    if not np.array_equal(np.array(report.scores, np.int8), expected):
        return Failed(name, board.name, "answers other bytes than the same C on the host")
    footprint = firmware.footprint
    return Measured(
        model=name,
        board=board.name,
        macs=compiled.summary.macs,
        instructions=report.cost.model_median if report.cost else None,
        flash_bytes=footprint.flash_bytes,
        model_flash_bytes=footprint.model_code_bytes + footprint.model_constant_bytes,
        ram_bytes=footprint.ram_bytes,
        arena_bytes=footprint.arena_bytes,
        stack_bytes=report.footprint.stack_bytes if report.footprint else None,
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


def benchmark_table(rows: Sequence[Measured | Failed]) -> Table:
    """Return the figures as a table, one row for each model and board."""
    names = (
        "instructions",
        "MACs",
        "instr/MAC",
        "flash",
        "of it model",
        "RAM",
        "of it arena",
        "stack",
    )
    caption = (
        "median instructions of one inference, counted exactly; "
        "bytes of the whole firmware, of which the measuring shell is a part"
    )
    table = Table("model", "board", *names, caption=caption)
    for column in table.columns[2:]:
        column.justify = "right"
    for row in rows:
        model = Path(row.model).stem
        if isinstance(row, Failed):
            table.add_row(model, row.board, row.why.splitlines()[0][:120])
            continue
        table.add_row(
            model,
            row.board,
            _count(row.instructions),
            _count(row.macs),
            f"{row.instructions_per_mac:.2f}" if row.instructions_per_mac else "-",
            _count(row.flash_bytes),
            _count(row.model_flash_bytes),
            _count(row.ram_bytes),
            _count(row.arena_bytes),
            _count(row.stack_bytes),
        )
    return table


def _count(value: float | int | None) -> str:
    return "-" if value is None else f"{value:,.0f}"
