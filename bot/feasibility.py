"""Feasibility: whether the flash and RAM that were asked for can hold any model at all."""

from __future__ import annotations

from bot.errors import RequestError
from bot.goal import Goal
from bot.issue_form import Field
from bot.plan import Plan
from bot.scratch import scratch
from hardware_runner.board import Board
from hardware_runner.boards import find_board
from hardware_runner.build import build_smallest
from hardware_runner.errors import ToolMissing
from hardware_runner.report import Footprint
from model_compiler import compile_model, dense_classifier


def refuse_impossible(goal: Goal, plan: Plan) -> None:
    """Build the smallest firmware that could answer, where there are limits to hold it against.

    It is one dense layer from the features to the classes, with the measuring shell around it.

    Raises:
        RequestError: a limit is below what even that takes, on a board that was asked for.
    """
    limits = goal.limits
    if limits.flash_max_bytes is None and limits.ram_max_bytes is None:
        return
    for board in (find_board(name) for name in plan.boards):
        if board.machine is None:
            continue
        smallest = _smallest(board, plan.feature_count, len(goal.labels))
        if smallest is None:
            continue
        _compare(board, limits.flash_max_bytes, smallest.flash_bytes, "flash", Field.FLASH)
        _compare(board, limits.ram_max_bytes, smallest.ram_bytes, "RAM", Field.RAM)


def _smallest(board: Board, features: int, classes: int) -> Footprint | None:
    """Return what the smallest firmware takes; None without a compiler, which shows later."""
    compiled = compile_model(dense_classifier(features, classes))
    with scratch() as folder:
        try:
            return build_smallest(board, compiled, folder)
        except ToolMissing:
            return None


def _compare(board: Board, most: int | None, needed: int, kind: str, field: Field) -> None:
    if most is None or needed <= most:
        return
    raise RequestError(
        f"You ask for {kilobytes(most)} KB of {kind}; the smallest model that this data allows "
        f"needs about {kilobytes(needed)} KB on {board.name}.",
        f"Allow at least {-(-needed // 1024)} KB of {kind}, or leave the limit out.",
        field.value,
    )


def kilobytes(size: int) -> str:
    """Write a size in KB of 1024 bytes: one decimal below 10 KB, none above."""
    return f"{size / 1024:.1f}" if size < 10 * 1024 else f"{size / 1024:,.0f}"
