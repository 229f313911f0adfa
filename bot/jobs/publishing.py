"""Publishing: a proposal that lies in a job's folder becomes a branch and a draft pull request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bot.forge import Origin
from bot.github.hub import (
    Annotation,
    Check,
    Commit,
    Conclusion,
    Level,
    Person,
    PullRequest,
    Refused,
)
from bot.jobs.activities import Activities, Ground, Room
from bot.rendering.marker import marker
from bot.work.folder import BODY, COMMENTS, PROJECT_FILES, STATUS, TITLE, read_outcome
from bot.work.outcome import PUBLICATION, Answered, Built

CHECK = "Boardwright / evidence"
STATUS_PART = "status"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes what lies in the folder of one job.

    Attributes:
        acts: give access to repository and folder.
        room: of the job.
        key: of the request.
    """

    acts: Activities
    room: Room
    key: str

    @property
    def branch(self) -> str:
        """Return the branch that holds the proposal."""
        return Origin(self.key).branch

    def project(self) -> str:
        """Return the folder of the project that was published, relative to the repository."""
        return self._built().folder

    def commit(self, ground: Ground, person: Person, why: str, expected: str | None) -> Commit:
        """Let the branch hold the project; nothing is committed where it does already.

        Args:
            ground: where a new branch begins.
            person: who asked becomes co-author.
            why: the message's first line.
            expected: what the branch must point at; None: whatever it points at.
        """
        built = self._built()
        message = f"{why}\n\n{built.headline}\n\nFor #{self.room.number}.\n\n{person.trailer}\n"
        return self.acts.hub(self.room).commit(
            self.branch,
            ground.base_sha,
            built.folder,
            _files(self._folder / PUBLICATION / PROJECT_FILES),
            message,
            expected,
        )

    def pull(self, base: str) -> PullRequest:
        """Open the draft pull request, or bring its text up to date."""
        return self.acts.hub(self.room).put_pull(
            self.branch, base, self._text(TITLE).strip(), self._text(BODY), marker(self.key)
        )

    def comments(self, pull: int) -> None:
        """Tell at the pull request what each board measured, and what the work took."""
        boards = self._folder / PUBLICATION / COMMENTS
        for path in sorted(boards.glob("*.md")) if boards.is_dir() else ():
            self._put(pull, marker(self.key, path.stem), path)
        status = self._folder / PUBLICATION / STATUS
        self._put(pull, marker(self.key, STATUS_PART), status)

    def invite(self, pull: int, login: str) -> None:
        """Label the pull request, and ask who wanted it for a review."""
        hub = self.acts.hub(self.room)
        hub.add_labels(pull, (self.acts.label,))
        hub.request_review(pull, login)

    def check(self, head_sha: str) -> int:
        """Show the evidence beside a commit."""
        built = self._built()
        return self.acts.hub(self.room).put_check(
            Check(
                name=CHECK,
                head_sha=head_sha,
                key=self.key,
                title=built.headline,
                summary=built.summary,
                conclusion=_conclusion(built),
                annotations=tuple(
                    Annotation(
                        path=f"{built.folder}/{line.path}",
                        start_line=line.line,
                        end_line=line.line,
                        level=Level.FAILURE,
                        title=line.title,
                        message=line.message,
                    )
                    for line in built.lines
                ),
            )
        )

    def answer(self, pull: int, revision: int, answer: Answered, sha: str) -> None:
        """Answer in one thread with the commit, and resolve it where its wish was met."""
        hub = self.acts.hub(self.room)
        found = marker(self.key, f"revision-{revision}")
        body = f"{found}\n{answer.text}\n\n{sha}"
        for thread in hub.threads(pull):
            if thread.id == answer.thread:
                hub.reply(pull, thread, found, body)
                if answer.settled and not thread.is_resolved:
                    hub.resolve(thread)

    @property
    def _folder(self) -> Path:
        return self.acts.folder_of(self.room.repository, self.room.number)

    def _built(self) -> Built:
        outcome = read_outcome(self._folder)
        if not isinstance(outcome, Built):
            raise Refused("The proposal is no longer in the folder of the job.")
        return outcome

    def _text(self, name: str) -> str:
        return (self._folder / PUBLICATION / name).read_text(encoding="utf-8")

    def _put(self, number: int, found: str, path: Path) -> None:
        body = path.read_text(encoding="utf-8")
        self.acts.hub(self.room).put_comment(
            number, found, body if found in body else f"{found}\n{body}"
        )


def _conclusion(built: Built) -> Conclusion:
    if built.missed:
        return Conclusion.FAILURE
    return Conclusion.NEUTRAL if built.unproven else Conclusion.SUCCESS


def _files(folder: Path) -> Mapping[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
