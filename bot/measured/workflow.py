"""Workflow: which runs may say what a bench measured, and how a measurement is started.

`boardwright measure` runs in a workflow of the repository, as its default branch has it. A run of
any other file, of another branch's version, or of a fork says nothing here.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from bot.github.hub import Artifact, Hub, Missing, Refused

ARTIFACT = "boardwright-results"
WORKFLOWS = ("boardwright-measure.yml", "measure.yml")
"""Names of the file, the one that we propose first."""
CHECK_KEY = "board:"
"""How the keys of the boards' check runs begin; the board's name follows."""
AGAIN = "measure-again"
"""Identifies the button of such a check run."""
FOLDER = ".github/workflows"
TRUSTED_EVENTS = ("workflow_run", "workflow_dispatch", "pull_request_target")
"""Events for which GitHub runs the default branch's version of a workflow, or may do so.

For `workflow_dispatch` the run's branch tells. Source: GitHub Docs, "Events that trigger
workflows"; for `pull_request_target` GitHub's changelog of 7 November 2025.
"""
_FILE_MAX_BYTES = 256 * 1024


class Started(Enum):
    """What came of asking a bench for a measurement."""

    YES = "yes"
    NO_BENCH = "no bench"  # the repository has no such workflow
    NOT_ALLOWED = "not allowed"  # the App lacks the permission, or GitHub refuses


def artifact_of(hub: Hub, run: int) -> Artifact | None:
    """Return the newest results that a workflow run left; None where it left none."""
    found = [a for a in hub.artifacts(run) if a.name == ARTIFACT and not a.is_expired]
    return max(found, key=lambda artifact: artifact.id, default=None)


def start(hub: Hub, pull: int, commit: str, boards: Sequence[str]) -> Started:
    """Ask the bench for a measurement.

    Args:
        hub: the repository.
        pull: number of the pull request; 0 for the default branch.
        commit: head that is to be measured.
        boards: by name; empty for all that there is firmware for.
    """
    branch = hub.repository().default_branch
    workflow = next(filter(None, (_there(hub, name, branch) for name in WORKFLOWS)), None)
    if workflow is None:
        return Started.NO_BENCH
    inputs = {"pull": str(pull or ""), "commit": commit, "boards": " ".join(boards)}
    try:
        hub.dispatch(workflow, branch, inputs)
    except Missing:
        return Started.NO_BENCH
    except Refused:
        return Started.NOT_ALLOWED
    return Started.YES


def _there(hub: Hub, name: str, branch: str) -> str | None:
    path = f"{FOLDER}/{name}"
    return name if path in hub.read(path, branch, _FILE_MAX_BYTES) else None
