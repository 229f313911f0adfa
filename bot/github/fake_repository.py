"""A repository in memory, as people see and change it; `fake.py` shows it to the service."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bot.github.git_objects import folder_trees, tree_id
from bot.github.hub import (
    Artifact,
    Check,
    Comment,
    Issue,
    Permission,
    PullRequest,
    Refused,
    Review,
    ReviewComment,
    Thread,
    WorkflowRun,
)
from bot.github.runs import digest_of

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Link(bytes):
    """The content of a symbolic link."""


@dataclass(frozen=True, slots=True)
class FakeCommit:
    """A commit with all files of its tree by path."""

    sha: str
    files: Mapping[str, bytes]
    parents: tuple[str, ...]
    author: str
    message: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What a reviewer writes at a line of a file."""

    path: str
    line: int
    body: str


@dataclass
class FakeRepository:
    """State that tests read and change at will; the methods are what people do.

    Attributes:
        roles: of collaborators, by login; others may read what is public.
        allows_drafts, allows_resolving, allows_actions: as plan and permissions of a real one
            may not.
        runs: workflow runs with the content of their artifacts by name, oldest first.
        dispatched: workflows that were started by hand: file, branch, inputs.
        cannot_review: logins that GitHub does not let be asked for a review.
    """

    full_name: str
    default_branch: str = "main"
    private: bool = False
    archived: bool = False
    allows_drafts: bool = True
    allows_resolving: bool = True
    allows_actions: bool = True
    roles: dict[str, Permission] = field(default_factory=dict)
    users: set[str] = field(default_factory=set)
    cannot_review: set[str] = field(default_factory=set)
    labels: set[str] = field(default_factory=set)
    issues: dict[int, Issue] = field(default_factory=dict)
    comments: dict[int, list[Comment]] = field(default_factory=dict)
    minimised: set[int] = field(default_factory=set)
    reactions: dict[tuple[int, int | None], set[tuple[str, str]]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    commits: dict[str, FakeCommit] = field(default_factory=dict)
    pulls: dict[int, PullRequest] = field(default_factory=dict)
    requested: dict[int, list[str]] = field(default_factory=dict)
    reviews: dict[int, list[Review]] = field(default_factory=dict)
    threads: dict[int, list[Thread]] = field(default_factory=dict)
    checks: dict[int, Check] = field(default_factory=dict)
    runs: list[WorkflowRun] = field(default_factory=list)
    artifacts: dict[int, list[tuple[Artifact, bytes]]] = field(default_factory=dict)
    dispatched: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def __post_init__(self) -> None:
        self.commit("owner", self.default_branch, {"README.md": b"# Widget\n"}, "Begin\n", ())

    def add_issue(self, login: str, title: str, body: str, labels: Sequence[str] = ()) -> int:
        """Open an issue and return its number."""
        number = next(self._numbers)
        self.labels.update(labels)
        self._add(number, login, title, body, tuple(labels), is_pull=False)
        return number

    def say(self, login: str, number: int, body: str) -> Comment:
        """Write a comment."""
        made = next(self._ids)
        url = f"{self.issues[number].url}#issuecomment-{made}"
        comment = Comment(made, login, body, self.now(), url, sum(login.encode()))
        self.comments[number].append(comment)
        return comment

    def edit_comment(self, number: int, comment_id: int, body: str) -> Comment:
        """Replace what a comment says."""
        there = self.comments[number]
        index = next(i for i, c in enumerate(there) if c.id == comment_id)
        there[index] = replace(there[index], body=body)
        return there[index]

    def edit_issue(self, number: int, title: str, body: str) -> None:
        """Replace the text of an issue or pull request."""
        now = self.now()
        self.issues[number] = replace(self.issues[number], title=title, body=body, updated_at=now)
        if number in self.pulls:
            self.pulls[number] = replace(self.pulls[number], title=title, body=body)

    def label(self, number: int, *names: str) -> None:
        """Add labels."""
        issue = self.issues[number]
        merged = tuple(dict.fromkeys((*issue.labels, *names)))
        self.labels.update(names)
        self.issues[number] = replace(issue, labels=merged, updated_at=self.now())

    def close(self, number: int, merged: bool = False) -> None:
        """Close an issue or pull request; a merged one moves its base."""
        self.issues[number] = replace(self.issues[number], is_open=False, updated_at=self.now())
        if number in self.pulls:
            pull = replace(self.pulls[number], is_open=False, is_merged=merged)
            self.pulls[number] = pull
            if merged:
                self.branches[pull.base_branch] = pull.head_sha

    def mark_ready(self, number: int) -> None:
        """Turn a draft into what may be merged."""
        self.pulls[number] = replace(self.pulls[number], is_draft=False)

    def push(
        self, login: str, branch: str, changed: Mapping[str, bytes | None], message: str = "Edit\n"
    ) -> str:
        """Change files on a branch, None deletes; a missing branch begins at the default one."""
        head = self.branches.get(branch, self.branches[self.default_branch])
        files = dict(self.commits[head].files)
        for path, content in changed.items():
            files.pop(path, None)
            if content is not None:
                files[path] = content
        return self.commit(login, branch, files, message, (head,))

    def commit(
        self,
        login: str,
        branch: str,
        files: Mapping[str, bytes],
        message: str,
        parents: tuple[str, ...],
    ) -> str:
        """Let a branch point at a new commit with these files, and return it."""
        tree = tree_id(folder_trees(files)[""])
        text = f"{tree} {parents} {login} {message} {next(self._ids)}"
        sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()
        self.commits[sha] = FakeCommit(sha, dict(files), parents, login, message)
        self.point(branch, sha)
        return sha

    def point(self, branch: str, sha: str) -> None:
        """Let a branch point at a commit, as a forced push does."""
        self.branches[branch] = sha
        for number, pull in self.pulls.items():
            if pull.is_open and pull.head_branch == branch and self.is_here(pull):
                self.pulls[number] = replace(pull, head_sha=sha)

    def delete_branch(self, branch: str) -> None:
        """Delete a branch; its pull requests are closed, as GitHub does."""
        del self.branches[branch]
        for number, pull in list(self.pulls.items()):
            if pull.is_open and pull.head_branch == branch and self.is_here(pull):
                self.close(number)

    def open_pull(
        self,
        login: str,
        branch: str,
        base: str,
        title: str,
        body: str,
        *,
        draft: bool = False,
        fork: str | None = None,
    ) -> PullRequest:
        """Open a pull request, from the repository `fork` where one is named.

        Raises:
            Refused: there is no such branch, or it holds nothing new.
        """
        asked = f"GitHub refused to open a pull request in {self.full_name}"
        head = self.branches.get(branch)
        if head is None or base not in self.branches:
            raise Refused(f"{asked}: there is no branch {base if head else branch}.")
        if head == self.branches[base]:
            raise Refused(f"{asked}: No commits between {base} and {branch}.")
        number = next(self._numbers)
        self._add(number, login, title, body, (), is_pull=True)
        self.pulls[number] = PullRequest(
            number=number,
            title=title,
            body=body,
            head_branch=branch,
            head_sha=head,
            head_repository=fork or self.full_name,
            base_branch=base,
            is_open=True,
            is_draft=draft and self.allows_drafts,
            is_merged=False,
            url=self.issues[number].url,
        )
        return self.pulls[number]

    def add_review(
        self, login: str, number: int, state: str, body: str = "", remarks: Sequence[Remark] = ()
    ) -> Review:
        """Submit a review; each remark begins a thread."""
        review = Review(next(self._ids), login, state, body, self.pulls[number].head_sha)
        self.reviews[number].append(review)
        for remark in remarks:
            first = ReviewComment(
                next(self._ids), login, remark.body, remark.path, remark.line, review.id
            )
            thread = Thread(f"PRRT_{next(self._ids)}", is_resolved=False, comments=(first,))
            self.threads[number].append(thread)
        return review

    def answer(self, login: str, thread_id: str, body: str) -> None:
        """Answer in a review thread."""
        number, index, thread = self.thread(thread_id)
        first = thread.comments[0]
        added = ReviewComment(next(self._ids), login, body, first.path, first.line, None)
        self.threads[number][index] = replace(thread, comments=(*thread.comments, added))

    def run(
        self, path: str, artifacts: Mapping[str, bytes], conclusion: str = "success"
    ) -> WorkflowRun:
        """Let a workflow of the default branch run, and leave artifacts."""
        number = self.next_id()
        url = f"https://github.com/{self.full_name}/actions/runs/{number}"
        head, branch = self.branches[self.default_branch], self.default_branch
        run = WorkflowRun(number, path, "workflow_run", branch, head, conclusion, url)
        self.runs.append(run)
        self.artifacts[number] = [
            (Artifact(self.next_id(), name, len(content), digest_of(content), False), content)
            for name, content in artifacts.items()
        ]
        return run

    def thread(self, thread_id: str) -> tuple[int, int, Thread]:
        """Return the pull request, the index and the value of a thread; raises KeyError."""
        for number, threads in self.threads.items():
            for index, thread in enumerate(threads):
                if thread.id == thread_id:
                    return number, index, thread
        raise KeyError(thread_id)

    def tree_of(self, path: str, sha: str) -> str | None:
        """Return git's id of a folder in a commit; None where there is none."""
        trees = folder_trees(self.commits[sha].files)
        return tree_id(trees[path]) if path in trees else None

    def content_of(self, path: str, sha: str) -> dict[str, bytes]:
        """Return a file, or the files below a folder, of a commit, by path."""
        files = self.commits[sha].files
        inside = f"{path}/" if path else ""
        return {p: c for p, c in files.items() if p == path or p.startswith(inside)}

    def history(self, sha: str) -> Iterator[FakeCommit]:
        """Yield a commit and its first parents, newest first."""
        while True:
            commit = self.commits[sha]
            yield commit
            if not commit.parents:
                return
            sha = commit.parents[0]

    def is_here(self, pull: PullRequest) -> bool:
        """Return whether a pull request's branch is in this repository, not in a fork."""
        return pull.head_repository == self.full_name

    def now(self) -> datetime:
        """Return a time that goes on by a second whenever something is made."""
        return _BEGIN + timedelta(seconds=next(self._ids))

    def next_id(self) -> int:
        """Return a number that was not used before."""
        return next(self._ids)

    def _add(
        self,
        number: int,
        login: str,
        title: str,
        body: str,
        labels: tuple[str, ...],
        *,
        is_pull: bool,
    ) -> None:
        kind = "pull" if is_pull else "issues"
        self.issues[number] = Issue(
            number=number,
            title=title,
            body=body,
            author=login,
            labels=labels,
            is_open=True,
            is_pull=is_pull,
            updated_at=self.now(),
            url=f"https://github.com/{self.full_name}/{kind}/{number}",
        )
        for kept in (self.comments, self.requested, self.reviews, self.threads):
            kept[number] = []
