"""Limits: what a request demands in accuracy, time and memory, against what the boards have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from bot import quantities
from bot.goal import Limits
from bot.issue_form import Field, is_empty_answer
from bot.questions import Asker
from bot.rendering.text import code
from hardware_runner.board import Board

T = TypeVar("T")

EXAMPLES: Mapping[Field, str] = {
    Field.ACCURACY: "95 %",
    Field.LATENCY: "20 ms",
    Field.FLASH: "60 KB",
    Field.RAM: "20 KB",
}
_NO_LIMIT = ("no limit", "no", "any", "unlimited")


def read_limits(answers: Mapping[Field, str], asker: Asker) -> Limits:
    """Read the four limits; what cannot be read becomes a question and is left open."""
    accuracy = _read(Field.ACCURACY, answers, quantities.percent, asker)
    if Field.ACCURACY not in answers:
        asker.ask(
            Field.ACCURACY.value,
            "no accuracy is asked for.",
            "Which share of the held-out samples must the board get right, at least? "
            "`no limit` is an answer, too.",
            EXAMPLES[Field.ACCURACY],
        )
    latency = answers.get(Field.LATENCY, "")
    counted = _read(Field.LATENCY, answers, quantities.instructions, asker)
    in_time = counted is None and "instr" not in latency.lower()
    return Limits(
        accuracy_min=accuracy,
        latency_max_ms=_read(Field.LATENCY, answers, quantities.time_ms, asker)
        if in_time
        else None,
        instructions_max=counted,
        flash_max_bytes=_read(Field.FLASH, answers, quantities.size_bytes, asker),
        ram_max_bytes=_read(Field.RAM, answers, quantities.size_bytes, asker),
    )


def compare_with_boards(limits: Limits, boards: tuple[Board, ...], asker: Asker) -> None:
    """Ask where a limit allows more than a board has: one of the two is a mistake."""
    for board in boards:
        for field, limit, has in (
            (Field.FLASH, limits.flash_max_bytes, board.flash_bytes),
            (Field.RAM, limits.ram_max_bytes, board.ram_bytes),
        ):
            if limit is not None and has and limit > has:
                kind = field.name.lower() if field is Field.FLASH else "RAM"
                asker.ask(
                    field.value,
                    f"{limit / 1024:,.0f} KB of {kind} are allowed, but {code(board.name)} has "
                    f"{has / 1024:,.0f} KB.",
                    "Lower the limit, leave it out, or name a larger board.",
                    f"{max(1, has // 1024)} KB",
                )


def _read(
    field: Field, answers: Mapping[Field, str], parse: Callable[[str], T], asker: Asker
) -> T | None:
    text = answers.get(field, "")
    if is_empty_answer(text) or text.strip().lower() in _NO_LIMIT:
        return None
    try:
        return parse(text)
    except ValueError as error:
        asker.ask(field.value, str(error), "Write one number with its unit.", EXAMPLES[field])
        return None
