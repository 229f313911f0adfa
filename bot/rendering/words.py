"""Words for outcomes: the same in the terminal, in the pull request and in the model card."""

from __future__ import annotations

from bot.evidence import Evidence, Outcome, Relation
from hardware_runner.report import RunOutcome

RUN_WORDS = {
    RunOutcome.PASS: "ran",
    RunOutcome.FAIL: "wrong answers",
    RunOutcome.INFRASTRUCTURE: "board or machine failed",
    RunOutcome.SKIPPED: "not run",
}
REPORTED = "reported"
_WORDS = {
    Outcome.PASS: "met",
    Outcome.FAIL: "missed",
    Outcome.INFRASTRUCTURE: "not proven",
    Outcome.SKIPPED: "not proven",
}


def limited(evidence: Evidence) -> bool:
    """Tell whether a claim has a limit that its value is held against."""
    return evidence.limit is not None and evidence.relation is not Relation.NONE


def outcome_word(evidence: Evidence) -> str:
    """Return 'met', 'missed', 'not proven', or 'reported' for a figure without a limit."""
    if evidence.outcome is Outcome.PASS and not limited(evidence):
        return REPORTED
    return _WORDS[evidence.outcome]
