"""The comment on what a bench measured of one commit, and the check run of each board."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.measured.judgement import BoardJudgement, Judgement
from bot.measured.kept import keep
from bot.rendering import bench_views as views
from bot.rendering.environment import render_text
from bot.rendering.marker import BODY_MAX_CHARACTERS, marker
from bot.rendering.text import Markdown, code, inline

_GROUPS_MAX, _CLASSES_MAX = 8, 64
_URL = re.compile(r"https?://[\w.:/-]{1,300}")


BENCH_MARKERS = "<!-- boardwright:key=bench/"
"""How the first line of each comment on a commit begins."""

NOTHING = "### ⚠️ Nothing was measured"
"""The heading of a comment on a commit that the bench did not measure."""


@dataclass(frozen=True, slots=True)
class _Size:
    """How much is shown, until all of it fits."""

    text: int
    matrices: bool
    methods: bool
    is_kept: bool


_SIZES = (
    _Size(600, matrices=True, methods=True, is_kept=True),
    _Size(200, matrices=False, methods=True, is_kept=True),
    _Size(120, matrices=False, methods=False, is_kept=True),
    _Size(80, matrices=False, methods=False, is_kept=False),
)


@dataclass(frozen=True, slots=True)
class Nothing:
    """A run of the bench that came to nothing.

    Attributes:
        commit: that was to be measured.
        run: its id.
        how: it ended, such as "was cancelled".
        url: of the run.
    """

    commit: str
    run: int
    how: str
    url: str


@dataclass(frozen=True, slots=True)
class CheckText:
    """What a check run says."""

    title: str
    summary: str
    text: str


def comment_marker(commit: str) -> Markdown:
    """Return the hidden marker of the one comment about a commit."""
    return marker("bench", commit)


def bench_comment(judgement: Judgement, run_url: str = "", later: Nothing | None = None) -> str:
    """Return the comment, Markdown of less than 65,536 characters.

    Args:
        judgement: what is known of the commit.
        run_url: of the run that measured last.
        later: a run after it.
    """
    also = {"note": _note(later) if later else ""}
    for size in _SIZES:
        text = render_text("bench_comment.md.jinja", _values(judgement, run_url, size) | also)
        if len(text) < BODY_MAX_CHARACTERS:
            return text
    raise AssertionError("a text of bounded parts is longer than their sum")


def nothing_comment(nothing: Nothing) -> str:
    """Return the comment on a commit of which nothing was measured."""
    values = {
        "marker": comment_marker(nothing.commit),
        "heading": Markdown(NOTHING),
        "note": _note(nothing),
        "again": code("/boardwright measure BOARD"),
        "commit": code(nothing.commit[:10]),
    }
    return render_text("bench_nothing.md.jinja", values)


def says_nothing(body: str) -> bool:
    """Say whether a comment is one of `nothing_comment`."""
    return NOTHING in body


def _note(nothing: Nothing) -> Markdown:
    linked = f"[run]({nothing.url})" if _URL.fullmatch(nothing.url) else "run"
    return Markdown(f"A {linked} that was to measure this commit {nothing.how}.")


def board_check(judgement: Judgement, board: BoardJudgement, run_url: str = "") -> CheckText:
    """Return what the check run of one board says."""
    only = judgement.model_copy(update={"boards": (board,), "built": ()})
    values = _values(only, run_url, _SIZES[0])
    summary = render_text("bench_check.md.jinja", values)
    text = render_text("bench_folded.md.jinja", values | {"folded": False})
    return CheckText(views.title(board), summary, text)


def _values(judgement: Judgement, run_url: str, size: _Size) -> dict[str, object]:
    boards = judgement.boards
    groups = views.alike(tuple(board for board in boards if board.recalls))[:_GROUPS_MAX]
    matrices = [(names, board) for names, board in groups if board.confusion and size.matrices]
    return {
        "marker": comment_marker(judgement.commit),
        "kept": keep(judgement) if size.is_kept else "",
        "mark": "✅" if judgement.is_good else "❌" if judgement.wanting else "⚠️",
        "line": Markdown(judgement.line),
        "rows": [views.row(board) for board in boards],
        "asked": views.limit_row(boards),
        "energy": any(board.energy for board in boards),
        "against": [
            (views.mark_of(board), code(board.board, 60), claim)
            for board in boards
            for claim in views.against(board, size.text)
        ],
        "built": Markdown(", ".join(code(name, 60) for name in _built(judgement)[:16])),
        "folded": True,
        "recalled": [names for names, _ in groups],
        "classes": views.class_lines(judgement, [board for _, board in groups])[:_CLASSES_MAX],
        "labels": views.labels_of(judgement),
        "matrices": [(names, _cells(board)) for names, board in matrices],
        "methods": [views.methods(board, size.text) for board in boards if size.methods],
        "commit": code(judgement.commit[:10]),
        "base": code(judgement.base_commit[:10]) if judgement.base_commit else "",
        "project": inline(judgement.project, 80),
        "run": Markdown(run_url if _URL.fullmatch(run_url) else ""),
        "again": code(f"/boardwright measure {boards[0].board if boards else 'BOARD'}", 90),
    }


def _built(judgement: Judgement) -> tuple[str, ...]:
    """Return the boards that only the build ran; a process of its machine is none."""
    return tuple(name for name in judgement.built if name != "host")


def _cells(board: BoardJudgement) -> list[list[Markdown]]:
    return [[Markdown(str(count) if count else "·") for count in row] for row in board.confusion]
