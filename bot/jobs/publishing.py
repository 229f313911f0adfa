"""Publishing: a proposal that lies in a job's folder becomes a branch and a draft pull request."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bot.forge import Origin
from bot.github.forge import Draft, GitHubForge
from bot.github.hub import Commit, Person, PullRequest, Refused
from bot.jobs.activities import Activities, Room
from bot.rendering.marker import marker
from bot.work.folder import STATUS, read_outcome
from bot.work.outcome import PUBLICATION, Answered, Built

STATUS_PART = "status"


@dataclass(frozen=True, slots=True)
class Publisher:
    """Publishes what lies in the folder of one job, each method as one step.

    Attributes:
        acts: give access to repository and folder.
        room: of the job.
        key: of the request.
        person: who asked for it.
    """

    acts: Activities
    room: Room
    key: str
    person: Person

    @property
    def branch(self) -> str:
        """Return the branch that holds the proposal."""
        return self._origin.branch

    def project(self) -> str:
        """Return the folder of the project that was built last, relative to the repository."""
        return self._built().folder

    def was_changed(self, folder: str) -> bool:
        """Say whether people changed the project on the branch since it was published."""
        return self._forge.was_changed(folder, self._origin)

    def commit(self, why: str, seen_head: str | None) -> Commit:
        """Let the branch hold the project; nothing is committed where it does already.

        Args:
            why: the message's first line; empty for the usual one.
            seen_head: what the branch pointed at when people's changes there were read.
        """
        return self._forge.commit(self._draft(), seen_head, why)

    def pull(self) -> PullRequest:
        """Open the draft pull request, or bring its text up to date."""
        return self._forge.propose(self._draft())

    def comments(self, pull: int) -> None:
        """Tell at the pull request what each board measured, and what the work took."""
        draft = self._draft()
        self._forge.comment(draft, pull)
        found, body = marker(self.key, STATUS_PART), draft.text(STATUS)
        self.acts.hub(self.room).put_comment(pull, found, body)

    def invite(self, pull: int) -> None:
        """Label the pull request, and ask who wanted it for a review."""
        self._forge.invite(pull)

    def check(self, pull: PullRequest, head_sha: str) -> int | None:
        """Show the evidence beside a commit; None where GitHub does not let us."""
        return self._forge.check(self._draft(), head_sha, is_draft=pull.is_draft)

    def answer(self, pull: int, revision: int, answer: Answered, sha: str) -> None:
        """Answer one remark with the commit: in its thread, else below the pull request.

        A thread is resolved where its wish was met.
        """
        hub = self.acts.hub(self.room)
        found = marker(self.key, f"revision-{revision}")
        said = f"{found}\n{answer.text}\n\n{'Done in' if answer.settled else 'As of'} {sha}."
        if not answer.thread:
            hub.put_comment(pull, found, said)
        for thread in hub.threads(pull):
            if answer.thread and thread.id == answer.thread:
                hub.reply(pull, thread, found, said)
                if answer.settled and not thread.is_resolved:
                    hub.resolve(thread)

    @property
    def _origin(self) -> Origin:
        return Origin(self.key, self.room.number)

    @property
    def _forge(self) -> GitHubForge:
        return GitHubForge(self.acts.hub(self.room), self.person, self.acts.label)

    @property
    def _folder(self) -> Path:
        return self.acts.folder_of(self.room.repository, self.room.number)

    def _built(self) -> Built:
        try:
            outcome = read_outcome(self._folder)
        except (OSError, ValueError):
            outcome = None
        if not isinstance(outcome, Built):
            raise Refused(
                "What was built for this issue is no longer kept. `/boardwright build` makes it "
                "again."
            )
        return outcome

    def _draft(self) -> Draft:
        return Draft(self._folder / PUBLICATION, self._built(), self._origin)
