"""Payloads that GitHub sent, whole and damaged: nothing breaks, and nobody starts work by them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from bot.actions.acting import act
from bot.actions.context import Context
from bot.actions.one_run import Settings
from bot.events.payload import Malformed
from bot.github.fake import FakeGitHub
from tests.bot.actions.scene import OURS
from tests.bot.events.payloads import recorded

TRIGGERS = ("issues", "issue_comment", "pull_request_review", "pull_request")


def _followed(folder: Path, name: str, content: bytes, repository: str, number: int) -> FakeGitHub:
    github = FakeGitHub(OURS)
    there = github.add(repository)
    while not there.issues or max(there.issues) < number:
        there.add_issue("ada", "Title", "Body", ("tinyml",))
    context = Context(
        event=name,
        payload=content,
        repository=repository,
        run="run-1-1",
        run_url="",
        token="",
        login=OURS,
        api_url="",
        scratch=folder,
        summary=None,
        output=None,
    )
    act(context, github, Settings(label="bug"))
    return github


def test_recorded_payloads_start_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOARDWRIGHT_SETTINGS", "")
    tried = 0
    for index, (name, payload) in enumerate(recorded()):
        if name not in TRIGGERS:
            continue
        folder = tmp_path / str(index)
        folder.mkdir()
        number = (payload.get("issue") or payload["pull_request"])["number"]
        content = json.dumps(payload).encode()
        if number > 100:
            continue
        tried += 1
        there = _followed(folder, name, content, payload["repository"]["full_name"], number)
        assert there.count("commit") == 0 and there.count("put_pull") == 0
    assert tried > 40


def test_damaged_payloads_are_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOARDWRIGHT_SETTINGS", "")
    chance = random.Random(5)  # noqa: S311
    known: list[tuple[str, dict[str, Any]]] = [p for p in recorded() if p[0] in TRIGGERS]
    refused = 0
    for index in range(60):
        name, payload = chance.choice(known)
        content = json.dumps(payload).encode()
        content = content[: chance.randrange(len(content))]
        folder = tmp_path / str(index)
        folder.mkdir()
        try:
            _followed(folder, name, content, "octo/widgets", 1)
        except Malformed:
            refused += 1
    assert refused == 60
