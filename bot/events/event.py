"""Event: the typed fact in a delivery. Travels as JSON, so each is a frozen pydantic model."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bot.frozen import Frozen


class Place(Frozen):
    """Where it happened: an issue or pull request of a repository."""

    repository: str = Field(description="owner/name")
    installation_id: int | None
    number: int


class Sender(Frozen):
    """Who caused it, as GitHub says; what they may do is asked of GitHub."""

    login: str
    id: int
    is_bot: bool


class Labelled(Frozen):
    """An issue got the label that asks for work, or was opened with it."""

    kind: Literal["labelled"] = "labelled"
    place: Place
    sender: Sender
    title: str = Field(description="as it stood then")
    body: str


class Commanded(Frozen):
    """A comment that begins with `/boardwright`."""

    kind: Literal["commanded"] = "commanded"
    place: Place
    sender: Sender
    on_pull: bool
    comment_id: int
    command: str = Field(description="the comment's body, as it stood then")
    title: str = Field(description="of the issue or pull request, as it stood then")
    body: str


class Commented(Frozen):
    """Any other comment on an issue: an answer, where one is awaited."""

    kind: Literal["commented"] = "commented"
    place: Place
    sender: Sender
    on_pull: bool
    comment_id: int
    text: str


class Reviewed(Frozen):
    """A review of a pull request was submitted."""

    kind: Literal["reviewed"] = "reviewed"
    place: Place
    sender: Sender
    review_id: int
    state: str
    head_branch: str


class Closed(Frozen):
    """An issue or pull request was closed; of a merged pull request `merged` is true."""

    kind: Literal["closed"] = "closed"
    place: Place
    sender: Sender
    is_pull: bool
    merged: bool
    head_branch: str = Field(description="of a pull request; else empty")


class Rerun(Frozen):
    """Somebody pressed "Re-run" at a check run of ours."""

    kind: Literal["rerun"] = "rerun"
    repository: str
    installation_id: int | None
    sender: Sender
    key: str = Field(description="the check run's external_id; empty: all checks of the commit")
    head_sha: str
    branch: str = Field(default="", description="that the commit is the head of; empty: not known")


class Measured(Frozen):
    """A run of the bench's workflow, as the default branch has it, came to its end."""

    kind: Literal["measured"] = "measured"
    repository: str
    installation_id: int | None
    run: int
    url: str
    conclusion: str = Field(default="", description="as GitHub says it, such as 'cancelled'")
    commit: str = Field(default="", description="that was to be measured; empty: not known")


class Withdrawn(Frozen):
    """Repositories are no longer ours to work in: uninstalled, suspended, removed, deleted,
    transferred, archived; or renamed, or made private, which changes what may be shown."""

    kind: Literal["withdrawn"] = "withdrawn"
    repositories: tuple[str, ...] = Field(description="empty: all of the installation")
    installation_id: int | None
    reason: str = Field(description="for people, such as 'the app was uninstalled'")
    now: str = Field(default="", description="its name, where issues can still be written to")


Event = Annotated[
    Labelled | Commanded | Commented | Reviewed | Closed | Rerun | Measured | Withdrawn,
    Field(discriminator="kind"),
]
EVENT: TypeAdapter[Event] = TypeAdapter(Event)
