"""The comment on one board: what it answered, at what cost, and how sure that is."""

from __future__ import annotations

from bot.forge import Origin
from bot.proposal import Proposal
from bot.rendering import measures, views
from bot.rendering.environment import render_text
from bot.rendering.marker import marker
from bot.rendering.text import Markdown, file_name, inline
from hardware_runner.report import RunReport

_CLASSES_MAX = 64  # rows of the table of classes: the worst are kept
_MATRIX_MAX = 16  # classes up to which the confusion matrix is readable as a table


def board_comment(proposal: Proposal, report: RunReport, origin: Origin) -> str:
    """Return the comment on a board's report, Markdown well below GitHub's 65,536 characters."""
    figures = proposal.figures
    answers = figures.board_predictions.get(report.board) if figures else None
    labels = proposal.goal.labels
    rows: list[views.ClassRow] = []
    matrix: list[list[Markdown]] = []
    if figures is not None and answers is not None and len(answers):
        rows = views.class_rows(proposal, answers, {})
        if len(rows) > _CLASSES_MAX:
            rows = sorted(rows, key=lambda r: r.recognised / max(1, r.held_out))[:_CLASSES_MAX]
        if len(labels) <= _MATRIX_MAX:
            counts = measures.confusion(figures.truth, answers, len(labels))
            matrix = [[Markdown(str(c) if c else "·") for c in row] for row in counts]
    return render_text(
        "board_comment.md.jinja",
        {
            "marker": marker(origin.key, file_name(report.board)),
            "board": views.board_row(report, figures),
            "classes": rows,
            "labels": [inline(label, views.LABEL_MAX) for label in labels],
            "matrix": matrix,
            "tools": sorted(report.tools.items())[:20],
        },
    )
