"""The plan for people: what was understood, and what is going to be made, as Markdown lists."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise

from bot.authors.prompts import limit_words
from bot.authorship import Authorship
from bot.goal import Goal
from bot.llm.settings import Budget
from bot.plan import CONVOLUTION_BYTES, ModelSize, Plan
from bot.rendering.text import Markdown, code, inline
from bot.split import Split
from hardware_runner.board import Board
from hardware_runner.boards import find_board

_LABELS_SHOWN = 24
_NAME_MAX = 60


def understood_text(goal: Goal, sides: Split) -> str:
    """Return what a request was understood as."""
    return _listed(_understood(goal, sides))


def plan_text(goal: Goal, plan: Plan, authorship: Authorship, budget: Budget) -> str:
    """Return what is going to be made, by whom, and what it may cost."""
    return _listed((*_decisions(plan), *_authors(goal, authorship, budget)))


def _listed(lines: tuple[str, ...] | Iterator[str]) -> str:
    return "".join(f"{line}\n" for line in lines)


def _understood(goal: Goal, sides: Split) -> Iterator[str]:
    yield f"- **Task:** {goal.task.value}"
    counted = Counter((*sides.train.labels, *sides.test.labels))
    shown = ", ".join(
        f"{inline(label, _NAME_MAX)} ({counted[label]:,})" for label in goal.labels[:_LABELS_SHOWN]
    )
    more = len(goal.labels) - _LABELS_SHOWN
    yield f"- **{len(goal.labels)} classes**, with their records: {shown}" + (
        f", and {more} more" if more > 0 else ""
    )
    yield (
        f"- **Data:** {code(goal.data.uri)}, {len(sides.train.labels):,} records to learn from and "
        f"{len(sides.test.labels):,} held out to judge by"
    )
    yield f"- **Raw sample:** {_raw(goal)}"
    yield "- **Boards:** " + "; ".join(_board(name) for name in goal.boards)
    limits = limit_words(goal.limits)
    yield "- **Limits:** " + ("; ".join(limits) if limits else "none but those of the boards")


def _raw(goal: Goal) -> Markdown:
    shape = " x ".join(str(extent) for extent in goal.raw.shape)
    rate = f", {goal.raw.rate_hz:,} readings a second" if goal.raw.rate_hz else ""
    return Markdown(f"{shape} {goal.raw.dtype.value}, {inline(goal.raw.unit, 200)}{rate}")


def _board(name: str) -> str:
    board = find_board(name)
    if board.is_process:
        return f"{code(name)} ({inline(board.core)})"
    kib = 1024
    return (
        f"{code(name)} ({inline(board.core)}, {board.flash_bytes // kib:,} KB of flash, "
        f"{board.ram_bytes // kib:,} KB of RAM{_left(board)})"
    )


def _left(board: Board) -> str:
    """Say what a board leaves to a bench, in a plan's words; nothing where it runs here."""
    if board.runs_here:
        return ""
    if not board.is_built_here:
        return "; neither built nor run here: a project for it is exported"
    return "; built and weighed here, its run is a bench's"


def _decisions(plan: Plan) -> Iterator[str]:
    shape = " x ".join(str(extent) for extent in plan.feature_shape)
    yield f"- **Features**, {shape} values: {inline(plan.reasons[0])}"
    yield "- **Networks**, int8, in the order in which they are tried where a limit is missed:"
    for number, size in enumerate(_in_order(plan), start=1):
        yield f"  {number}. {_network(plan, size)}"
    for reason in plan.reasons[1:]:
        yield f"- It {inline(reason)}" if reason.startswith("begins") else f"- {inline(reason)}"
    yield f"- **Training:** {plan.epochs} epochs in batches of {plan.batch}, seed {plan.seed}"


def _in_order(plan: Plan) -> tuple[ModelSize, ...]:
    return (*plan.sizes[plan.begin :], *plan.sizes[: plan.begin][::-1])


def _network(plan: Plan, size: ModelSize) -> str:
    """Return what is known of a network before it is built; what it takes is measured later."""
    kind = "convolutions of" if size.strides else "hidden layers of"
    layers = f"{kind} {', '.join(map(str, size.widths))}" if size.widths else "one dense layer"
    flash = size.constant_bytes + (CONVOLUTION_BYTES if size.strides else 0)
    return (
        f"{size.name}: {layers}; {size.parameters:,} parameters, about {_kb(flash)} of flash, "
        f"at least {_kb(_arena(plan, size))} of RAM, {size.macs:,} multiply-accumulates an answer"
    )


def _arena(plan: Plan, size: ModelSize) -> int:
    """Return the bytes of the two neighbouring int8 activations that take most together."""
    extents = [plan.feature_count]
    if size.strides:
        height, width = plan.feature_shape[0], plan.feature_shape[1]
        for filters, stride in zip(size.widths, size.strides, strict=True):
            height, width = math.ceil(height / stride), math.ceil(width / stride)
            extents.append(height * width * filters)
    else:
        extents.extend(size.widths)
    return max((a + b for a, b in pairwise(extents)), default=extents[0])


def _kb(count: int) -> str:
    if count < 1024:
        return f"{count} bytes"
    return f"{count / 1024:.1f} KB" if count < 10 * 1024 else f"{count / 1024:,.0f} KB"


def _authors(goal: Goal, authorship: Authorship, budget: Budget) -> Iterator[str]:
    if authorship.model is None:
        yield (
            f"- **Written by** the templates for {goal.task.value}: no language model is set up, "
            "and it costs nothing"
        )
        return
    yield (
        f"- **Written by** {inline(authorship.name, 200)}; every file is checked before and after "
        f"it runs, and sent back at most {budget.max_repairs} times"
    )
    yield (
        f"- **Budget:** {_amount(budget.per_request_usd, budget.per_request_tokens)} for this "
        f"request, {_amount(budget.per_person_usd, budget.per_person_tokens)} a day for who asked"
    )


def _amount(usd: float, tokens: float) -> str:
    money = "no limit in money" if math.isinf(usd) else f"{usd:,.2f} USD"
    count = "any number of tokens" if math.isinf(tokens) else f"{tokens:,.0f} tokens"
    return f"{money} (where prices are unknown, {count})"
