"""The demo request, for real: `boardwright serve --with-worker`, training, an emulated board."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.github.emulator.seed import SECRET
from tests.github.emulator.server import HubServer
from tests.github.service import CHECK, US, until

ROOT = Path(__file__).parents[2]
TOOLS = ("gcc", "arm-none-eabi-gcc", "qemu-system-arm")
MISSING = [name for name in TOOLS if shutil.which(name) is None]
MISSING += [name for name in ("tensorflow",) if find_spec(name) is None]
PATIENCE_S = 1_800.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}"),
]


@contextmanager
def serving(hub: HubServer, folder: Path) -> Iterator[Path]:
    """Run the service as docs/deploy.md says; it has to end cleanly when it is asked to."""
    key = folder / "key.pem"
    key.write_text(hub.private_key)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "BOARDWRIGHT_APP_ID": str(hub.app_id),
        "BOARDWRIGHT_PRIVATE_KEY_FILE": str(key),
        "BOARDWRIGHT_WEBHOOK_SECRET": SECRET,
        "BOARDWRIGHT_GITHUB_URL": hub.url,
        "BOARDWRIGHT_STATE_FOLDER": str(folder / "state"),
        "BOARDWRIGHT_LOG_FORMAT": "json",
    }
    log = folder / "log.jsonl"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--with-worker", "--port", "0"],
            cwd=ROOT,
            env=environment,
            stderr=stream,
        )
    try:
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        code = process.wait(90)
    assert code == 0, log.read_text()[-3000:]


def address_of(log: Path) -> str:
    """Return where the service listens, which its log tells; empty before it does."""
    for line in log.read_text().splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "listening":
            return f"http://{event['address']}"
    return ""


def test_the_wines_become_a_pull_request(hub_server: HubServer, tmp_path: Path) -> None:
    maint = hub_server.person("maint")
    heading, _, body = (ROOT / "examples/issues/wine.md").read_text().partition("\n")
    with serving(hub_server, tmp_path) as log:

        def seen() -> str:
            return f"{live()}\n{log.read_text()[-3000:]}"

        def live() -> str:
            (comment,) = [c.body for c in issue.get_comments() if c.user.login == US] or [""]
            return comment

        until(lambda: address_of(log), "the service listens", log.read_text)
        hub_server.forward(f"{address_of(log)}/webhook")
        issue = maint.open_issue(heading.removeprefix("# "), body, ["tinyml"])
        ends = ("Ready for review", "could not be done", "Answers are needed")
        until(lambda: any(e in live() for e in ends), "it is built", seen, PATIENCE_S)

        assert "Ready for review" in live(), seen()
        assert live().count("✅") == 5
        (found,) = maint.repository.get_pulls("open")
        pull = maint.repository.get_pull(found.number)
        assert pull.draft and f"Closes #{issue.number}" in pull.body
        assert [asked.login for asked in pull.requested_reviewers] == ["maint"]
        names = {file.filename.rpartition("/")[2] for file in pull.get_files()}
        assert {"features.c", "train.py", "app.c", "model.tflite", "evidence.json"} <= names
        (check,) = maint.repository.get_commit(pull.head.sha).get_check_runs(check_name=CHECK)
        assert check.conclusion == "success", check.output.summary
        assert "mps2-an386" in " ".join(c.body for c in pull.get_issue_comments())

        maint.close(issue.number)
        until(lambda: "was closed by maint" in live(), "the job ends", seen)
