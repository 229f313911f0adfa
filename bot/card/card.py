"""The model card of a project: README.md, with the plots that it shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from bot.card import data, model, plots
from bot.card.layers import layer_table
from bot.proposal import Figures, Proposal
from bot.rendering import measures, verdict, views
from bot.rendering.environment import render_text
from bot.rendering.spent import asked_rows, asked_total
from bot.rendering.text import Markdown, code, file_name
from hardware_runner.report import RunOutcome


def render_card(proposal: Proposal) -> dict[str, bytes]:
    """Return README.md and its plots, by path relative to the project folder."""
    card = {"README.md": card_text(proposal).encode()}
    if proposal.figures is not None:
        _, answers = _answers(proposal, proposal.figures)
        card |= plots.draw(proposal.goal.labels, proposal.figures, answers)
    return card


def card_text(proposal: Proposal) -> str:
    """Return the text of the model card, Markdown."""
    return render_text("card.md.jinja", _values(proposal))


def _values(proposal: Proposal) -> dict[str, object]:
    found = verdict.judge(proposal)
    figures = proposal.figures
    answered_by, answers = _answers(proposal, figures) if figures else (Markdown(""), np.array([]))
    return {
        "goal": proposal.goal,
        "verdict": found,
        "missed": views.claim_rows(found.missed),
        "missed_left_out": 0,
        "tried": proposal.tried if found.missed else (),
        "unproven": views.claim_rows(found.unproven),
        "unproven_left_out": 0,
        "broken": [
            views.board_row(r, figures)
            for r in (*found.failed_runs, *found.broken_runs, *found.left_runs)
        ],
        "absent_boards": found.absent_boards,
        "asked": views.claim_rows(found.asked),
        "boards": [views.board_row(r, figures) for r in proposal.reports],
        "board_names": [
            Markdown(file_name(r.board))
            for r in proposal.reports
            if r.outcome is not RunOutcome.SKIPPED
        ],
        "held_out": len(figures.truth) if figures else 0,
        "data_facts": data.data_facts(proposal),
        "model_facts": model.model_facts(proposal),
        "layers": layer_table(proposal.files.get("model.tflite", b""), proposal.reports),
        "figures": figures is not None,
        "answered_by": answered_by,
        "classes": views.class_rows(proposal, answers, proposal.training),
        "quantised": measures.quantised(figures) if figures else None,
        "caveats": model.caveats(proposal),
        "authored": proposal.authored,
        "authored_left_out": 0,
        "model_calls": asked_rows(proposal.asked),
        "model_total": asked_total(proposal.asked),
        "model_calls_left_out": 0,
        "claims": views.claim_rows(proposal.evidence),
        "tools": sorted(proposal.tools.items()),
    }


def _answers(proposal: Proposal, figures: Figures) -> tuple[Markdown, npt.NDArray[np.int64]]:
    """Return who answered and what: the first board that is not the host, else the host."""
    for report in proposal.reports:
        answers = figures.board_predictions.get(report.board)
        complete = answers is not None and len(answers) == len(figures.truth)
        if answers is not None and complete and report.verified in ("hardware", "emulator"):
            return Markdown(f"board {code(report.board)}"), answers
    return Markdown("the compiled model on the host"), measures.host_predictions(figures)
