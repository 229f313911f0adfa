"""Pull requests and their reviews.

Source: https://docs.github.com/rest/pulls
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from pydantic import BaseModel

from bot.github.clipping import marked, same
from bot.github.hub import PullRequest, Refused, Review
from bot.github.issue import Account, login_of
from bot.github.wire import Nothing, Wire

_NO_DRAFTS = "draft pull requests are not supported"
"""Source: GitHub's answer (422) in a private repository of a free plan."""

_TITLE_MAX_CHARACTERS = 256


class _Repository(BaseModel):
    full_name: str


class _Branch(BaseModel):
    ref: str
    sha: str
    repo: _Repository | None = None


class _Pull(BaseModel):
    number: int
    title: str
    body: str | None = None
    user: Account | None = None
    head: _Branch
    base: _Branch
    state: str
    draft: bool = False
    merged_at: str | None = None
    html_url: str
    requested_reviewers: list[Account] = []

    def value(self) -> PullRequest:
        return PullRequest(
            number=self.number,
            title=self.title,
            body=self.body or "",
            head_branch=self.head.ref,
            head_sha=self.head.sha,
            head_repository=self.head.repo.full_name if self.head.repo else None,
            base_branch=self.base.ref,
            is_open=self.state == "open",
            is_draft=self.draft,
            is_merged=self.merged_at is not None,
            url=self.html_url,
        )


class _Review(BaseModel):
    id: int
    user: Account | None = None
    state: str
    body: str | None = None
    commit_id: str | None = None


@dataclass(frozen=True, slots=True)
class Pulls:
    """The pull requests of a repository."""

    wire: Wire
    full_name: str

    def pull(self, number: int) -> PullRequest:
        """Return a pull request."""
        return self.wire.get(f"read {self._name(number)}", self._path(number), _Pull).value()

    def pulls_of(self, branch: str) -> tuple[PullRequest, ...]:
        """Return the pull requests of a branch of this repository, newest first."""
        asked = f"list the pull requests of the branch {branch} of {self.full_name}"
        owner = self.full_name.partition("/")[0]
        found = self.wire.all(asked, self._path(), _Pull, head=f"{owner}:{branch}", state="all")
        ours = (p.value() for p in found if p.head.ref == branch)
        return tuple(
            sorted((p for p in ours if self._is_here(p.head_repository)), key=lambda p: -p.number)
        )

    def pulls_at(self, commit: str) -> tuple[PullRequest, ...]:
        """Return the pull requests that a commit belongs to, newest first, forks' included."""
        asked = f"list the pull requests of {commit[:10]} in {self.full_name}"
        path = f"/repos/{quote(self.full_name)}/commits/{quote(commit, safe='')}/pulls"
        found = (pull.value() for pull in self.wire.all(asked, path, _Pull))
        return tuple(sorted(found, key=lambda pull: -pull.number))

    def put_pull(self, branch: str, base: str, title: str, body: str, marker: str) -> PullRequest:
        """Return the pull request of a branch with this text; make a draft where none is open."""
        text = {"title": title[:_TITLE_MAX_CHARACTERS], "body": marked(body, marker)}
        there = self._open(branch)
        if there is None:
            made = self._make({**text, "head": branch, "base": base, "draft": True})
            if made is not None:
                return made
            there = self._open(branch)
            if there is None:
                raise Refused(
                    f"GitHub says that the branch {branch} of {self.full_name} has a pull request, "
                    "but lists none."
                )
        if there.title == text["title"] and same(there.body, text["body"]):
            return there
        asked = f"edit {self._name(there.number)}"
        return self.wire.send("PATCH", asked, self._path(there.number), text, _Pull).value()

    def request_review(self, number: int, login: str) -> None:
        """Ask a person for a review who was not asked before and gave none."""
        asked = f"ask {login} for a review of {self._name(number)}"
        pull = self.wire.get(asked, self._path(number), _Pull)
        people = [login_of(user) for user in (pull.user, *pull.requested_reviewers)]
        reviews = self.wire.all(asked, f"{self._path(number)}/reviews", _Review)
        people += [login_of(review.user) for review in reviews]
        if login.lower() in (name.lower() for name in people):
            return
        path, body = f"{self._path(number)}/requested_reviewers", {"reviewers": [login]}
        try:
            self.wire.send("POST", asked, path, body, Nothing)
        except Refused:
            return

    def review(self, number: int, review_id: int) -> Review:
        """Return a review."""
        asked = f"read a review of {self._name(number)}"
        found = self.wire.get(asked, f"{self._path(number)}/reviews/{review_id}", _Review)
        return Review(
            id=found.id,
            author=login_of(found.user),
            state=found.state.lower(),
            body=found.body or "",
            commit_sha=found.commit_id or "",
        )

    def _open(self, branch: str) -> PullRequest | None:
        return next((p for p in self.pulls_of(branch) if p.is_open), None)

    def _make(self, body: dict[str, object]) -> PullRequest | None:
        """Return a new pull request; None where GitHub says that there is one."""
        asked = f"open a pull request in {self.full_name}"
        try:
            return self.wire.send("POST", asked, self._path(), body, _Pull).value()
        except Refused as error:
            if _NO_DRAFTS in str(error).lower() and body["draft"]:
                return self._make({**body, "draft": False})
            if "already exists" in str(error):
                return None
            raise

    def _is_here(self, repository: str | None) -> bool:
        return repository is not None and repository.lower() == self.full_name.lower()

    def _path(self, number: int | None = None) -> str:
        pulls = f"/repos/{quote(self.full_name)}/pulls"
        return pulls if number is None else f"{pulls}/{number}"

    def _name(self, number: int) -> str:
        return f"{self.full_name}#{number}"
