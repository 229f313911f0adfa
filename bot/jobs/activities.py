"""Activities: what the flows do to GitHub and to a job's folder, once however often it is tried.

All are plain functions that raise what a `Hub` raises. Comments are found again by a hidden marker,
the branch and the pull request by their name, the check run by its key.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bot.errors import RequestError
from bot.github.hub import Hub, Hubs, Missing, Reaction, Refused
from bot.issue_form import LABEL
from bot.jobs.messages import Start
from bot.jobs.named_files import named_files
from bot.jobs.repository_settings import FILE, MAX_BYTES, RepositorySettings, parse_settings
from bot.jobs.task import Task
from bot.measured.posting import Alone, unguarded
from bot.naming import slug
from bot.rendering.live import PART, Live, live_comment
from bot.rendering.marker import marker
from bot.work.job import FILES, REQUEST, Wanted
from bot.workspace import write_atomically

FILES_AT_MOST_BYTES = 50 * 1024**2
_LIVE = "live.json"


@dataclass(frozen=True, slots=True)
class Room:
    """Where a job is at work."""

    repository: str
    installation_id: int | None
    number: int


@dataclass(frozen=True, slots=True)
class Ground:
    """The repository as it stood when a request was triggered. `problem` and `cure`: Markdown."""

    base_branch: str
    base_sha: str
    private: bool
    settings: RepositorySettings
    problem: str = ""
    cure: str = ""

    @classmethod
    def unseen(cls) -> Ground:
        """Return what is known before the repository was looked at: nothing, so it is private."""
        return cls("", "", True, RepositorySettings())


@dataclass(frozen=True, slots=True)
class Activities:
    """Side effects.

    Attributes:
        hubs: give access to repositories.
        folder: of all jobs; all workers see the same one.
        render: returns the live comment, with its marker.
        label: on an issue it asks for work.
        alone: lets one worker at a time do what has a name.
        parse: reads a repository's settings; raises `RequestError` where they are wrong.
    """

    hubs: Hubs
    folder: Path
    render: Callable[[Live], str] = live_comment
    label: str = LABEL
    alone: Alone = unguarded
    parse: Callable[[bytes], RepositorySettings] = parse_settings

    def hub(self, room: Room) -> Hub:
        """Return the repository of a job."""
        return self.hubs.open(room.repository, room.installation_id)

    def folder_of(self, repository: str, number: int) -> Path:
        """Return the folder of a job; made where it is missing."""
        folder = self.folder.joinpath(*repository.lower().split("/"), str(number))
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # What people see of it

    def show(self, room: Room, live: Live) -> str:
        """Let the one comment of a request say how it stands; return where it is."""
        folder = self.folder_of(room.repository, room.number)
        write_atomically(folder / _LIVE, live.model_dump_json(indent=1).encode())
        body = self.render(live)
        return self.hub(room).put_comment(room.number, marker(live.key, PART), body).url

    def show_progress(self, task: Task, live: Live) -> None:
        """Let the comment follow a piece of work."""
        self.show(Room(task.repository, task.installation_id, task.number), live)

    def shown(self, room: Room) -> Live | None:
        """Return what the comment of a request said last; None where there is none."""
        try:
            content = (self.folder_of(room.repository, room.number) / _LIVE).read_bytes()
        except FileNotFoundError:
            return None
        return Live.model_validate_json(content)

    def react(self, room: Room, comment_id: int | None, reaction: Reaction) -> None:
        """React to what asked for the work; one that was deleted meanwhile needs no reaction."""
        try:
            self.hub(room).react(room.number, comment_id, reaction)
        except Missing:
            return

    def answer(self, room: Room, at: int, comment_id: int, text: str) -> None:
        """Answer a comment by one of ours, once.

        Args:
            room: of the job.
            at: number of the issue or pull request that the comment stands at.
            comment_id: of the comment that is answered.
            text: Markdown.
        """
        found = marker(f"answer-{comment_id}")
        self.hub(room).put_comment(at, found, f"{found}\n{text}")

    def may_refuse(self, room: Room, login: str, day: str, delivery: str) -> bool:
        """Say whether a person was not yet told on a day that they may not; then they were."""
        place = self.folder / "refused" / room.repository.replace("/", "+") / f"{login}-{day}"
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            handle = os.open(place, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            return place.read_text(encoding="utf-8") == delivery
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(delivery)
        return True

    # What is worked on

    def key(self, start: Start) -> str:
        """Return what names branch and markers; the first title of an issue stays in it."""
        kept = self.kept(start.repository, start.number)
        return kept.key if kept else f"issue-{start.number}-{slug(start.title, 'request')}"

    def kept(self, repository: str, number: int) -> Wanted | None:
        """Return the request of the job before; None where there was none."""
        try:
            content = (self.folder_of(repository, number) / REQUEST).read_bytes()
        except FileNotFoundError:
            return None
        return Wanted.model_validate_json(content)

    def ground(self, room: Room) -> Ground:
        """Return the repository as it stands, and what it wants of the service.

        Raises:
            Refused: it has no commit.
        """
        hub = self.hub(room)
        found = hub.repository()
        sha = hub.head_of(found.default_branch)
        if sha is None:
            raise Refused("The repository has no commit yet, so there is nothing to begin at.")
        content = hub.read(FILE, sha, MAX_BYTES).get(FILE, b"")
        try:
            settings, problem, cure = self.parse(content), "", ""
        except RequestError as error:
            settings, problem, cure = RepositorySettings(), error.problem, error.cure
        return Ground(found.default_branch, sha, found.private, settings, problem, cure)

    def lay_out(self, room: Room, wanted: Wanted, sha: str) -> None:
        """Write a request into the folder, with the files that it names and the settings."""
        folder = self.folder_of(room.repository, room.number)
        hub = self.hub(room)
        (folder / FILES).mkdir(exist_ok=True)
        if settings := hub.read(FILE, sha, MAX_BYTES).get(FILE):
            write_atomically(folder / FILE, settings)
        else:
            (folder / FILE).unlink(missing_ok=True)
        for path in named_files((wanted.title, wanted.body, *wanted.answers)):
            for name, content in hub.read(path, sha, FILES_AT_MOST_BYTES).items():
                place = folder / FILES / name
                if not place.is_file() or place.read_bytes() != content:
                    write_atomically(place, content)
        write_atomically(folder / REQUEST, wanted.model_dump_json(indent=1).encode())
