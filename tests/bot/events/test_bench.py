"""What is heeded of workflow runs, and of checks that somebody wants again."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from bot.events.delivery import read
from bot.events.event import Event, Measured, Rerun
from bot.events.heeded import Heeded, Ignored
from tests.bot.events.payloads import BOT, PERSON, REPOSITORY, of, recorded

PATH = ".github/workflows/boardwright-measure.yml"
SHA = "a" * 40


def heard(name: str, payload: Any) -> Event | Ignored:
    return read(name, json.dumps(payload).encode(), Heeded("tinyml"))


def ended(action: str = "completed", **changes: Any) -> dict[str, Any]:
    run = {
        "id": 77,
        "path": PATH,
        "event": "workflow_run",
        "head_branch": "main",
        "head_sha": SHA,
        "head_repository": {"id": REPOSITORY["id"]},
        "html_url": "https://github.com/octo-org/fruit_sorter.c/actions/runs/77",
    }
    payload = of(action, workflow_run=run | changes)
    payload["repository"]["default_branch"] = "main"
    return payload


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"event": "workflow_dispatch"},
        {"path": ".github/workflows/measure.yml@refs/heads/main"},
        {"event": "pull_request_target", "head_branch": "boardwright/issue-5-sort-fruit"},
        {"conclusion": "failure"},
    ],
)
def test_a_run_of_the_bench_that_ended_is_heard(changes: dict[str, Any]) -> None:
    payload = ended(**changes)
    event = heard("workflow_run", payload)
    assert isinstance(event, Measured)
    assert (event.repository, event.run, event.installation_id) == (REPOSITORY["full_name"], 77, 3)
    assert isinstance(heard("workflow_run", payload | {"sender": BOT}), Measured)
    assert event.conclusion == changes.get("conclusion", "")


@pytest.mark.parametrize(
    ("title", "commit"),
    [
        (f"Boardwright measure {SHA}", SHA),
        ("Boardwright measure", ""),
        (f"Boardwright measure {SHA}{SHA}", ""),
        (f"measure {SHA}", ""),
        (None, ""),
    ],
)
def test_the_name_of_a_run_tells_what_it_was_to_measure(title: str | None, commit: str) -> None:
    event = heard("workflow_run", ended(display_title=title, conclusion="cancelled"))
    assert isinstance(event, Measured)
    assert (event.commit, event.conclusion) == (commit, "cancelled")


@pytest.mark.parametrize(
    "payload",
    [
        ended("requested"),
        ended("in_progress"),
        ended(path=".github/workflows/other.yml"),
        ended(path="measure.yml"),
        ended(path=f"{PATH}.bak"),
        ended(path=None),
        ended(head_repository={"id": 12}),
        ended(head_repository=None),
        ended(event="pull_request"),
        ended(event="push"),
        ended(event="schedule"),
        ended(event="workflow_dispatch", head_branch="boardwright/issue-5-sort-fruit"),
        ended(event="workflow_run", head_branch=None),
        ended(event="pull_request_target", head_repository={"id": 12}),
    ],
)
def test_no_other_run_says_what_boards_measured(payload: dict[str, Any]) -> None:
    assert isinstance(heard("workflow_run", payload), Ignored)


def test_recorded_runs_become_results_only_where_the_workflow_is_a_bench_s() -> None:
    runs = [copy.deepcopy(payload) for name, payload in recorded() if name == "workflow_run"]
    assert len(runs) >= 4
    assert {type(heard("workflow_run", payload)) for payload in runs} == {Ignored}
    for payload in runs:
        payload["workflow_run"] |= {"path": PATH, "event": "workflow_dispatch"}
    found = [
        heard("workflow_run", payload) for payload in runs if "path" in payload["workflow_run"]
    ]
    assert any(isinstance(event, Measured) for event in found)


def test_a_board_s_check_is_wanted_again_by_either_button() -> None:
    run = {"external_id": "board:pico", "head_sha": SHA}
    first = heard("check_run", of("rerequested", check_run=run))
    pressed = of(
        "requested_action", check_run=run, requested_action={"identifier": "measure-again"}
    )
    assert heard("check_run", pressed) == first
    assert isinstance(first, Rerun) and (first.key, first.head_sha) == ("board:pico", SHA)
    strange = pressed | {"requested_action": {"identifier": "deploy"}}
    assert isinstance(heard("check_run", strange), Ignored)
    assert isinstance(heard("check_run", pressed | {"sender": BOT}), Ignored)


def test_all_checks_of_a_commit_are_wanted_again() -> None:
    suite = {"head_sha": SHA, "head_branch": "boardwright/issue-5-sort-fruit"}
    event = heard("check_suite", of("rerequested", check_suite=suite))
    assert isinstance(event, Rerun)
    assert (event.key, event.head_sha, event.branch) == ("", SHA, suite["head_branch"])
    unnamed = heard("check_suite", of("rerequested", check_suite=suite | {"head_branch": None}))
    assert isinstance(unnamed, Rerun) and unnamed.branch == ""
    assert isinstance(heard("check_suite", of("completed", check_suite=suite)), Ignored)
    wanted = [p for name, p in recorded() if name == "check_suite" and p["action"] == "rerequested"]
    by_people = [payload | {"sender": PERSON} for payload in wanted]
    assert wanted and all(isinstance(heard("check_suite", p), Rerun) for p in by_people)
    assert all(isinstance(heard("check_suite", payload), Ignored) for payload in wanted)
