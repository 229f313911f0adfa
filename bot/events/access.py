"""What changes where the service may work, as events."""

from __future__ import annotations

from bot.events.event import Event, Sender, Withdrawn
from bot.events.heeded import Heeded, Ignored, installation_of
from bot.events.payload import Payload


def repository(action: str, _: Sender, payload: Payload, __: Heeded) -> Event | Ignored:
    """Read what happened to a repository."""
    reasons = {
        "deleted": "the repository was deleted",
        "archived": "the repository was archived",
        "privatized": "the repository was made private",
        "renamed": "the repository was renamed",
        "transferred": "the repository was given to another owner",
    }
    if action not in reasons:
        return Ignored(f"Nothing is done about a repository that was {action}.")
    repository = payload.sub("repository").repository("full_name")
    owner, _slash, name = repository.partition("/")
    if action == "renamed":  # known here by the name that it had
        name = payload.sub("changes").sub("repository").sub("name").word("from")
    if action == "transferred":
        before = payload.sub("changes").sub("owner").sub("from")
        owner = before.sub("user" if before.has("user") else "organization").login("login")
    known = Payload({"full_name": f"{owner}/{name}"}, "changes").repository("full_name")
    return Withdrawn(
        repositories=(known,),
        installation_id=installation_of(payload),
        reason=reasons[action],
        now=repository if action in ("privatized", "renamed") else "",
    )


def app(action: str, _: Sender, payload: Payload, __: Heeded) -> Event | Ignored:
    """Read what happened to an installation of the App."""
    reasons = {"deleted": "the app was uninstalled", "suspend": "the app was suspended"}
    if action not in reasons:
        return Ignored(f"Nothing is done about an installation at its {action}.")
    number = payload.sub("installation").number("id")
    return Withdrawn(repositories=(), installation_id=number, reason=reasons[action])


def app_repositories(action: str, _: Sender, payload: Payload, __: Heeded) -> Event | Ignored:
    """Read which repositories were taken from the App."""
    removed = tuple(item.repository("full_name") for item in payload.each("repositories_removed"))
    if action != "removed" or not removed:  # none would mean: all of them
        return Ignored("No repository was taken from the app.")
    number = payload.sub("installation").number("id")
    reason = "the app was taken out of the repository"
    return Withdrawn(repositories=removed, installation_id=number, reason=reason)
