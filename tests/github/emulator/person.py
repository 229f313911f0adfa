"""A person on GitHub, over PyGithub: what somebody does in the browser, in a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from github import Auth, Github, InputGitTreeElement
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest
from github.Repository import Repository

from tests.github.emulator.seed import PUBLIC, token_of

# Everything at once and nothing twice: the tests talk to a machine of their own.
FAST: Mapping[str, Any] = {
    "seconds_between_requests": 0,
    "seconds_between_writes": 0,
    "retry": 0,
    "timeout": 30,
}


@dataclass(frozen=True, slots=True)
class At:
    """A review comment at a line of a file as it is in the pull request's head."""

    path: str
    line: int
    body: str


class Person:
    """Somebody with a token, in one repository. `github` is plain PyGithub."""

    def __init__(self, url: str, login: str, repository: str = PUBLIC) -> None:
        self.login = login
        self.github = Github(auth=Auth.Token(token_of(login)), base_url=url, **FAST)
        self._lazy = self.github.withLazy(True)
        self._repository = repository

    @property
    def repository(self) -> Repository:
        return self._lazy.get_repo(self._repository)

    def open_issue(self, title: str, body: str = "", labels: Sequence[str] = ()) -> Issue:
        """Open an issue; labels of somebody who may not label are lost, as on GitHub."""
        return self.repository.create_issue(title, body=body, labels=list(labels))

    def label(self, number: int, *labels: str) -> None:
        """Add labels to an issue or pull request."""
        self.repository.get_issue(number).add_to_labels(*labels)

    def comment(self, number: int, body: str) -> IssueComment:
        """Comment on an issue or pull request."""
        return self.repository.get_issue(number).create_comment(body)

    def close(self, number: int) -> None:
        """Close an issue or pull request."""
        self.repository.get_issue(number).edit(state="closed")

    def push(
        self,
        branch: str,
        files: Mapping[str, str],
        message: str = "Change\n",
        *,
        onto: str | None = None,
        force: bool = False,
    ) -> str:
        """Push a commit with these files to a branch and return its id.

        Args:
            onto: the commit or branch it stands on; None: the branch itself, or the default branch
                where it is new.
        """
        repository = self.github.get_repo(self._repository)
        known = {ref.ref for ref in repository.get_git_matching_refs(f"heads/{branch}")}
        exists = f"refs/heads/{branch}" in known
        base = onto or (branch if exists else repository.default_branch)
        parent = repository.get_git_commit(repository.get_commit(base).sha)
        entries = [InputGitTreeElement(p, "100644", "blob", content=c) for p, c in files.items()]
        tree = repository.create_git_tree(entries, parent.tree)
        commit = repository.create_git_commit(message, tree, [parent])
        if exists:
            repository.get_git_ref(f"heads/{branch}").edit(commit.sha, force)
        else:
            repository.create_git_ref(f"refs/heads/{branch}", commit.sha)
        return commit.sha

    def delete_branch(self, branch: str) -> None:
        """Delete a branch, which closes its pull requests."""
        repository = self.github.get_repo(self._repository)
        repository.get_git_ref(f"heads/{branch}").delete()

    def open_pull(self, branch: str, title: str = "Change", *, draft: bool = False) -> PullRequest:
        """Open a pull request of a branch into the default branch."""
        base = self.github.get_repo(self._repository).default_branch
        return self.repository.create_pull(base, branch, title=title, body="", draft=draft)

    def review(self, number: int, *comments: At, body: str = "", event: str = "COMMENT") -> int:
        """Submit a review, with comments at lines, and return its id."""
        inline = [
            {"path": c.path, "line": c.line, "body": c.body, "side": "RIGHT"} for c in comments
        ]
        pull = self.repository.get_pull(number)
        return pull.create_review(body=body, event=event, comments=inline).id  # type: ignore[arg-type]

    def rerun(self, check_run_id: int) -> None:
        """Press "Re-run" at a check run."""
        url = f"{self.repository.url}/check-runs/{check_run_id}/rerequest"
        self.github.requester.requestJsonAndCheck("POST", url)
