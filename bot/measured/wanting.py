"""Wanting: what a bench found wrong, as a remark for whoever writes the files."""

from __future__ import annotations

from collections.abc import Iterator

from bot.measured.judgement import BoardJudgement, Judgement, Kind, State, Verdict
from bot.rendering.numbers import number
from bot.rendering.text import plain

SMALLER, LARGER = "Make the network smaller.", "Make the network larger."
"""As `bot.work.sizes` understands them."""
_CLASSES_MAX, _REASON_MAX = 5, 400
_DEAR = (Kind.TIME, Kind.INSTRUCTIONS, Kind.FLASH, Kind.RAM)


def remark(judgement: Judgement) -> str:
    """Return what is to be mended, in plain sentences; empty where nothing is.

    What boards said themselves is quoted in one line without characters that nobody sees.
    """
    lines = [line for board in judgement.wanting for line in _of_board(judgement, board)]
    if not lines:
        return ""
    wish = _wish(judgement)
    return "\n".join(["Measured on the bench:", *lines, *([wish] if wish else [])])


def _of_board(judgement: Judgement, board: BoardJudgement) -> Iterator[str]:
    for figure in board.figures:
        if figure.state is State.MISSED and figure.value is not None and figure.limit is not None:
            value, limit = number(round(figure.value, 2)), number(round(figure.limit, 2))
            yield (
                f"- {board.board}: {figure.kind.value} is {value} {figure.unit}, the limit is "
                f"{figure.relation.value} {limit} {figure.unit}"
            )
            if figure.kind is Kind.ACCURACY:
                yield from _weakest(judgement, board)
    if board.verdict is Verdict.DISAGREES and board.same is not None:
        yield (
            f"- {board.board}: {number(board.samples - board.same)} of {number(board.samples)} "
            "samples are answered otherwise than on the host, so features.c or app.c compute "
            "differently on the part: undefined behaviour, float width, alignment, or state"
        )
    if board.verdict is Verdict.FAILED:
        yield f"- {board.board}: the firmware failed: {plain(board.reason)[:_REASON_MAX]}"


def _weakest(judgement: Judgement, board: BoardJudgement) -> Iterator[str]:
    found = [
        (recall.recognised / recall.held_out, judgement.labels[index], recall)
        for index, recall in enumerate(board.recalls)
        if recall.recognised < recall.held_out
    ]
    for _, label, recall in sorted(found, key=lambda one: one[:2])[:_CLASSES_MAX]:
        right = f"{number(recall.recognised)} of {number(recall.held_out)}"
        yield f"- {board.board}: class {plain(label)[:60]}: {right} recognised"


def _wish(judgement: Judgement) -> str:
    """Return the size of network that would help; empty where that is not clear."""
    if any(board.verdict is not Verdict.MISSED for board in judgement.wanting):
        return ""
    missed = {
        figure.kind
        for board in judgement.wanting
        for figure in board.figures
        if figure.state is State.MISSED
    }
    dear, weak = missed & set(_DEAR), Kind.ACCURACY in missed
    return "" if bool(dear) == weak else SMALLER if dear else LARGER
