"""What deliveries are heeded for, from whom, and why one is not."""

from __future__ import annotations

from dataclasses import dataclass

from bot.events.event import Place, Sender
from bot.events.payload import Payload


@dataclass(frozen=True, slots=True)
class Ignored:
    """A delivery that asks for nothing; `reason` is one sentence for whoever reads it at GitHub."""

    reason: str


@dataclass(frozen=True, slots=True)
class Heeded:
    """What deliveries are heeded for.

    Attributes:
        label: on an issue it asks for work; compared as GitHub does, without regard to case.
        own_login: under which the service writes, where that is no App; empty: not known.
    """

    label: str
    own_login: str = ""


def sender_of(payload: Payload) -> Sender:
    """Return who caused a delivery; whoever is not said to be a user counts as a bot."""
    account = payload.sub("sender")
    login = account.login("login")
    kind = account.word("type")
    return Sender(
        login=login, id=account.number("id"), is_bot=kind != "User" or login.endswith("[bot]")
    )


def place_of(payload: Payload, about: str) -> Place:
    """Return where it happened; `about` is the key of the issue or pull request."""
    return Place(
        repository=payload.sub("repository").repository("full_name"),
        installation_id=installation_of(payload),
        number=payload.sub(about).number("number"),
    )


def installation_of(payload: Payload) -> int | None:
    """Return the App's installation; None where a repository's own webhook delivers."""
    return payload.sub("installation").number("id") if payload.has("installation") else None


def unheard(sender: Sender, heeded: Heeded) -> Ignored | None:
    """Return why nobody listens to a sender; None where somebody does."""
    if sender.is_bot:
        return Ignored("It comes from a bot.")
    if heeded.own_login and sender.login.lower() == heeded.own_login.lower():
        return Ignored("It comes from this service itself.")
    return None
