"""What came of a piece of work, as the file that the working process leaves."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from bot.frozen import Frozen

OUTCOME = "outcome.json"
PUBLICATION = "publication"


class Asking(Frozen):
    """Questions must be answered first. `text` is Markdown."""

    kind: Literal["asking"] = "asking"
    text: str


class Planned(Frozen):
    """The request is understood. `understood` and `plan` are Markdown lists."""

    kind: Literal["planned"] = "planned"
    name: str = Field(description="of the project's folder below tinyml/")
    title: str
    understood: str
    plan: str
    boards: tuple[str, ...]


class Line(Frozen):
    """A failed check at lines of a file of the project."""

    path: str = Field(description="relative to the project's folder")
    line: int
    title: str
    message: str


class Answered(Frozen):
    """What was done about one remark; `settled` where the remark's wish was met."""

    thread: str
    text: str = Field(description="Markdown")
    settled: bool


class Built(Frozen):
    """A proposal lies in `publication/`.

    `publication/` holds `title.txt`, `body.md`, `status.md`, `comments/<board>.md`, and the
    project's files below `files/`.
    """

    kind: Literal["built"] = "built"
    folder: str = Field(description="of the project, relative to the repository")
    title: str
    draft: bool
    missed: int = Field(description="checks that failed")
    unproven: int = Field(description="checks that could not be made")
    headline: str = Field(description="the verdict in one line of plain text")
    summary: str = Field(description="of the evidence, Markdown of at most 65,535 characters")
    lines: tuple[Line, ...]
    answers: tuple[Answered, ...] = Field(default=(), description="to a revision's remarks")
    cost_usd: float | None = None
    tokens: int = 0


class Stopped(Frozen):
    """Nothing could be made. `problem` and `cure` are Markdown for people.

    `whose` says who acts: the author of the request, or who runs the service; with `again` the same
    may do better later.
    """

    kind: Literal["stopped"] = "stopped"
    whose: Literal["request", "service"]
    problem: str
    cure: str
    again: bool


Outcome = Annotated[Asking | Planned | Built | Stopped, Field(discriminator="kind")]
OUTCOME_FILE: TypeAdapter[Outcome] = TypeAdapter(Outcome)
