"""Batches: all that one review says, laid out for the work of following it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass

from bot.github.hub import Hub, Missing, PullRequest, Refused, Thread
from bot.jobs.activities import Activities, Room
from bot.work.job import REVISION, Remark, Revision
from bot.workspace import write_atomically

_AT_MOST_BYTES = 50 * 1024**2
FOLDER = "revision"


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be followed: at which commit, and how many remarks there are."""

    head_sha: str
    remarks: int


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of the pull request: that a review or the text of a command is followed.

    With neither, the branch is to be checked as it stands. Where `commit` is given, the wish is
    about that head alone, and nothing is wanted of a later one.
    """

    author: str
    review_id: int | None
    text: str = ""
    commit: str = ""


def gather(acts: Activities, room: Room, pull: int, folder: str, number: int, wish: Wish) -> Batch:
    """Write a batch into the job's folder, with the project's files as they stand.

    Args:
        acts: give access to repository and folder.
        room: of the job.
        pull: number of the pull request.
        folder: of the project, relative to the repository.
        number: of the revision, from 1.
        wish: what is to be gathered.

    Raises:
        Refused: the pull request cannot be revised as it stands.
    """
    hub = acts.hub(room)
    found = hub.pull(pull)
    _refuse_closed(found, room)
    if wish.commit and wish.commit != found.head_sha:
        return Batch(found.head_sha, 0)
    remarks = _remarks(hub, pull, folder, wish)
    files = hub.read(folder, found.head_sha, _AT_MOST_BYTES)
    place = acts.folder_of(room.repository, room.number)
    shutil.rmtree(place / FOLDER, ignore_errors=True)
    for path, content in files.items():
        write_atomically(place / FOLDER / path.removeprefix(f"{folder}/"), content)
    revision = Revision(number=number, review_id=wish.review_id, remarks=remarks)
    write_atomically(place / REVISION, revision.model_dump_json(indent=1).encode())
    return Batch(found.head_sha, len(remarks))


def _refuse_closed(pull: PullRequest, room: Room) -> None:
    if not pull.is_open:
        raise Refused("The pull request is closed.")
    if (pull.head_repository or "").lower() != room.repository.lower():
        raise Refused("The branch of the pull request was deleted.")


def _remarks(hub: Hub, pull: int, folder: str, wish: Wish) -> tuple[Remark, ...]:
    if wish.review_id is None and not wish.text:
        return ()
    if wish.review_id is None:
        return (Remark(thread="", path="", line=None, author=wish.author, text=wish.text),)
    try:
        review = hub.review(pull, wish.review_id)
    except Missing:  # dismissed or deleted meanwhile
        return ()
    whole = (
        (Remark(thread="", path="", line=None, author=review.author, text=review.body),)
        if review.body.strip() and review.state != "approved"
        else ()
    )
    threads = [thread for thread in hub.threads(pull) if not thread.is_resolved]
    return (*whole, *(r for t in threads for r in _said(t, folder, wish)))


def _said(thread: Thread, folder: str, wish: Wish) -> tuple[Remark, ...]:
    """Return what the review says in a thread; others' words there are not followed."""
    said = [c for c in thread.comments if c.review_id == wish.review_id]
    said = [comment for comment in said if comment.author == wish.author]
    if not said:
        return ()
    path = said[0].path
    return (
        Remark(
            thread=thread.id,
            path=path.removeprefix(f"{folder}/") if path.startswith(f"{folder}/") else "",
            line=said[0].line,
            author=wish.author,
            text="\n\n".join(comment.body for comment in said),
        ),
    )
