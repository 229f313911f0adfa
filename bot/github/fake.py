"""GitHub in memory: the same promises as the real one, faults on demand, and a log of all calls."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from bot.github.clipping import marked, same
from bot.github.fake_repository import FakeRepository, Link
from bot.github.git_objects import check_path
from bot.github.hub import (
    Artifact,
    Change,
    Check,
    Comment,
    Commit,
    HubError,
    Issue,
    Missing,
    Permission,
    PullRequest,
    Reaction,
    Refused,
    Repository,
    Review,
    Thread,
    WorkflowRun,
)
from bot.github.runs import digest_of

_CHANGES = 30


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a method of `Hub`, with its arguments."""

    repository: str
    method: str
    arguments: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A planned failure of a method of `Hub`.

    Attributes:
        method: its name, such as "put_comment".
        error: what is raised.
        nth: which call fails, counted from 1 from now on.
        after: it fails when all is done: the answer is lost.
        times: how many calls in a row fail.
    """

    method: str
    error: HubError
    nth: int = 1
    after: bool = False
    times: int = 1


class FakeGitHub:
    """Repositories in memory; `Hubs` for the service, `repository` for who plays the people."""

    def __init__(self, login: str = "boardwright[bot]") -> None:
        self.calls: list[Call] = []
        self.lock = threading.RLock()
        self._login = login
        self._repositories: dict[str, FakeRepository] = {}
        self._faults: list[tuple[Fault, int]] = []
        self._counted: Counter[str] = Counter()

    @property
    def login(self) -> str:
        """Return the name under which the service writes."""
        return self._login

    def add(self, full_name: str, *, private: bool = False) -> FakeRepository:
        """Make a repository with one commit on `main`."""
        self._repositories[full_name] = FakeRepository(full_name, private=private)
        return self._repositories[full_name]

    def remove(self, full_name: str) -> None:
        """Delete a repository, or take it away from the service."""
        del self._repositories[full_name]

    def open(self, full_name: str, installation_id: int | None = None) -> FakeHub:
        """Return a repository as the service sees it."""
        return FakeHub(self, full_name)

    def fail(self, fault: Fault) -> None:
        """Plan a failure."""
        self._faults.append((fault, self._counted[fault.method]))

    def count(self, method: str) -> int:
        """Return how often a method was called."""
        return self._counted[method]

    @contextmanager
    def calling(self, full_name: str, method: str, *arguments: object) -> Iterator[FakeRepository]:
        """Log a call, let it fail if that is planned, and give it the repository."""
        with self.lock:
            self.calls.append(Call(full_name, method, arguments))
            self._counted[method] += 1
            fault = self._planned(method)
            if fault and not fault.after:
                raise fault.error
            if full_name not in self._repositories:
                raise Missing(f"GitHub did not find the repository {full_name}.")
            try:
                yield self._repositories[full_name]
            except KeyError as missing:
                raise Missing(f"GitHub did not find {missing} in {full_name}.") from None
            if fault:
                raise fault.error

    def _planned(self, method: str) -> Fault | None:
        for fault, before in self._faults:
            number = self._counted[method] - before
            if fault.method == method and fault.nth <= number < fault.nth + fault.times:
                return fault
        return None


class FakeHub:
    """One repository in memory; `bot.github.hub.Hub` says what the methods promise."""

    def __init__(self, github: FakeGitHub, full_name: str) -> None:
        self._github = github
        self._full_name = full_name

    def repository(self) -> Repository:
        """Return the repository as it stands."""
        with self._calling("repository") as there:
            return Repository(there.full_name, there.default_branch, there.private, there.archived)

    def permission(self, login: str) -> Permission:
        """Return what a person may do; NONE for whom nobody knows."""
        with self._calling("permission", login) as there:
            stranger = Permission.NONE if there.private else Permission.READ
            known = login in there.users
            return there.roles.get(login, stranger if known else Permission.NONE)

    def issue(self, number: int) -> Issue:
        """Return an issue."""
        with self._calling("issue", number) as there:
            return there.issues[number]

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return all comments of an issue or pull request, oldest first."""
        with self._calling("comments", number) as there:
            return tuple(there.comments[number])

    def put_comment(self, number: int, marker: str, body: str) -> Comment:
        """Let the one comment of ours that holds `marker` say `body`."""
        with self._calling("put_comment", number, marker, body) as there:
            text = marked(body, marker)
            for comment in there.comments[number]:
                if comment.author == self._github.login and marker in comment.body:
                    if same(comment.body, text):
                        return comment
                    return there.edit_comment(number, comment.id, text)
            return there.say(self._github.login, number, text)

    def minimise(self, comment: Comment) -> bool:
        """Fold a comment away as outdated; return False where GitHub does not let us."""
        with self._calling("minimise", comment.id) as there:
            if there.allows_resolving:
                there.minimised.add(comment.id)
            return there.allows_resolving

    def react(self, number: int, comment_id: int | None, reaction: Reaction) -> None:
        """Let exactly `reaction` be ours on an issue or on its comment."""
        with self._calling("react", number, comment_id, reaction) as there:
            if comment_id is not None and all(c.id != comment_id for c in there.comments[number]):
                raise KeyError(comment_id)
            held = there.reactions.setdefault((there.issues[number].number, comment_id), set())
            held -= {pair for pair in held if pair[0] == self._github.login}
            held.add((self._github.login, reaction.value))

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Add labels; those that the repository does not know are made."""
        with self._calling("add_labels", number, tuple(labels)) as there:
            there.label(number, *labels)

    def head_of(self, branch: str) -> str | None:
        """Return the commit that a branch points at; None where there is no such branch."""
        with self._calling("head_of", branch) as there:
            return there.branches.get(branch)

    def read(self, path: str, ref: str, at_most: int) -> Mapping[str, bytes]:
        """Return a file, or all files below a folder, by path in the repository."""
        with self._calling("read", path, ref, at_most) as there:
            found = there.content_of(path, there.branches.get(ref, ref))
            asked = f"GitHub refused to read {path} of {self._full_name}"
            for name, content in found.items():
                if isinstance(content, Link):
                    raise Refused(f"{asked}: {name} is a symbolic link, which is not followed.")
            if sum(map(len, found.values())) > at_most:
                raise Refused(f"{asked}: it is larger than the {at_most} bytes that are read.")
            return found

    def tree_of(self, path: str, ref: str) -> str | None:
        """Return git's id of a folder at a branch or commit; None where there is none."""
        with self._calling("tree_of", path, ref) as there:
            return there.tree_of(path, there.branches.get(ref, ref))

    def changes(self, path: str, ref: str) -> tuple[Change, ...]:
        """Return the newest commits below `ref` that touched a path, newest first."""
        with self._calling("changes", path, ref) as there:
            found = [
                Change(commit.sha, commit.author, commit.message)
                for commit in there.history(there.branches.get(ref, ref))
                if there.content_of(path, commit.sha)
                != (there.content_of(path, commit.parents[0]) if commit.parents else {})
            ]
            return tuple(found[:_CHANGES])

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
        with self._calling("commit", branch, base_sha, folder, expected_sha) as there:
            for path in (folder, *files):
                check_path(path)
            head = there.branches.get(branch)
            placed = {f"{folder}/{path}": content for path, content in files.items()}
            if head and there.content_of(folder, head) == placed:
                return Commit(head, made=False)
            if expected_sha is not None and head != expected_sha:
                where = f"it points at {head[:10]}" if head else "it is gone"
                raise Refused(
                    f"GitHub refused to write {folder} to the branch {branch} of "
                    f"{self._full_name}: the branch was at {expected_sha[:10]} when it was read; "
                    f"{where}."
                )
            parent = head or base_sha
            old = there.content_of(folder, parent)
            kept = {p: c for p, c in there.commits[parent].files.items() if p not in old}
            login = self._github.login
            return Commit(there.commit(login, branch, kept | placed, message, (parent,)), made=True)

    def put_pull(self, branch: str, base: str, title: str, body: str, marker: str) -> PullRequest:
        """Return the pull request of a branch with this text; make a draft where none is open."""
        with self._calling("put_pull", branch, base, title, body, marker) as there:
            text = marked(body, marker)
            for pull in there.pulls.values():
                if pull.is_open and pull.head_branch == branch and there.is_here(pull):
                    if pull.title != title or not same(pull.body, text):
                        there.edit_issue(pull.number, title, text)
                    return there.pulls[pull.number]
            login = self._github.login
            return there.open_pull(login, branch, base, title, text, draft=True)

    def pull(self, number: int) -> PullRequest:
        """Return a pull request."""
        with self._calling("pull", number) as there:
            return there.pulls[number]

    def pulls_of(self, branch: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of a branch of this repository, newest first."""
        with self._calling("pulls_of", branch) as there:
            ours = (p for p in there.pulls.values() if p.head_branch == branch)
            return tuple(sorted(filter(there.is_here, ours), key=lambda p: -p.number))

    def request_review(self, number: int, login: str) -> None:
        """Ask a person for a review."""
        with self._calling("request_review", number, login) as there:
            reviewed = {review.author for review in there.reviews[number]}
            asked = there.requested[number]
            author = there.issues[number].author
            if login not in {*reviewed, *asked, *there.cannot_review, author}:
                asked.append(login)

    def review(self, number: int, review_id: int) -> Review:
        """Return a review of a pull request."""
        with self._calling("review", number, review_id) as there:
            return {review.id: review for review in there.reviews[number]}[review_id]

    def threads(self, number: int) -> tuple[Thread, ...]:
        """Return all threads of a pull request, oldest first."""
        with self._calling("threads", number) as there:
            return tuple(there.threads[there.pulls[number].number])

    def reply(self, number: int, thread: Thread, marker: str, body: str) -> None:
        """Answer in a thread, unless an answer of ours there holds the marker."""
        with self._calling("reply", number, thread.id, marker, body) as there:
            _, _, now = there.thread(thread.id)
            ours = self._github.login
            if not any(c.author == ours and marker in c.body for c in now.comments):
                there.answer(ours, thread.id, marked(body, marker))

    def resolve(self, thread: Thread) -> bool:
        """Mark a thread as resolved; return False where GitHub does not let us."""
        with self._calling("resolve", thread.id) as there:
            number, index, now = there.thread(thread.id)
            if there.allows_resolving:
                there.threads[number][index] = replace(now, is_resolved=True)
            return there.allows_resolving

    def put_check(self, check: Check) -> int:
        """Make or update the check run with its name, head and key, and return its number."""
        with self._calling("put_check", check) as there:
            if check.head_sha not in there.commits:
                raise Refused(
                    f"GitHub refused to write the check {check.name} in {self._full_name}: "
                    f"No commit found for SHA: {check.head_sha}."
                )
            identity = (check.name, check.head_sha, check.key)
            for number, held in reversed(there.checks.items()):
                if (held.name, held.head_sha, held.key) == identity:
                    new = (a for a in check.annotations if a not in held.annotations)
                    merged = (*held.annotations, *new)
                    there.checks[number] = replace(check, annotations=merged)
                    return number
            number = there.next_id()
            there.checks[number] = check
            return number

    def pulls_at(self, commit: str) -> tuple[PullRequest, ...]:
        """Return the pull requests that a commit belongs to, newest first, forks' included."""
        with self._calling("pulls_at", commit) as there:
            if commit not in there.commits:
                raise KeyError(commit)
            found = (
                pull
                for pull in there.pulls.values()
                if any(c.sha == commit for c in there.history(pull.head_sha))
            )
            return tuple(sorted(found, key=lambda pull: -pull.number))

    def runs(self, workflow: str, branch: str, at_most: int) -> tuple[WorkflowRun, ...]:
        """Return the newest successful runs of a workflow on a branch, newest first."""
        with self._calling("runs", workflow, branch, at_most) as there:
            path = self._workflow(there, workflow)
            found = (r for r in reversed(there.runs) if (r.path, r.head_branch) == (path, branch))
            return tuple(run for run in found if run.conclusion == "success")[:at_most]

    def artifacts(self, run: int) -> tuple[Artifact, ...]:
        """Return what a workflow run left."""
        with self._calling("artifacts", run) as there:
            return tuple(artifact for artifact, _ in there.artifacts[run])

    def download(self, artifact: Artifact, at_most: int) -> bytes:
        """Return the zip file of an artifact, as it was uploaded."""
        with self._calling("download", artifact, at_most) as there:
            held = {a.id: content for kept in there.artifacts.values() for a, content in kept}
            content = held[artifact.id]
            asked = f"GitHub refused to download the artifact {artifact.id} of {self._full_name}"
            if len(content) > at_most:
                raise Refused(f"{asked}: it is larger than {at_most:,} bytes.")
            if artifact.digest and artifact.digest != digest_of(content):
                raise Refused(f"{asked}: it holds other bytes than its digest says.")
            return content

    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow by hand."""
        with self._calling("dispatch", workflow, branch, dict(inputs)) as there:
            self._workflow(there, workflow)
            if not there.allows_actions:
                raise Refused(
                    f"GitHub refused to start {workflow} in {self._full_name}: "
                    "Resource not accessible by integration."
                )
            there.dispatched.append((workflow, branch, dict(inputs)))

    def _workflow(self, there: FakeRepository, workflow: str) -> str:
        path = f".github/workflows/{workflow}"
        if not there.content_of(path, there.branches[there.default_branch]):
            raise KeyError(path)
        return path

    @contextmanager
    def _calling(self, method: str, *arguments: object) -> Iterator[FakeRepository]:
        with self._github.calling(self._full_name, method, *arguments) as there:
            yield there
