"""The journey against a GitHub that we did not write; event files are what it delivers."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.actions import one_run
from bot.actions.acting import act
from bot.actions.context import Context, read_context
from bot.actions.one_run import Settings
from bot.actions.report import Report
from bot.github.access import Connection, TokenAccess
from bot.github.client import GitHub
from tests.bot.actions.conftest import QuickShop
from tests.bot.jobs.fake_work import FOLDER
from tests.github.emulator.person import At
from tests.github.emulator.receiver import Delivery
from tests.github.emulator.seed import PUBLIC
from tests.github.emulator.server import HubServer
from tests.github.fixtures import _github_contract, _github_parts, hub_server

__all__ = ["_github_contract", "_github_parts", "hub_server"]

OURS = "boardwright[bot]"
ROOT = Path(__file__).parents[3]
APPROVE = {"boardwright.toml": "[service]\napprove_plan = true\n"}


class Workflow:
    """The runner: starts a run for the newest delivery, on a machine that is new."""

    def __init__(self, server: HubServer, folder: Path) -> None:
        self.server, self._folder = server, folder
        self.token = server.integration().get_access_token(server.installation_id).token
        self._runs: Iterator[int] = itertools.count(1)

    def variables(self, delivery: Delivery) -> dict[str, str]:
        number = next(self._runs)
        scratch = self._folder / f"run-{number}"
        scratch.mkdir()
        (scratch / "event.json").write_bytes(delivery.raw)
        return {
            "GITHUB_EVENT_NAME": delivery.event,
            "GITHUB_EVENT_PATH": str(scratch / "event.json"),
            "GITHUB_REPOSITORY": PUBLIC,
            "GITHUB_RUN_ID": str(number),
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_API_URL": self.server.url,
            "GITHUB_TOKEN": self.token,
            "GITHUB_STEP_SUMMARY": str(scratch / "summary.md"),
            "GITHUB_OUTPUT": str(scratch / "output.txt"),
            "RUNNER_TEMP": str(scratch),
            "BOARDWRIGHT_OWN_LOGIN": OURS,
        }

    def newest(self, name: str) -> Delivery:
        return self.server.deliveries(name)[-1]

    def follow(self, name: str) -> Report:
        context: Context = read_context(self.variables(self.newest(name)))
        access = TokenAccess(context.token, context.login)
        connection = Connection(context.api_url, seconds_between_writes=0)
        settings = Settings()
        return act(context, GitHub(access, connection), settings)


@pytest.fixture
def workflow(hub_server: HubServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workflow:
    monkeypatch.setattr(one_run, "Workshop", QuickShop)
    monkeypatch.setenv("BOARDWRIGHT_SETTINGS", "")  # a run sets it; this gives it back
    return Workflow(hub_server, tmp_path)


@pytest.mark.slow
def test_from_the_label_to_a_followed_review(workflow: Workflow) -> None:
    maint = workflow.server.person("maint")
    maint.push("main", APPROVE)
    issue = maint.open_issue("Three fruits", "ASK which board")
    maint.label(issue.number, "tinyml")
    assert workflow.follow("issues.labeled").verdict == "asking"

    maint.comment(issue.number, "on the host")
    assert workflow.follow("issue_comment.created").verdict == "approving"

    maint.comment(issue.number, "/boardwright approve")
    report = workflow.follow("issue_comment.created")
    assert report.verdict == "met" and not report.service_failed
    (pull,) = maint.repository.get_pulls()
    assert pull.draft and pull.user.login == OURS

    path = f"{FOLDER}/train.py"
    maint.review(pull.number, At(path, 1, "rename it"), event="REQUEST_CHANGES", body="hm")
    report = workflow.follow("pull_request_review.submitted")
    assert report.live is not None and report.live.revisions == 1
    head = maint.repository.get_pull(pull.number).head.sha
    content = maint.repository.get_contents(path, head)
    assert not isinstance(content, list)
    assert content.decoded_content.endswith(b"# hm\n# rename it\n")

    ours = [c for c in issue.get_comments() if c.user.login == OURS]
    assert len(ours) == 1, "one comment, edited in place by four runs"
    assert "state=1" in ours[0].body and "Ready for review" in ours[0].body
    (check,) = maint.repository.get_commit(head).get_check_runs()
    assert check.name == "Boardwright / evidence"

    maint.close(issue.number)
    assert workflow.follow("issues.closed").verdict == "cancelled"


def test_the_command_line_follows_an_event_and_keeps_the_token_to_itself(
    workflow: Workflow,
) -> None:
    maint = workflow.server.person("maint")
    issue = maint.open_issue("Three fruits", "Tell fruits apart")
    maint.comment(issue.number, "/boardwright help")
    variables = workflow.variables(workflow.newest("issue_comment.created"))
    ended = subprocess.run(
        [sys.executable, "-m", "bot", "act"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": variables["RUNNER_TEMP"], **variables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "commanded: answered" in ended.stdout
    assert workflow.token not in ended.stdout + ended.stderr
    assert "measure BOARD" in [c.body for c in issue.get_comments()][-1]
    assert "verdict=ignored" in Path(variables["GITHUB_OUTPUT"]).read_text()
