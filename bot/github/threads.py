"""Threads of review comments, which GitHub offers in GraphQL alone.

Source: https://docs.github.com/graphql/reference/objects#pullrequestreviewthread
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import BaseModel, Field

from bot.github.clipping import marked
from bot.github.hub import Missing, Refused, ReviewComment, Thread
from bot.github.issue import GHOST
from bot.github.wire import Nothing, Wire

_COMMENTS = """
comments(first: 100, after: $comments) {
  pageInfo { hasNextPage endCursor }
  nodes {
    fullDatabaseId
    author { __typename login }
    body
    path
    line
    pullRequestReview { fullDatabaseId }
  }
}
"""

THREADS = (
    """
query Threads($owner: String!, $name: String!, $number: Int!, $after: String, $comments: String) {
  repository(owner: $owner, name: $name) {
    pullRequest(number: $number) {
      reviewThreads(first: 50, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id isResolved """
    + _COMMENTS
    + """ }
      }
    }
  }
}
"""
)

THREAD = (
    """
query Thread($id: ID!, $comments: String) {
  node(id: $id) {
    ... on PullRequestReviewThread { id isResolved """
    + _COMMENTS
    + """ }
  }
}
"""
)

REPLY = """
mutation Reply($thread: ID!, $body: String!) {
  addPullRequestReviewThreadReply(input: {pullRequestReviewThreadId: $thread, body: $body}) {
    comment { id }
  }
}
"""

RESOLVE = """
mutation Resolve($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { id isResolved } }
}
"""


class _Page(BaseModel):
    more: bool = Field(alias="hasNextPage")
    end: str | None = Field(alias="endCursor")


class _Actor(BaseModel):
    type: str = Field(alias="__typename")
    login: str


class _Review(BaseModel):
    id: int | None = Field(alias="fullDatabaseId")


class _Comment(BaseModel):
    id: int = Field(alias="fullDatabaseId")
    author: _Actor | None
    body: str
    path: str
    line: int | None
    review: _Review | None = Field(alias="pullRequestReview")

    def value(self) -> ReviewComment:
        review = self.review.id if self.review else None
        return ReviewComment(self.id, _login(self.author), self.body, self.path, self.line, review)


class _Comments(BaseModel):
    page: _Page = Field(alias="pageInfo")
    nodes: list[_Comment]


class _Thread(BaseModel):
    id: str
    resolved: bool = Field(alias="isResolved")
    comments: _Comments


class _ThreadList(BaseModel):
    page: _Page = Field(alias="pageInfo")
    nodes: list[_Thread]


class _Pull(BaseModel):
    threads: _ThreadList = Field(alias="reviewThreads")


class _Repository(BaseModel):
    pull: _Pull | None = Field(alias="pullRequest")


class _ThreadsData(BaseModel):
    repository: _Repository | None


class _ThreadData(BaseModel):
    node: _Thread | None


@dataclass(frozen=True, slots=True)
class Threads:
    """The review threads of a repository; `ours` returns the login under which we write."""

    wire: Wire
    full_name: str
    ours: Callable[[], str]

    def threads(self, number: int) -> tuple[Thread, ...]:
        """Return all threads of a pull request, oldest first."""
        asked = f"list the review threads of {self.full_name}#{number}"
        owner, _, name = self.full_name.partition("/")
        variables = {"owner": owner, "name": name, "number": number, "comments": None}
        found: list[Thread] = []
        after: str | None = None
        while True:
            data = self.wire.graphql(asked, THREADS, {**variables, "after": after}, _ThreadsData)
            if data.repository is None or data.repository.pull is None:
                raise Missing(f"There is no pull request {self.full_name}#{number}.")
            page = data.repository.pull.threads
            found += [self._whole(asked, thread) for thread in page.nodes]
            if not page.page.more or page.page.end == after:
                return tuple(found)
            after = page.page.end

    def reply(self, number: int, thread: Thread, marker: str, body: str) -> None:
        """Answer in a thread, unless an answer of ours there, by now, holds the marker."""
        asked = f"answer in a review thread of {self.full_name}#{number}"
        variables = {"id": thread.id, "comments": None}
        node = self.wire.graphql(asked, THREAD, variables, _ThreadData).node
        if node is None:
            raise Missing(f"A review thread of {self.full_name}#{number} is gone.")
        ours = self.ours()
        there = self._whole(asked, node).comments
        if any(c.author == ours and marker in c.body for c in there):
            return
        answer = {"thread": thread.id, "body": marked(body, marker)}
        self.wire.graphql(asked, REPLY, answer, Nothing)

    def resolve(self, thread: Thread) -> bool:
        """Mark a thread as resolved; return False where GitHub does not let us."""
        asked = f"resolve a review thread in {self.full_name}"
        try:
            self.wire.graphql(asked, RESOLVE, {"thread": thread.id}, Nothing)
        except Refused:
            return False
        return True

    def _whole(self, asked: str, thread: _Thread) -> Thread:
        """Return a thread with the comments of all its pages."""
        comments, page = list(thread.comments.nodes), thread.comments.page
        while page.more:
            variables = {"id": thread.id, "comments": page.end}
            node = self.wire.graphql(asked, THREAD, variables, _ThreadData).node
            if node is None or node.comments.page.end == page.end:
                break
            comments += node.comments.nodes
            page = node.comments.page
        return Thread(thread.id, thread.resolved, tuple(c.value() for c in comments))


def _login(actor: _Actor | None) -> str:
    """Return a login as REST writes it: GraphQL leaves the `[bot]` of an App's name out."""
    if actor is None:
        return GHOST
    bare = actor.type == "Bot" and not actor.login.endswith("[bot]")
    return f"{actor.login}[bot]" if bare else actor.login
