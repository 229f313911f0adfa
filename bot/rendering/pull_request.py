"""The text of a pull request: verdict first, what is against it, figures, how to review."""

from __future__ import annotations

from bot.forge import Origin
from bot.proposal import Proposal
from bot.rendering import views
from bot.rendering.environment import render_text
from bot.rendering.marker import BODY_MAX_CHARACTERS, marker
from bot.rendering.spent import asked_rows, asked_total
from bot.rendering.text import Markdown, code
from bot.rendering.verdict import Verdict, judge
from hardware_runner.report import RunOutcome

# Rows of a table and escaped characters of a text, from generous to what fits whatever is in it.
_SIZES = ((200, 400), (60, 160), (15, 80), (5, 80))

_READING = {
    "README.md": "the model card: data, classes, limits of the claims",
    "features.c": "the only copy of the preprocessing; training and firmware both compile it",
    "app.c": "what the device does with a result",
    "train.py": "the model and how it is fitted",
    "convert.py": "the conversion to int8",
    "data.py": "how records become samples",
}


def pull_request(proposal: Proposal, origin: Origin, folder: str) -> str:
    """Return the text of the pull request, Markdown of at most 65,536 characters."""
    verdict = judge(proposal)
    named = {
        "marker": marker(origin.key),
        "folder": Markdown(folder),
        "closes": Markdown(f"#{origin.number}") if origin.number is not None else None,
    }
    for rows, at_most in _SIZES:
        values = _values(proposal, verdict, rows, at_most)
        text = render_text("pull_request.md.jinja", named | values)
        if len(text) <= BODY_MAX_CHARACTERS:
            return text
    raise AssertionError("a text of bounded parts is longer than their sum")


def _values(proposal: Proposal, verdict: Verdict, rows: int, at_most: int) -> dict[str, object]:
    figures = proposal.figures
    boards = [views.board_row(r, figures, at_most) for r in proposal.reports[:rows]]
    broken = (*verdict.failed_runs, *verdict.broken_runs, *verdict.left_runs)[:rows]
    return {
        "goal": proposal.goal,
        "verdict": verdict,
        "held_out": len(figures.truth) if figures else 0,
        "missed": views.claim_rows(verdict.missed[:rows], at_most),
        "missed_left_out": max(0, len(verdict.missed) - rows),
        "tried": proposal.tried[:rows] if verdict.missed else (),
        "unproven": views.claim_rows(verdict.unproven[:rows], at_most),
        "unproven_left_out": max(0, len(verdict.unproven) - rows),
        "broken": [views.board_row(r, figures, at_most) for r in broken],
        "absent_boards": verdict.absent_boards[:rows],
        "asked": views.claim_rows(verdict.asked[:rows], at_most),
        "asked_left_out": max(0, len(verdict.asked) - rows),
        "boards": boards,
        "review": _review(proposal),
        "authored": proposal.authored[:rows],
        "authored_left_out": max(0, len(proposal.authored) - rows),
        "model_calls": asked_rows(proposal.asked[:rows], at_most),
        "model_total": asked_total(proposal.asked),
        "model_calls_left_out": max(0, len(proposal.asked) - rows),
        "claims": views.claim_rows(proposal.evidence[:rows], at_most),
        "claims_in_all": len(proposal.evidence),
        "claims_left_out": max(0, len(proposal.evidence) - rows),
    }


def _review(proposal: Proposal) -> list[Markdown]:
    there = {"README.md", *proposal.files}
    steps = [Markdown(f"`{path}`: {why}") for path, why in _READING.items() if path in there]
    boards = [r.board for r in proposal.reports if r.outcome is RunOutcome.PASS]
    if boards:
        command = code(f"pytest --board {boards[-1]}")
        again = "builds the firmware and measures it again (`README.md` says what it needs)"
        steps.append(Markdown(f"In the folder, {command} {again}"))
    return steps
