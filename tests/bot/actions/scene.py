"""A repository whose workflow is Boardwright's: people act, and a run follows each event.

The runs share nothing but GitHub: each has a folder and an engine of its own.
"""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.actions.acting import act
from bot.actions.context import Context
from bot.actions.one_run import Settings
from bot.actions.report import Report
from bot.actions.state import State, found
from bot.github.fake import FakeGitHub
from bot.github.fake_repository import Remark
from bot.github.hub import Comment, Permission, PullRequest

REPOSITORY = "octo/Widgets"
OURS = "github-actions[bot]"
FAKE_WORK = (sys.executable, str(Path(__file__).parents[1] / "jobs" / "fake_work.py"))
"""Leaves what `bot.work` would; see there for the words that steer it."""


class Scene:
    """People, their repository, and a workflow run for each event."""

    def __init__(self, folder: Path, command: Sequence[str] = FAKE_WORK) -> None:
        self.github = FakeGitHub(OURS)
        self.there = self.github.add(REPOSITORY)
        self.there.users.update(("ada", "bob"))
        self.there.roles["ada"] = Permission.WRITE
        self.there.now = lambda: datetime.now(UTC)  # type: ignore[method-assign]
        self.settings = Settings(command=command, every_s=0.05)
        self._folder = folder
        self._runs = itertools.count(1)

    def run(self, event: str, payload: dict[str, Any]) -> Report:
        """Start a workflow run, on a machine that is new."""
        number = next(self._runs)
        scratch = self._folder / f"run-{number}"
        scratch.mkdir()
        context = Context(
            event=event,
            payload=json.dumps(payload).encode(),
            repository=REPOSITORY,
            run=f"run-{number}-1",
            run_url="",
            token="",
            login=OURS,
            api_url="",
            scratch=scratch,
            summary=scratch / "summary.md",
            output=scratch / "output.txt",
        )
        return act(context, self.github, self.settings)

    # What people do

    def issue(self, body: str = "Tell fruits apart", title: str = "Three fruits") -> int:
        return self.there.add_issue("bob", title, body, ("tinyml",))

    def label(self, number: int, login: str = "ada") -> Report:
        label = {"name": "tinyml"}
        return self.run("issues", self._payload("labeled", number, login) | {"label": label})

    def say(self, number: int, text: str, login: str = "ada") -> Comment:
        return self.there.say(login, number, text)

    def comment(self, number: int, text: str, login: str = "ada") -> Report:
        return self.commented(number, self.say(number, text, login))

    def commented(self, number: int, comment: Comment) -> Report:
        """Let the run of a comment that stands there start."""
        payload = self._payload("created", number, comment.author)
        said = {"id": comment.id, "body": comment.body}
        return self.run("issue_comment", payload | {"comment": said})

    def review(
        self, pull: PullRequest, *remarks: Remark, body: str = "", login: str = "ada"
    ) -> Report:
        review = self.there.add_review(login, pull.number, "changes_requested", body, remarks)
        said = {"id": review.id, "state": review.state, "body": body}
        return self.run("pull_request_review", self._pull("submitted", pull, login, review=said))

    def close_pull(self, pull: PullRequest, merged: bool) -> Report:
        self.there.close(pull.number, merged)
        return self.run("pull_request", self._pull("closed", pull, "ada", merged=merged))

    def close(self, number: int) -> Report:
        self.there.close(number)
        return self.run("issues", self._payload("closed", number, "ada"))

    # What is seen

    def live_comment(self, number: int) -> Comment:
        ours = [c for c in self.there.comments[number] if "/live -->" in c.body]
        assert len(ours) == 1, "there is one comment, edited in place"
        return ours[0]

    def state(self, number: int) -> State:
        state = found(self.live_comment(number).body)
        assert state is not None
        return state

    def answers(self, number: int) -> list[str]:
        return [
            c.body
            for c in self.there.comments[number]
            if c.author == OURS and "/live -->" not in c.body
        ]

    def only_pull(self) -> PullRequest:
        assert len(self.there.pulls) == 1
        return next(iter(self.there.pulls.values()))

    def content(self, path: str) -> bytes:
        return self.there.content_of(path, self.only_pull().head_sha)[path]

    def _payload(self, action: str, number: int, login: str) -> dict[str, Any]:
        issue = self.there.issues[number]
        kept: dict[str, Any] = {
            "number": number,
            "title": issue.title,
            "body": issue.body,
            "state": "open" if issue.is_open else "closed",
            "labels": [{"name": name} for name in issue.labels],
            "updated_at": datetime.now(UTC).isoformat(),
        }
        if issue.is_pull:
            kept["pull_request"] = {"url": issue.url}
        return {
            "action": action,
            "issue": kept,
            "sender": _account(login),
            "repository": {"id": 1, "full_name": REPOSITORY},
        }

    def _pull(
        self,
        action: str,
        pull: PullRequest,
        login: str,
        merged: bool = False,
        **also: dict[str, Any],
    ) -> dict[str, Any]:
        head = {"ref": pull.head_branch, "repo": {"id": 1}}
        return {
            "action": action,
            "pull_request": {"number": pull.number, "merged": merged, "head": head},
            "sender": _account(login),
            "repository": {"id": 1, "full_name": REPOSITORY},
            **also,
        }


def _account(login: str) -> dict[str, Any]:
    kind = "Bot" if login.endswith("[bot]") else "User"
    return {"login": login, "id": sum(login.encode()), "type": kind}
