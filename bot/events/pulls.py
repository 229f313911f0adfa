"""Pull requests and their reviews, as events."""

from __future__ import annotations

from bot.events.event import Closed, Event, Reviewed, Sender
from bot.events.heeded import Heeded, Ignored, place_of, unheard
from bot.events.payload import Payload


def _own_branch(payload: Payload) -> str | None:
    """Return the branch of a pull request; None where it is one of another repository.

    Whoever forks a repository may name a branch as the service does.
    """
    head = payload.sub("pull_request").sub("head")
    if not head.has("repo"):
        return None
    same = head.sub("repo").number("id") == payload.sub("repository").number("id")
    return head.branch("ref") if same else None


def pull(action: str, sender: Sender, payload: Payload, _: Heeded) -> Event | Ignored:
    """Read what happened to a pull request."""
    if action != "closed":
        return Ignored(f"Nothing is done about a pull request that was {action}.")
    branch = _own_branch(payload)
    if branch is None:
        return Ignored("The pull request comes from a fork.")
    return Closed(
        place=place_of(payload, "pull_request"),
        sender=sender,
        is_pull=True,
        merged=payload.sub("pull_request").truth("merged"),
        head_branch=branch,
    )


def review(action: str, sender: Sender, payload: Payload, heeded: Heeded) -> Event | Ignored:
    """Read that a pull request was reviewed."""
    if action != "submitted":
        return Ignored(f"Nothing is done about a review that was {action}.")
    branch = _own_branch(payload)
    if branch is None:
        return Ignored("The pull request comes from a fork.")
    review = payload.sub("review")
    return unheard(sender, heeded) or Reviewed(
        place=place_of(payload, "pull_request"),
        sender=sender,
        review_id=review.number("id"),
        state=review.word("state").lower(),
        head_branch=branch,
    )
