"""What the service asks of GitHub, as values and two protocols.

Every call may be made twice, by a process that was killed in between: what makes a thing first
looks for the one that it made before, by a hidden marker or by its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from bot.errors import Infrastructure


class Permission(Enum):
    """What a person may do in a repository, by GitHub's role names.

    Source: GitHub REST, "Get repository permissions for a user", `role_name`; a custom role counts
    as the `permission` that it is based on.
    """

    ADMIN = "admin"
    MAINTAIN = "maintain"
    WRITE = "write"
    TRIAGE = "triage"
    READ = "read"
    NONE = "none"

    @property
    def may_start_work(self) -> bool:
        """Return whether code may be written and boards be used on this person's word."""
        return self in (Permission.ADMIN, Permission.MAINTAIN, Permission.WRITE)


class Reaction(Enum):
    """How the service reacts to an issue or comment."""

    SEEN = "eyes"
    DONE = "rocket"
    FAILED = "confused"


class Conclusion(Enum):
    """How a check run ended."""

    SUCCESS = "success"
    FAILURE = "failure"
    NEUTRAL = "neutral"
    CANCELLED = "cancelled"


class Level(Enum):
    """How serious an annotation is."""

    NOTICE = "notice"
    WARNING = "warning"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository as it stands."""

    full_name: str
    default_branch: str
    private: bool
    archived: bool


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue, or what a pull request has in common with one."""

    number: int
    title: str
    body: str
    author: str
    labels: tuple[str, ...]
    is_open: bool
    is_pull: bool
    updated_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment on an issue or pull request; `author_id` is 0 where an account was deleted.

    `node_id` is GraphQL's id.
    """

    id: int
    author: str
    body: str
    created_at: datetime
    url: str
    author_id: int = 0
    node_id: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who asked for work: becomes co-author of commits, and reviewer."""

    login: str
    id: int

    @property
    def trailer(self) -> str:
        """Return the line of a commit message that names the person as co-author.

        Source: GitHub Docs, "Creating a commit with multiple authors" and the noreply address.
        """
        mail = f"{self.id}+{self.login}@users.noreply.github.com"
        return f"Co-authored-by: {self.login} <{mail}>"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of a branch; `made` is false where the branch held these files already."""

    sha: str
    made: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A commit in a history. `author` is a login; empty where GitHub knows none for the mail."""

    sha: str
    author: str
    message: str


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request. `head_repository` is None where a fork was deleted."""

    number: int
    title: str
    body: str
    head_branch: str
    head_sha: str
    head_repository: str | None
    base_branch: str
    is_open: bool
    is_draft: bool
    is_merged: bool
    url: str


@dataclass(frozen=True, slots=True)
class ReviewComment:
    """A comment in a thread at lines of a file; `line` is None where the line is gone."""

    id: int
    author: str
    body: str
    path: str
    line: int | None
    review_id: int | None


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread of review comments. `id` is GraphQL's node id."""

    id: str
    is_resolved: bool
    comments: tuple[ReviewComment, ...]


@dataclass(frozen=True, slots=True)
class Review:
    """A submitted review; `state` in lower case: commented, changes_requested, approved, ..."""

    id: int
    author: str
    state: str
    body: str
    commit_sha: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """A remark at lines of a file, shown beside them."""

    path: str
    start_line: int
    end_line: int
    level: Level
    title: str
    message: str


@dataclass(frozen=True, slots=True)
class Button:
    """What a person can press beside a check run; `identifier` comes back in an event.

    Source: GitHub REST, "Create a check run", `actions`: 20, 40 and 20 characters at most.
    """

    label: str
    description: str
    identifier: str


