"""What a job is started with, and what it is told while it runs; all of it travels as JSON."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

from pydantic import Field, JsonValue, TypeAdapter

from bot.frozen import Frozen
from bot.github.hub import Person
from bot.rendering.live import Phase


class Verb(Enum):
    """What a job is asked to do, as `bot.events.slash` reads it."""

    BUILD = "build"
    SMALLER = "smaller"
    LARGER = "larger"
    APPROVE = "approve"
    REVISE = "revise"
    MEASURE = "measure"
    CANCEL = "cancel"
    RETRY = "retry"


class Start(Frozen):
    """A job: the request as it stood when somebody who may asked for it."""

    repository: str
    installation_id: int | None
    number: int = Field(description="of the issue")
    person: Person
    delivery: str
    comment_id: int | None = Field(description="that asked; None: the issue itself did")
    title: str
    body: str
    on_pull: bool = Field(default=False, description="title and body are a pull request's")
    verb: Verb
    text: str = Field(default="", description="behind the verb")


class Commanded(Frozen):
    """Somebody who may gave a command."""

    kind: Literal["commanded"] = "commanded"
    person: Person
    delivery: str
    number: int = Field(description="of the issue or pull request that it stands at")
    on_pull: bool
    comment_id: int
    verb: Verb
    text: str
    title: str = Field(description="of where it stands, as it was then")
    body: str


class Answered(Frozen):
    """Somebody who may wrote a comment on the issue that is no command."""

    kind: Literal["answered"] = "answered"
    person: Person
    comment_id: int
    text: str


class Reviewed(Frozen):
    """Somebody who may submitted a review."""

    kind: Literal["reviewed"] = "reviewed"
    person: Person
    number: int
    review_id: int


class Closed(Frozen):
    """The issue or a pull request was closed."""

    kind: Literal["closed"] = "closed"
    login: str
    number: int
    is_pull: bool
    merged: bool


class Rerun(Frozen):
    """Somebody who may wants the evidence again."""

    kind: Literal["rerun"] = "rerun"
    person: Person
    delivery: str


class Measured(Frozen):
    """The bench measured the head of a pull request, or was to, and that was posted."""

    kind: Literal["measured"] = "measured"
    number: int = Field(description="of the pull request")
    commit: str
    headline: str
    remark: str = Field(description="what is to be mended; empty where nothing is")
    is_good: bool
    is_measured: bool = True


class Withdrawn(Frozen):
    """The repository is no longer ours to work in."""

    kind: Literal["withdrawn"] = "withdrawn"
    reason: str
    installation_id: int | None = Field(default=None, description="only jobs of this one; or all")
    now: str = Field(default="", description="its name, where issues can still be written to")


class Worked(Frozen):
    """A piece of work ended. No result: it was ended from outside, or could not be run at all."""

    kind: Literal["worked"] = "worked"
    child: str
    result: JsonValue = None


Message = Annotated[
    Commanded | Answered | Reviewed | Closed | Rerun | Measured | Withdrawn | Worked,
    Field(discriminator="kind"),
]
MESSAGE: TypeAdapter[Message] = TypeAdapter(Message)


ENDED = (Phase.DONE, Phase.CANCELLED, Phase.FAILED)


class Shown(Frozen):
    """What a list of jobs shows about one; `private` until it is known not to be."""

    private: bool = True
    title: str = ""
    phase: Phase = Phase.QUEUED
    cost: str = ""
    pull_url: str = ""
    headline: str = ""
    boards: tuple[str, ...] = ()
