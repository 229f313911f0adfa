"""One repository on GitHub, asked over the network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from pydantic import BaseModel

from bot.github.checks import Checks
from bot.github.comments import Issues
from bot.github.git_commits import Commits
from bot.github.git_data import GitData
from bot.github.hub import (
    Artifact,
    Change,
    Check,
    Comment,
    Commit,
    Hubs,
    Issue,
    Permission,
    PullRequest,
    Reaction,
    Repository,
    Review,
    Thread,
    WorkflowRun,
)
from bot.github.pulls import Pulls
from bot.github.runs import Runs
from bot.github.threads import Threads
from bot.github.wire import Wire


class _Repository(BaseModel):
    full_name: str
    default_branch: str
    private: bool
    archived: bool = False


class _Granted(BaseModel):
    permission: str
    role_name: str | None = None


class RemoteHub:
    """One repository on GitHub; `bot.github.hub.Hub` says what the methods promise."""

    def __init__(self, github: Hubs, wire: Wire, full_name: str) -> None:
        self._wire = wire
        self._full_name = full_name

        def ours() -> str:
            return github.login

        self._issues = Issues(wire, full_name, ours)
        self._pulls = Pulls(wire, full_name)
        self._threads = Threads(wire, full_name, ours)
        self._checks = Checks(wire, full_name, ours)
        self._git = GitData(wire, full_name)
        self._commits = Commits(self._git)
        self._runs = Runs(wire, full_name)

    def repository(self) -> Repository:
        """Return the repository as it stands."""
        asked = f"read the repository {self._full_name}"
        found = self._wire.get(asked, f"/repos/{quote(self._full_name)}", _Repository)
        return Repository(found.full_name, found.default_branch, found.private, found.archived)

    def permission(self, login: str) -> Permission:
        """Return what a person may do; NONE for whom GitHub does not know."""
        asked = f"say what {login} may do in {self._full_name}"
        path = f"/repos/{quote(self._full_name)}/collaborators/{quote(login, safe='')}/permission"
        granted = self._wire.find(asked, path, _Granted)
        if granted is None:
            return Permission.NONE
        return _permission(granted)

    def issue(self, number: int) -> Issue:
        """Return an issue."""
        return self._issues.issue(number)

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return all comments of an issue or pull request, oldest first."""
        return self._issues.comments(number)

    def put_comment(self, number: int, marker: str, body: str) -> Comment:
        """Let the one comment of ours that holds `marker` say `body`."""
        return self._issues.put_comment(number, marker, body)

    def minimise(self, comment: Comment) -> bool:
        """Fold a comment away as outdated; return False where GitHub does not let us."""
        return self._issues.minimise(comment)

    def react(self, number: int, comment_id: int | None, reaction: Reaction) -> None:
        """Let exactly `reaction` be ours on an issue or on its comment."""
        self._issues.react(number, comment_id, reaction)

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Add labels; those that the repository does not know are made."""
        self._issues.add_labels(number, labels)

    def head_of(self, branch: str) -> str | None:
        """Return the commit that a branch points at; None where there is no such branch."""
        return self._git.head_of(branch)

    def read(self, path: str, ref: str, at_most: int) -> Mapping[str, bytes]:
        """Return a file, or all files below a folder, by path in the repository."""
        return self._git.read(path, ref, at_most)

    def tree_of(self, path: str, ref: str) -> str | None:
        """Return git's id of a folder at a branch or commit; None where there is none."""
        return self._git.tree_of(path, ref)

    def changes(self, path: str, ref: str) -> tuple[Change, ...]:
        """Return the newest commits below `ref` that touched a path, newest first."""
        return self._git.changes(path, ref)

    def commit(
        self,
        branch: str,
        base_sha: str,
        folder: str,
        files: Mapping[str, bytes],
        message: str,
        expected_sha: str | None = None,
    ) -> Commit:
        """Let a branch hold exactly `files` in `folder`, and all else as it was."""
        return self._commits.commit(branch, base_sha, folder, files, message, expected_sha)

    def put_pull(self, branch: str, base: str, title: str, body: str, marker: str) -> PullRequest:
        """Return the pull request of a branch with this text; make a draft where none is open."""
        return self._pulls.put_pull(branch, base, title, body, marker)

    def pull(self, number: int) -> PullRequest:
        """Return a pull request."""
        return self._pulls.pull(number)

    def pulls_of(self, branch: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of a branch of this repository, newest first."""
        return self._pulls.pulls_of(branch)

    def request_review(self, number: int, login: str) -> None:
        """Ask a person for a review."""
        self._pulls.request_review(number, login)

    def review(self, number: int, review_id: int) -> Review:
        """Return a review of a pull request."""
        return self._pulls.review(number, review_id)

    def threads(self, number: int) -> tuple[Thread, ...]:
        """Return all threads of a pull request, oldest first."""
        return self._threads.threads(number)

    def reply(self, number: int, thread: Thread, marker: str, body: str) -> None:
        """Answer in a thread, unless an answer of ours there holds the marker."""
        self._threads.reply(number, thread, marker, body)

    def resolve(self, thread: Thread) -> bool:
        """Mark a thread as resolved; return False where GitHub does not let us."""
        return self._threads.resolve(thread)

    def put_check(self, check: Check) -> int:
        """Make or update the check run with its name, head and key, and return its number."""
        return self._checks.put_check(check)

    def pulls_at(self, commit: str) -> tuple[PullRequest, ...]:
        """Return the pull requests that a commit belongs to, newest first, forks' included."""
        return self._pulls.pulls_at(commit)

    def runs(self, workflow: str, branch: str, at_most: int) -> tuple[WorkflowRun, ...]:
        """Return the newest successful runs of a workflow on a branch, newest first."""
        return self._runs.runs(workflow, branch, at_most)

    def artifacts(self, run: int) -> tuple[Artifact, ...]:
        """Return what a workflow run left."""
        return self._runs.artifacts(run)

    def download(self, artifact: Artifact, at_most: int) -> bytes:
        """Return the zip file of an artifact, as it was uploaded."""
        return self._runs.download(artifact, at_most)

    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow by hand."""
        self._runs.dispatch(workflow, branch, inputs)


def _permission(granted: _Granted) -> Permission:
    """Return what was granted: `permission` decides, `role_name` tells the roles in between.

    A custom role may have any name, so that its name alone gives nobody anything.
    """
    roles = {("write", "maintain"): Permission.MAINTAIN, ("read", "triage"): Permission.TRIAGE}
    plain = {p.value: p for p in (Permission.ADMIN, Permission.WRITE, Permission.READ)}
    role = roles.get((granted.permission, granted.role_name or ""))
    return role or plain.get(granted.permission, Permission.NONE)