@dataclass(frozen=True, slots=True)
class Check:
    """A check run on a commit. No conclusion: it is in progress.

    `key` is GitHub's external_id: by it, with `name` and `head_sha`, it is found again.
    Annotations may be many; they are sent in portions of 50.
    """

    name: str
    head_sha: str
    key: str
    title: str
    summary: str
    text: str = ""
    conclusion: Conclusion | None = None
    annotations: tuple[Annotation, ...] = ()
    details_url: str | None = None
    buttons: tuple[Button, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkflowRun:
    """A run of a workflow. `head_sha` is the commit whose workflow ran, not what it was about.

    Attributes:
        path: of the workflow's file.
        event: what started it, such as "workflow_dispatch".
        conclusion: empty while it runs.
    """

    id: int
    path: str
    event: str
    head_branch: str
    head_sha: str
    conclusion: str
    url: str


@dataclass(frozen=True, slots=True)
class Artifact:
    """A zip file that a workflow run left.

    `digest` is "sha256:..."; empty where GitHub knows none.
    """

    id: int
    name: str
    size_bytes: int
    digest: str
    is_expired: bool


class HubError(Infrastructure):
    """GitHub did not do what was asked."""


class Unavailable(HubError):
    """GitHub failed, did not answer, or wants to be asked later: trying again may do.

    `retry_after_s` is how long GitHub asks to wait; None where it does not say.
    """

    def __init__(self, problem: str, retry_after_s: float | None = None) -> None:
        super().__init__(problem)
        self.retry_after_s = retry_after_s

    def __reduce__(self) -> tuple[type[Unavailable], tuple[str, float | None]]:
        return type(self), (self.problem, self.retry_after_s)


class Refused(HubError):
    """GitHub forbids it (401, 403) or calls it invalid (422): trying again will not do."""


class Missing(HubError):
    """It is not there, or not there for us (404, 410, 451)."""


class Hub(Protocol):
    """One repository on GitHub.

    All methods raise `Unavailable`, `Refused` or `Missing`, and nothing else of GitHub's. `marker`
    is the hidden HTML comment that `bot.rendering.marker.marker` returns; it stands in the body.
    """

    def repository(self) -> Repository:
        """Return the repository as it stands."""

    def permission(self, login: str) -> Permission:
        """Return what a person may do; NONE for whom GitHub does not know."""

    def issue(self, number: int) -> Issue:
        """Return an issue."""

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return all comments of an issue or pull request, oldest first."""

    def put_comment(self, number: int, marker: str, body: str) -> Comment:
        """Let the one comment of ours that holds `marker` say `body`; make it where there is none.

        Nothing is written where it says so already. Comments of others that hold the marker, as a
        quotation does, are left alone.
        """

    def minimise(self, comment: Comment) -> bool:
        """Fold a comment away as outdated; return False where GitHub does not let us."""

    def react(self, number: int, comment_id: int | None, reaction: Reaction) -> None:
        """Let exactly `reaction` be ours on an issue (`comment_id` None) or on its comment."""

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Add labels; those that the repository does not know are made."""

    def head_of(self, branch: str) -> str | None:
        """Return the commit that a branch points at; None where there is no such branch."""

    def read(self, path: str, ref: str, at_most: int) -> Mapping[str, bytes]:
        """Return a file, or all files below a folder; empty where there is none.

        The keys are paths in the repository: `tinyml/fruit/train.py`, not `train.py`.

        Args:
            path: relative to the repository, without `..`.
            ref: a branch or the id of a commit.
            at_most: bytes of all files together.

        Raises:
            Refused: it is more, or a symbolic link or submodule; the message says which.
            Missing: there is no such branch or commit.
        """

    def tree_of(self, path: str, ref: str) -> str | None:
        """Return git's id of a folder at a branch or commit; None where there is none."""

    def changes(self, path: str, ref: str) -> tuple[Change, ...]:
        """Return the newest commits, 30 at most, below `ref` that touched a path, newest first.

        An empty path stands for the whole repository.
        """

    def commit(
        self,
        branch: str,
        base_sha: str,
        folder: str,
        files: Mapping[str, bytes],
        message: str,
        expected_sha: str | None = None,
    ) -> Commit:
        """Let a branch hold exactly `files` in `folder`, and all else as it was.

        Made with the git data API; before the branch moves, each tree id that GitHub returned is
        compared with the one computed here. A missing branch begins on top of `base_sha`; none is
        ever forced. Where the branch holds the files already it stays, whatever was expected.

        Args:
            branch: without `refs/heads/`.
            base_sha: where a new branch begins.
            folder: relative to the repository.
            files: content by path relative to `folder`.
            message: with trailers, ends with a line feed.
            expected_sha: what the branch must point at; None: at whatever, or there may be none.

        Raises:
            Refused: the branch points elsewhere than expected, is gone, or moved meanwhile.
        """

    def put_pull(self, branch: str, base: str, title: str, body: str, marker: str) -> PullRequest:
        """Return the pull request of a branch with this text; make a draft where none is open.

        Whether it is a draft is left as people made it. Where the repository's plan has no drafts,
        it is made without being one.
        """

    def pull(self, number: int) -> PullRequest:
        """Return a pull request."""

    def pulls_of(self, branch: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of a branch of this repository, open or not, newest first."""

    def request_review(self, number: int, login: str) -> None:
        """Ask a person for a review.

        Nothing is done where they were asked or gave one before, or GitHub lets them not be asked.
        """

    def review(self, number: int, review_id: int) -> Review:
        """Return a review of a pull request."""

    def threads(self, number: int) -> tuple[Thread, ...]:
        """Return all threads of a pull request, oldest first."""

    def reply(self, number: int, thread: Thread, marker: str, body: str) -> None:
        """Answer in a thread, unless an answer of ours there holds the marker."""

    def resolve(self, thread: Thread) -> bool:
        """Mark a thread as resolved; return False where GitHub does not let us."""

    def put_check(self, check: Check) -> int:
        """Make or update the check run with its name, head and key, and return its number.

        Annotations that stand there already are not sent again; none can be taken back.
        """

    def pulls_at(self, commit: str) -> tuple[PullRequest, ...]:
        """Return the pull requests that a commit belongs to, newest first, forks' included."""

    def runs(self, workflow: str, branch: str, at_most: int) -> tuple[WorkflowRun, ...]:
        """Return the newest successful runs of a workflow on a branch, newest first.

        Args:
            workflow: name of its file, without the folder.
            branch: whose version of the workflow ran.
            at_most: 1 to 100.

        Raises:
            Missing: there is no such workflow.
        """

    def artifacts(self, run: int) -> tuple[Artifact, ...]:
        """Return what a workflow run left."""

    def download(self, artifact: Artifact, at_most: int) -> bytes:
        """Return the zip file of an artifact, as it was uploaded.

        Raises:
            Refused: it has more bytes than `at_most`, or others than its digest says.
            Missing: it expired.
        """

    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow by hand, each time that this is called.

        Args:
            workflow: name of its file, without the folder.
            branch: whose version of the workflow runs.
            inputs: as the workflow declares them.

        Raises:
            Refused: we may not, or the workflow cannot be started so.
            Missing: there is no such workflow.
        """


class Hubs(Protocol):
    """Gives access to repositories."""

    def open(self, full_name: str, installation_id: int | None) -> Hub:
        """Return a repository; asks nothing of GitHub yet."""

    @property
    def login(self) -> str:
        """Return the name under which the service writes, such as `boardwright[bot]`."""
