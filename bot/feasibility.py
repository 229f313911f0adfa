"""Feasibility: whether the flash and RAM that were asked for can hold any model at all."""

from __future__ import annotations

from dataclasses import dataclass

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
        if board.is_process or not board.is_built_here:
            continue
        smallest = _smallest(board, plan.feature_count, len(goal.labels))
        if smallest is None:
            continue
        flash = _lacking(limits.flash_max_bytes, smallest.flash_bytes, "flash", Field.FLASH)
        ram = _lacking(limits.ram_max_bytes, smallest.ram_bytes, "RAM", Field.RAM)
        if lacking := (*flash, *ram):
            raise RequestError(
                f"You ask for {' and '.join(one.asked for one in lacking)}; the smallest model "
                f"that this data allows needs about {' and '.join(one.needed for one in lacking)} "
                f"on {board.name}.",
                f"Allow at least {' and '.join(one.cure for one in lacking)}, or leave the limit "
                "out.",
                lacking[0].field.value,
            )


def _smallest(board: Board, features: int, classes: int) -> Footprint | None:
    """Return what the smallest firmware takes; None without a compiler, which shows later."""
    compiled = compile_model(dense_classifier(features, classes))
    with scratch() as folder:
        try:
            return build_smallest(board, compiled, folder)
        except ToolMissing:
            return None


@dataclass(frozen=True, slots=True)
class _Lacking:
    """A limit that no firmware can meet, in words."""

    field: Field
    asked: str
    needed: str
    cure: str


def _lacking(most: int | None, needed: int, kind: str, field: Field) -> tuple[_Lacking, ...]:
    if most is None or needed <= most:
        return ()
    asked, least = f"{kilobytes(most)} KB of {kind}", f"{kilobytes(needed)} KB"
    return (_Lacking(field, asked, least, f"{-(-needed // 1024)} KB of {kind}"),)


def kilobytes(size: int) -> str:
    """Write a size in KB of 1024 bytes: one decimal below 10 KB, none above."""
    return f"{size / 1024:.1f}" if size < 10 * 1024 else f"{size / 1024:,.0f}"
