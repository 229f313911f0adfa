"""Whether a model can fit a board at all: judged from its figures, before anything is built.

The constants are known to the byte, and so is the arena. What the code and the rest of a firmware
take comes on top; only the linker knows that.
"""

from __future__ import annotations

from hardware_runner.board import Board
from hardware_runner.boards import BOARDS
from hardware_runner.errors import TooLarge
from model_compiler import Summary

STACK_BYTES = 4096
"""The least that is kept free for the stack."""

_LARGEST = 4


def refuse_too_large(summary: Summary, board: Board) -> None:
    """Return if a board may hold a model.

    Raises:
        TooLarge: it cannot; with the bytes needed and had, what costs most, and what to do.
    """
    if board.is_process:
        return
    flash_needed = summary.constant_bytes - summary.constant_spare_bytes
    ram_needed = summary.arena_bytes + STACK_BYTES
    problems = []
    if flash_needed > board.flash_bytes:
        problems.append(_flash(summary, board))
    if ram_needed > board.ram_bytes:
        problems.append(_ram(summary, board))
    if not problems:
        return
    flash_first = flash_needed > board.flash_bytes
    raise TooLarge(
        " ".join((*problems, _larger_boards(flash_needed, ram_needed))),
        "flash" if flash_first else "RAM",
        flash_needed if flash_first else ram_needed,
        board.flash_bytes if flash_first else board.ram_bytes,
    )


def _flash(summary: Summary, board: Board) -> str:
    needed = summary.constant_bytes - summary.constant_spare_bytes
    largest = sorted(summary.operators, key=lambda op: -op.constant_bytes)[:_LARGEST]
    listed = ", ".join(
        f"{op.index} {op.name} {op.constant_bytes:,}" for op in largest if op.constant_bytes
    )
    return (
        f"The model needs at least {needed:,} bytes of flash for its constants alone; "
        f"{board.part} has {board.flash_bytes:,}. The operators that cost most, in bytes: "
        f"{listed}. Take fewer filters or fewer layers."
    )


def _ram(summary: Summary, board: Board) -> str:
    needed = summary.arena_bytes + STACK_BYTES
    bands = (
        ""
        if summary.banded
        else " Some models need less in bands of rows: see `boardwright compile --bands auto`."
    )
    return (
        f"The model needs at least {needed:,} bytes of RAM, {summary.arena_bytes:,} for its arena "
        f"and {STACK_BYTES:,} for the stack; {board.part} has {board.ram_bytes:,}."
        f"{_peak(summary)} Take a smaller input or fewer filters.{bands}"
    )


def _peak(summary: Summary) -> str:
    """Return what is held when most is needed; nothing where it is not known."""
    peak = summary.peak
    if peak is None:
        return ""
    held = ", ".join(
        " ".join(filter(None, (item.what, "x".join(map(str, item.shape)), f"{item.nbytes:,}")))
        for item in peak.held[:_LARGEST]
    )
    if peak.operator < 0:
        return f" Most is needed before the first operator, in bytes: {held}."
    name = summary.operators[peak.operator].name
    return f" Most is needed during operator {peak.operator} {name}, in bytes: {held}."


def _larger_boards(flash_needed: int, ram_needed: int) -> str:
    large_enough = [
        board.name
        for board in BOARDS.values()
        if board.is_built_here
        and not board.is_process
        and board.flash_bytes > flash_needed
        and board.ram_bytes > ram_needed
    ]
    if not large_enough:
        return "No board that can be named has that much."
    return f"Boards that have that much: {', '.join(large_enough)}."
