"""Check runs that somebody wants again, as events."""

from __future__ import annotations

from bot.events.event import Event, Rerun, Sender
from bot.events.heeded import Heeded, Ignored, installation_of, unheard
from bot.events.payload import Payload
from bot.measured.workflow import AGAIN


def check_run(action: str, sender: Sender, payload: Payload, heeded: Heeded) -> Event | Ignored:
    """Read that one check is wanted again, by GitHub's own button or by ours."""
    if action == "requested_action":
        identifier = payload.sub("requested_action").text("identifier")
        if identifier != AGAIN:
            return Ignored("The button is none of this service.")
    elif action != "rerequested":
        return Ignored(f"Nothing is done about a check run that was {action}.")
    run = payload.sub("check_run")
    key, head_sha = run.text("external_id"), run.word("head_sha")
    if not key:
        return Ignored("The check run is none of this service.")
    return unheard(sender, heeded) or Rerun(
        repository=payload.sub("repository").repository("full_name"),
        installation_id=installation_of(payload),
        sender=sender,
        key=key,
        head_sha=head_sha,
    )


def check_suite(action: str, sender: Sender, payload: Payload, heeded: Heeded) -> Event | Ignored:
    """Read that all checks of a commit are wanted again; GitHub tells only the App they are of."""
    if action != "rerequested":
        return Ignored(f"Nothing is done about a check suite that was {action}.")
    suite = payload.sub("check_suite")
    return unheard(sender, heeded) or Rerun(
        repository=payload.sub("repository").repository("full_name"),
        installation_id=installation_of(payload),
        sender=sender,
        key="",
        head_sha=suite.word("head_sha"),
        branch=suite.branch("head_branch") if suite.has("head_branch") else "",
    )
