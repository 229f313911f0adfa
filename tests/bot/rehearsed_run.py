"""Run all stages in a process that may be killed: started by test_pipeline.py.

Prints one line for each event, and at the end what the proposal holds, but for what a clock says.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from bot.authors.template_author import TemplateAuthor
from bot.evidence import Evidence, Stage
from bot.pipeline import run_stages
from bot.proposal import Proposal
from tests.bot import small_project


def say(*words: object) -> None:
    """Write one line, at once: who reads may kill this process right after it."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


class Printing:
    """Prints events as they happen."""

    def stage_started(self, stage: Stage) -> None:
        say("started", stage.value)

    def stage_finished(
        self, stage: Stage, evidence: Sequence[Evidence], seconds: float, resumed: bool
    ) -> None:
        say("resumed" if resumed else "finished", stage.value)

    def advanced(self, what: str, done: int, total: int) -> None:
        say("advanced", what, done)

    def note(self, text: str) -> None:
        say("note", text)


def content_of(proposal: Proposal) -> dict[str, str]:
    """Return a hash of each part of a proposal that must not depend on when it was made."""
    evidence = [e.model_dump(mode="json") for e in proposal.evidence]
    reports = [r.model_dump(mode="json", exclude={"samples_per_second"}) for r in proposal.reports]
    figures = proposal.figures
    assert figures is not None
    parts = {
        **{f"file {name}": content for name, content in proposal.files.items()},
        "evidence": json.dumps(evidence, sort_keys=True).encode(),
        "reports": json.dumps(reports, sort_keys=True).encode(),
        "scores": figures.int8_scores.tobytes() + figures.float_scores.tobytes(),
        "rest": repr((proposal.authored, proposal.tried, proposal.tools)).encode(),
        "inputs": json.dumps(dict(proposal.inputs_sha256), sort_keys=True).encode(),
    }
    return {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}


def main() -> None:
    """Run in the folder that the first argument names."""
    goal = small_project.goal()
    proposal = run_stages(
        goal,
        small_project.records(),
        workdir=Path(sys.argv[1]),
        author=TemplateAuthor(goal.task),
        progress=Printing(),
        sandbox=small_project.RehearsedSandbox(),
    )
    say("proposal", json.dumps(content_of(proposal), sort_keys=True))


if __name__ == "__main__":
    main()
