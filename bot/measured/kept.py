"""Kept: the judgement that a comment carries within it, so that later boards can join earlier ones.

Whoever may edit the comment can change it; what is read back is checked like anything else, and
decides nothing but what the comment shows.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib

from pydantic import ValidationError

from bot.measured.judgement import BOARDS_MAX, BoardJudgement, Judgement, Verdict
from bot.rendering.text import Markdown

_MAX_BYTES = 4 * 1024 * 1024
_KEPT = re.compile(r"^<!-- boardwright:bench=([A-Za-z0-9+/=]{1,60000}) -->$", re.MULTILINE)
_NOT_MEASURED = (Verdict.INFRASTRUCTURE, Verdict.MISSING)


def keep(judgement: Judgement) -> Markdown:
    """Return a hidden line that holds a judgement."""
    packed = zlib.compress(judgement.model_dump_json(exclude_defaults=True).encode(), 9)
    return Markdown(f"<!-- boardwright:bench={base64.b64encode(packed).decode()} -->")


def kept(body: str) -> Judgement | None:
    """Return the judgement that a comment holds; None where there is none that can be read."""
    found = _KEPT.search(body)
    if found is None:
        return None
    try:
        unpacker = zlib.decompressobj()
        text = unpacker.decompress(base64.b64decode(found[1], validate=True), _MAX_BYTES)
        return Judgement.model_validate_json(text)
    except (binascii.Error, zlib.error, ValidationError, ValueError):
        return None


def joined(before: Judgement | None, now: Judgement) -> Judgement:
    """Return what is known of a commit after boards were measured, some of them again.

    Of two measurements of a board the later run counts. One that came to nothing takes no figures
    away, and is told of beside them.
    """
    if before is None or (before.commit, before.project) != (now.commit, now.project):
        return now
    boards = {board.board: board for board in before.boards}
    for board in now.boards:
        there = boards.get(board.board)
        boards[board.board] = board if there is None else _later(there, board)
    built = tuple(name for name in now.built if name not in boards)
    latest = tuple(boards.values())[-BOARDS_MAX:]
    return now.model_copy(update={"boards": latest, "built": built})


def _later(one: BoardJudgement, other: BoardJudgement) -> BoardJudgement:
    earlier, later = sorted((one, other), key=lambda board: board.run)
    if later.verdict in _NOT_MEASURED and earlier.verdict not in _NOT_MEASURED:
        if later.verdict is Verdict.MISSING:
            return earlier
        said = f"A later run came to nothing: {later.reason}"
        return earlier.model_copy(update={"reason": said[:1_000]})
    if later.verdict is Verdict.MISSING and earlier.verdict is Verdict.INFRASTRUCTURE:
        return earlier
    return later
