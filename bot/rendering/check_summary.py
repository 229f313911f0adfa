"""The summary of a check run: the verdict, what stands against it, and every claim."""

from __future__ import annotations

from bot.proposal import Proposal
from bot.rendering import views
from bot.rendering.environment import render_text
from bot.rendering.verdict import judge

# Source: GitHub REST, "Create a check run", output.summary: at most 65535 characters.
SUMMARY_MAX_CHARACTERS = 65_535
_SIZES = ((200, 300), (60, 160), (15, 80), (5, 80))


def check_summary(proposal: Proposal) -> str:
    """Return Markdown of at most 65,535 characters."""
    verdict = judge(proposal)
    for rows, at_most in _SIZES:
        broken = (*verdict.failed_runs, *verdict.broken_runs, *verdict.left_runs)[:rows]
        text = render_text(
            "check_summary.md.jinja",
            {
                "verdict": verdict,
                "missed": views.claim_rows(verdict.missed[:rows], at_most),
                "missed_left_out": max(0, len(verdict.missed) - rows),
                "tried": proposal.tried[:rows] if verdict.missed else (),
                "unproven": views.claim_rows(verdict.unproven[:rows], at_most),
                "unproven_left_out": max(0, len(verdict.unproven) - rows),
                "broken": [views.board_row(r, proposal.figures, at_most) for r in broken],
                "absent_boards": verdict.absent_boards[:rows],
                "rows": views.claim_rows(proposal.evidence[:rows], at_most),
                "left_out": max(0, len(proposal.evidence) - rows),
            },
        )
        if len(text) <= SUMMARY_MAX_CHARACTERS:
            return text
    raise AssertionError("a text of bounded parts is longer than their sum")
