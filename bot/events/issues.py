"""Issues and their comments, as events."""

from __future__ import annotations

import re

from bot.events.event import Closed, Commanded, Commented, Event, Labelled, Sender
from bot.events.heeded import Heeded, Ignored, place_of, unheard
from bot.events.payload import Payload
from bot.events.slash import is_command

# Where `bot.rendering.marker` puts it: at the beginning of a line, so never inside a quotation.
OUR_MARKER = re.compile(r"^<!-- boardwright:", re.MULTILINE)


def issue(action: str, sender: Sender, payload: Payload, heeded: Heeded) -> Event | Ignored:
    """Read what happened to an issue."""
    if action in ("closed", "deleted", "transferred"):
        return Closed(
            place=place_of(payload, "issue"),
            sender=sender,
            is_pull=False,
            merged=False,
            head_branch="",
        )
    if action not in ("opened", "labeled"):
        return Ignored(f"Nothing is done about an issue that was {action}.")
    issue = payload.sub("issue")
    labels = issue.each("labels") if action == "opened" else (payload.sub("label"),)
    if heeded.label.lower() not in (label.word("name").lower() for label in labels):
        return Ignored(f"It is not about the label {heeded.label}.")
    if issue.word("state") != "open":
        return Ignored("The issue is closed.")
    return unheard(sender, heeded) or Labelled(
        place=place_of(payload, "issue"),
        sender=sender,
        title=issue.text("title"),
        body=issue.text("body"),
    )


def issue_comment(action: str, sender: Sender, payload: Payload, heeded: Heeded) -> Event | Ignored:
    """Read what was said about an issue or pull request."""
    if action != "created":
        return Ignored(f"Nothing is done about a comment that was {action}.")
    place, issue, comment = place_of(payload, "issue"), payload.sub("issue"), payload.sub("comment")
    on_pull, comment_id, said = (
        issue.has("pull_request"),
        comment.number("id"),
        comment.text("body"),
    )
    title, body = issue.text("title"), issue.text("body")
    if OUR_MARKER.search(said):
        return Ignored("The comment is one of this service.")
    if (ignored := unheard(sender, heeded)) is not None:
        return ignored
    if not is_command(said):
        return Commented(
            place=place, sender=sender, on_pull=on_pull, comment_id=comment_id, text=said
        )
    return Commanded(
        place=place,
        sender=sender,
        on_pull=on_pull,
        comment_id=comment_id,
        command=said,
        title=title,
        body=body,
    )
