"""Profiles of a compiled model: what each operator costs on emulated boards."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bot.compile_summary import rows
from bot.console import PLAIN
from bot.errors import RequestError
from bot.model_alone import random_inputs, why_not_alone, write_project
from bot.scratch import scratch
from hardware_runner.board import Board
from hardware_runner.boards import BOARDS
from hardware_runner.build import build_firmware
from hardware_runner.profile import profile
from hardware_runner.report import Profile
from model_compiler import CompiledModel, Summary

DEFAULT_BOARD = "mps2-an386"


def profile_alone(compiled: CompiledModel, board: Board) -> Profile:
    """Return what each operator costs on a board, for one random input.

    Raises:
        RequestError: the model cannot be fed with random bytes.
        RunnerError: it cannot be built, or not be run.
    """
    if reason := why_not_alone(compiled):
        raise RequestError(
            f"The model cannot be profiled: {reason}.", "Convert it with inference types int8."
        )
    with scratch() as folder:
        project = write_project(folder / "project")
        plain = build_firmware(board, project, compiled, folder / "plain")
        return profile(plain, project, compiled, random_inputs(compiled, 1)[0], folder / "points")


def refuse_uncounted(boards: Sequence[Board]) -> None:
    """Return if every board counts instructions; raise RequestError that names those that do."""
    for board in boards:
        if board.machine is None:
            counting = ", ".join(one.name for one in BOARDS.values() if one.machine is not None)
            problem = f"A profile counts instructions, which {board.name} does not."
            raise RequestError(problem, f"Name an emulated board: {counting}.")


def show_profile(console: Console, summary: Summary, board: Board, found: Profile) -> None:
    """Print what each operator costs on a board, all its bands as one, and the sum."""
    table = Table("#", "operator", "output", "MACs", "instructions", "/MAC", "share", **PLAIN)
    for column in (0, 3, 4, 5, 6):
        table.columns[column].justify = "right"
    costs = dict(enumerate(found.operators))
    for row in rows(summary):
        instructions = sum(costs[index] for index in row.indices)
        table.add_row(
            row.label,
            row.name,
            " x ".join(map(str, row.output_shape)),
            f"{row.macs:,}",
            *_shown(instructions, row.macs, found.total),
        )
    table.add_row("", "call and return", "", "", *_shown(found.overhead, 0, found.total))
    table.add_row(
        "", "sum", "", f"{summary.macs:,}", *_shown(found.total, summary.macs, found.total)
    )
    console.print(
        f"\n{board.title}: instructions of one inference",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    console.print(table)
    if found.disturbance:
        console.print(
            f"The build with points took {found.disturbance:+,} instructions beside them; which "
            "operator they belong to is not known, the sum is that of the build without.",
            highlight=False,
            soft_wrap=True,
        )


def _shown(instructions: int, macs: int, total: int) -> tuple[str, str, str]:
    """Return instructions, instructions for each MAC, and the share of all, as cells."""
    per_mac = f"{instructions / macs:.2f}" if macs else "-"
    return f"{instructions:,}", per_mac, f"{instructions / total:.1%}"


def figures(summary: Summary, found: Profile) -> dict[str, object]:
    """Return the figures of a profile by name, for JSON."""
    return {
        "instructions": found.total,
        "instructions_per_mac": found.total / summary.macs if summary.macs else None,
        "overhead": found.overhead,
        "disturbance": found.disturbance,
        "operators": [
            {
                "index": operator.index,
                "name": operator.name,
                "output_shape": operator.output_shape,
                "macs": operator.macs,
                "instructions": instructions,
                "instructions_per_mac": instructions / operator.macs if operator.macs else None,
                "share": instructions / found.total,
            }
            for operator, instructions in zip(summary.operators, found.operators, strict=True)
        ],
    }
