"""A request walked through the real service, `boardwright serve --with-worker`, by a person.

with walking(hub_server, tmp_path, "digits.md") as walk:
    walk.until_ready()
    walk.maint.review(walk.pull().number, At(walk.path("app.c"), 3, "Why?"))
    walk.until_ready(revisions=1)
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from github.CheckRun import CheckRun
from github.Commit import Commit
from github.Issue import Issue
from github.PullRequest import PullRequest

from bot.github.access import AppAccess, Connection
from bot.github.client import GitHub
from bot.github.hub import Thread
from tests.github.emulator.person import Person
from tests.github.emulator.seed import INSTALLATION_ID, PUBLIC, SECRET
from tests.github.emulator.server import HubServer
from tests.github.service import CHECK, US, until

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples" / "issues"
PATIENCE_S = 1_800.0
_ENDS = ("could not be done", "Answers are needed", "Cancelled")


@dataclass(frozen=True, slots=True)
class Walk:
    """A request on its way, and what people see of it on GitHub."""

    hub: HubServer
    log: Path
    issue: Issue
    maint: Person

    def until_ready(self, revisions: int = 0) -> None:
        """Wait until a person is to review it, after so many rounds."""
        rounds = ("", "revised once", *(f"revised {n} times" for n in range(2, 9)))[revisions]

        def over() -> bool:
            try:
                said = self.live()
            except requests.ConnectionError:  # an idle connection, closed when it was to be used
                return False
            return ("Ready for review" in said and rounds in said) or any(e in said for e in _ENDS)

        until(over, "it is ready for review", self.seen, PATIENCE_S)
        assert "Ready for review" in self.live(), self.seen()

    def until_answered(self) -> None:
        """Wait until each remark of the one review has its answer."""

        def over() -> bool:
            return all(len(thread.comments) == 2 for thread in self.threads())

        until(over, "each thread is answered", self.seen)

    def live(self) -> str:
        """Return the one comment on the issue."""
        (comment,) = [c.body for c in self.issue.get_comments() if c.user.login == US] or [""]
        return comment

    def seen(self) -> str:
        """Return what tells why it does not go on."""
        return f"{self.live()}\n{self.log.read_text()[-3000:]}"

    def pull(self) -> PullRequest:
        """Return the one pull request."""
        (found,) = self.maint.repository.get_pulls("all")
        return self.maint.repository.get_pull(found.number)

    def path(self, name: str) -> str:
        """Return the path of a file of the project."""
        return next(f.filename for f in self.pull().get_files() if f.filename.endswith(f"/{name}"))

    def file(self, name: str, ref: str) -> str:
        """Return the text of a file of the project at a commit."""
        found = self.maint.repository.get_contents(self.path(name), ref)
        assert not isinstance(found, list)
        return found.decoded_content.decode()

    def line(self, name: str, words: str) -> int:
        """Return the line of a file of the project that holds some words."""
        lines = self.file(name, self.pull().head.sha).splitlines()
        return next(number for number, text in enumerate(lines, 1) if words in text)

    def check(self, sha: str) -> CheckRun:
        """Return the one check run of ours at a commit."""
        (run,) = self.maint.repository.get_commit(sha).get_check_runs(check_name=CHECK)
        return run

    def threads(self) -> Sequence[Thread]:
        """Return the review threads, as they were begun."""
        access = AppAccess(self.hub.app_id, self.hub.private_key)
        github = GitHub(access, Connection(self.hub.url, seconds_between_writes=0.0))
        return github.open(PUBLIC, INSTALLATION_ID).threads(self.pull().number)

    def said(self) -> list[str]:
        """Return our comments on the pull request."""
        return [c.body for c in self.pull().get_issue_comments() if c.user.login == US]

    def revision(self) -> Commit:
        """Return the one commit that followed the review."""
        _, last = self.pull().get_commits()
        return self.maint.repository.get_commit(last.sha)

    def merge(self) -> None:
        """Declare the pull request ready, merge it, and wait until the job is done."""
        pull = self.maint.github.get_repo(PUBLIC).get_pull(self.pull().number)
        pull.mark_ready_for_review()
        pull.merge()
        until(lambda: "Done" in self.live(), "the job ends", self.seen)


@contextmanager
def walking(hub: HubServer, folder: Path, name: str, **environment: str) -> Iterator[Walk]:
    """Start the service, and open one of the example issues."""
    maint = hub.person("maint")
    heading, _, body = (EXAMPLES / name).read_text().partition("\n")
    with _serving(hub, folder, environment) as log:
        until(lambda: _address(log), "the service listens", log.read_text)
        hub.forward(f"{_address(log)}/webhook")
        yield Walk(hub, log, maint.open_issue(heading.removeprefix("# "), body, ["tinyml"]), maint)


@contextmanager
def _serving(hub: HubServer, folder: Path, environment: dict[str, str]) -> Iterator[Path]:
    """Run the service as docs/deploy.md says; it has to end cleanly when it is asked to."""
    key = folder / "key.pem"
    key.write_text(hub.private_key)
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "BOARDWRIGHT_APP_ID": str(hub.app_id),
        "BOARDWRIGHT_PRIVATE_KEY_FILE": str(key),
        "BOARDWRIGHT_WEBHOOK_SECRET": SECRET,
        "BOARDWRIGHT_GITHUB_URL": hub.url,
        "BOARDWRIGHT_STATE_FOLDER": str(folder / "state"),
        "BOARDWRIGHT_LOG_FORMAT": "json",
        **environment,
    }
    log = folder / "log.jsonl"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--with-worker", "--port", "0"],
            cwd=ROOT,
            env=variables,
            stderr=stream,
        )
    try:
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(90)
    assert code == 0, log.read_text()[-3000:]


def _address(log: Path) -> str:
    """Return where the service listens, which its log tells; empty before it does."""
    for line in log.read_text().splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "listening":
            return f"http://{event['address']}"
    return ""
