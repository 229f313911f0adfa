"""Workflow runs that came to their end, as events."""

from __future__ import annotations

import re

from bot.events.event import Event, Measured, Sender
from bot.events.heeded import Heeded, Ignored, installation_of
from bot.events.payload import Payload
from bot.measured.workflow import FOLDER, TRUSTED_EVENTS, WORKFLOWS

_NAMED = re.compile(r"Boardwright measure ([0-9a-f]{40})")
"""The name of a run, as workflows/measure.yml has it."""
_PATHS = tuple(f"{FOLDER}/{name}" for name in WORKFLOWS)


def workflow_run(action: str, _: Sender, payload: Payload, __: Heeded) -> Event | Ignored:
    """Read that a bench measured.

    Only the repository's own workflow counts, of the file that we name, in the default branch's
    version: what another branch or a fork says that a board measured is nobody's word but theirs.
    """
    if action != "completed":
        return Ignored(f"Nothing is done about a workflow run that was {action}.")
    run, repository = payload.sub("workflow_run"), payload.sub("repository")
    if run.text("path").partition("@")[0] not in _PATHS:
        return Ignored("The workflow is none of a bench.")
    here = repository.number("id")
    if not run.has("head_repository") or run.sub("head_repository").number("id") != here:
        return Ignored("The workflow run is of a fork.")
    event = run.word("event")
    if event not in TRUSTED_EVENTS:
        return Ignored("The workflow was not started in a way that a bench is.")
    # For `pull_request_target` GitHub names the pull request's branch, and runs the default one's.
    own = run.text("head_branch") == repository.branch("default_branch")
    if not own and event != "pull_request_target":
        return Ignored("The workflow run is not of the default branch.")
    named = _NAMED.fullmatch(run.text("display_title").strip())
    return Measured(
        repository=repository.repository("full_name"),
        installation_id=installation_of(payload),
        run=run.number("id"),
        url=run.text("html_url"),
        conclusion=run.word("conclusion") if run.has("conclusion") else "",
        commit=named[1] if named else "",
    )
