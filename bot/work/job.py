"""What is wanted of a job, as files that the service writes into its folder."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, Field

from bot.frozen import Frozen
from bot.size import Size

__all__ = ["FILES", "REQUEST", "REVISION", "Remark", "RepositoryPath", "Revision", "Size", "Wanted"]

REQUEST = "request.json"
FILES = "files"
REVISION = "revision.json"


def _inside(path: str) -> str:
    parts = PurePosixPath(path).parts
    if not parts or path != "/".join(parts) or any(part in ("..", "/") for part in parts):
        raise ValueError("must be a path inside the repository")
    return path


RepositoryPath = Annotated[str, AfterValidator(_inside)]


class Wanted(Frozen):
    """The request as it stood when it was triggered, with the answers that came since.

    `answers` are comments by which the asked questions were answered, oldest first. Paths in the
    request are relative to `files/` in the job's folder, which holds the part of the repository
    that the request names.
    """

    key: str = Field(description="of the request: names branch and markers, 'issue-7-three-fruits'")
    number: int
    repository: str
    title: str
    body: str
    answers: tuple[str, ...] = ()
    size: Size = Size.USUAL
    boards: tuple[str, ...] = Field(default=(), description="instead of those of the request")
    person: str = Field(description="login of who pays for language models")
    run: str = Field(description="names this run in the ledger of costs; a retry has another one")


class Remark(Frozen):
    """What a reviewer wrote at a line of a file, or about all of it.

    `thread` is the review thread's id, empty for the review's own text; `path` is relative to the
    project's folder, empty where the remark is about no file of it.
    """

    thread: str
    path: str
    line: int | None
    author: str
    text: str


class Revision(Frozen):
    """One batch of remarks, with the project's files as they stand on the branch.

    `number` counts the revisions of a pull request from 1; the files lie in `revision/` in the
    job's folder, by path relative to the project's folder.
    """

    number: int
    review_id: int | None
    remarks: tuple[Remark, ...]
