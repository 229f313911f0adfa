"""Issues, their comments, reactions and labels.

Source: https://docs.github.com/rest/issues and https://docs.github.com/rest/reactions
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from pydantic import BaseModel

from bot.github.clipping import marked, same
from bot.github.hub import Comment, Issue, Missing, Reaction, Refused
from bot.github.issue import Account, IssueAnswer, Label, login_of
from bot.github.wire import Nothing, Wire

_LABEL_COLOUR = "5319e7"
_LABEL_MEANING = "Made or asked of Boardwright"


MINIMISE = """
mutation Minimise($comment: ID!) {
  minimizeComment(input: {subjectId: $comment, classifier: OUTDATED}) {
    minimizedComment { isMinimized }
  }
}
"""


class _Comment(BaseModel):
    id: int
    node_id: str = ""
    user: Account | None = None
    body: str | None = None
    created_at: datetime
    html_url: str

    def value(self) -> Comment:
        return Comment(
            id=self.id,
            author=login_of(self.user),
            body=self.body or "",
            created_at=self.created_at,
            url=self.html_url,
            author_id=self.user.id if self.user else 0,
            node_id=self.node_id,
        )


class _Reaction(BaseModel):
    id: int
    user: Account | None = None
    content: str


@dataclass(frozen=True, slots=True)
class Issues:
    """The issues of a repository; `ours` returns the login under which we write."""

    wire: Wire
    full_name: str
    ours: Callable[[], str]

    def issue(self, number: int) -> Issue:
        """Return an issue."""
        found = self.wire.get(f"read {self._name(number)}", self._path(number), IssueAnswer)
        return Issue(
            number=found.number,
            title=found.title,
            body=found.body or "",
            author=login_of(found.user),
            labels=tuple(n if isinstance(n, str) else n.name for n in found.labels),
            is_open=found.state == "open",
            is_pull=found.pull_request is not None,
            updated_at=found.updated_at,
            url=found.html_url,
        )

    def comments(self, number: int) -> tuple[Comment, ...]:
        """Return all comments, oldest first."""
        asked = f"list the comments of {self._name(number)}"
        found = self.wire.all(asked, f"{self._path(number)}/comments", _Comment)
        return tuple(sorted((c.value() for c in found), key=lambda c: c.id))

    def put_comment(self, number: int, marker: str, body: str) -> Comment:
        """Let the one comment of ours that holds `marker` say `body`."""
        text = marked(body, marker)
        ours = self.ours()
        there = next(
            (c for c in self.comments(number) if c.author == ours and marker in c.body), None
        )
        if there is not None and same(there.body, text):
            return there
        if there is None:
            asked, verb = f"write a comment on {self._name(number)}", "POST"
            path = f"{self._path(number)}/comments"
        else:
            asked, verb = f"edit the comment on {self._name(number)}", "PATCH"
            path = f"{self._root()}/issues/comments/{there.id}"
        return self.wire.send(verb, asked, path, {"body": text}, _Comment).value()

    def minimise(self, comment: Comment) -> bool:
        """Fold a comment away as outdated; return False where GitHub does not let us.

        Source: https://docs.github.com/graphql/reference/mutations#minimizecomment
        """
        asked = f"fold away a comment in {self.full_name}"
        try:
            self.wire.graphql(asked, MINIMISE, {"comment": comment.node_id}, Nothing)
        except (Missing, Refused):
            return False
        return True

    def react(self, number: int, comment_id: int | None, reaction: Reaction) -> None:
        """Let exactly `reaction` be ours on an issue or its comment."""
        target = self._path(number)
        if comment_id is not None:
            target = f"{self._root()}/issues/comments/{comment_id}"
        asked, path = f"react to {self._name(number)}", f"{target}/reactions"
        ours = self.ours()
        held = [r for r in self.wire.all(asked, path, _Reaction) if login_of(r.user) == ours]
        if not any(r.content == reaction.value for r in held):
            self.wire.send("POST", asked, path, {"content": reaction.value}, Nothing)
        for other in held:
            if other.content != reaction.value:
                self._withdraw(asked, f"{path}/{other.id}")

    def add_labels(self, number: int, labels: Sequence[str]) -> None:
        """Add labels; those that the repository does not know are made."""
        held = {name.lower() for name in self.issue(number).labels}
        wanted = [name for name in labels if name.lower() not in held]
        if not wanted:
            return
        for name in wanted:
            self._make_label(name)
        asked = f"label {self._name(number)}"
        self.wire.send("POST", asked, f"{self._path(number)}/labels", {"labels": wanted}, Nothing)

    def _make_label(self, name: str) -> None:
        asked = f"make the label {name} in {self.full_name}"
        path = f"{self._root()}/labels"
        if self.wire.find(asked, f"{path}/{quote(name, safe='')}", Label):
            return
        body = {"name": name, "color": _LABEL_COLOUR, "description": _LABEL_MEANING}
        try:
            self.wire.send("POST", asked, path, body, Nothing)
        except Refused:
            if self.wire.find(asked, f"{path}/{quote(name, safe='')}", Label) is None:
                raise  # else somebody else made it in between

    def _withdraw(self, asked: str, path: str) -> None:
        try:
            self.wire.send("DELETE", asked, path, None, Nothing)
        except Missing:
            return

    def _root(self) -> str:
        return f"/repos/{quote(self.full_name)}"

    def _path(self, number: int) -> str:
        return f"{self._root()}/issues/{number}"

    def _name(self, number: int) -> str:
        return f"{self.full_name}#{number}"
