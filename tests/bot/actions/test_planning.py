"""What may go to the bench, and what may not: by what GitHub says, not by what an event claims."""

from __future__ import annotations

import copy
import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.actions.approval import ENVIRONMENT, LABEL, Approval
from bot.actions.asking import Absent, Nothing, Refused, Wanted
from bot.actions.built import check_head
from bot.actions.planning import main, plan

REPOSITORY, BUILDS = "octo/widgets", ".github/workflows/boardwright-build.yml"
HEAD, OTHER, SHA256 = "a" * 40, "b" * 40, "5" * 64
PULL, RUN, ARTIFACT = 7, 111, 222
FORK = {"full_name": "eve/widgets", "owner": {"login": "eve"}}
OWN = {"full_name": REPOSITORY, "owner": {"login": "octo"}}
PROTECTED = {"protection_rules": [{"type": "required_reviewers", "reviewers": [{"type": "User"}]}]}


@dataclass
class World:
    """What GitHub answers; a path is looked up without its query, then with it."""

    run: dict[str, Any] = field(
        default_factory=lambda: {
            "id": RUN,
            "path": BUILDS,
            "event": "pull_request",
            "status": "completed",
            "conclusion": "success",
            "created_at": "2026-11-21T10:00:00Z",
            "head_sha": HEAD,
            "head_branch": "feature",
            "head_repository": OWN,
            "repository": OWN,
        }
    )
    pull: dict[str, Any] = field(
        default_factory=lambda: {
            "number": PULL,
            "state": "open",
            "changed_files": 1,
            "labels": [],
            "head": {"sha": HEAD, "repo": OWN},
        }
    )
    artifact: dict[str, Any] = field(
        default_factory=lambda: {
            "id": ARTIFACT,
            "expired": False,
            "size_in_bytes": 1000,
            "digest": f"sha256:{SHA256}",
        }
    )
    files: list[dict[str, str]] = field(
        default_factory=lambda: [{"filename": "tinyml/digits/app.c"}]
    )
    artifacts: list[dict[str, Any]] | None = None
    environment: dict[str, Any] | None = field(default_factory=lambda: copy.deepcopy(PROTECTED))
    events: list[dict[str, Any]] = field(default_factory=list)
    permission: str = "write"
    asked: list[str] = field(default_factory=list)

    def ask(self, path: str) -> Any:
        self.asked.append(path)
        answers: Mapping[str, Callable[[], Any]] = {
            f"actions/runs/{RUN}": lambda: self.run,
            "actions/workflows/boardwright-build.yml/runs": lambda: {"workflow_runs": [self.run]},
            "pulls": lambda: [self.pull],
            f"pulls/{PULL}": lambda: self.pull,
            f"pulls/{PULL}/files": lambda: self.files,
            f"actions/runs/{RUN}/artifacts": lambda: {
                "artifacts": [self.artifact] if self.artifacts is None else self.artifacts
            },
            f"environments/{ENVIRONMENT}": lambda: self._there(self.environment),
            f"issues/{PULL}/events": lambda: self.events,
            "collaborators/ada/permission": lambda: {"permission": self.permission},
        }
        key = path.partition("?")[0]
        if key not in answers:
            raise Absent(path)
        return answers[key]()

    def _there(self, value: Any) -> Any:
        if value is None:
            raise Absent("none")
        return value

    def labelled(self, at: str, by: str = "ada") -> None:
        self.pull["labels"] = [{"name": LABEL}]
        self.events.append(
            {
                "event": "labeled",
                "label": {"name": LABEL},
                "created_at": at,
                "actor": {"login": by, "type": "User"},
            }
        )


def wanted(
    event: str = "workflow_run", *, bench: str = "attic", by_label: bool = False, **more: Any
) -> Wanted:
    payload = {
        "repository": {"default_branch": "main"},
        "workflow_run": {"id": RUN, "head_sha": "believe me"},
        **more,
    }
    return Wanted(event, payload, REPOSITORY, BUILDS, "refs/heads/main", bench, by_label)


def dispatched(**inputs: str) -> dict[str, Any]:
    return {"inputs": inputs}


def test_a_build_of_a_pull_request_waits_for_reviewers() -> None:
    found = plan(wanted(), World().ask)
    assert found.outputs() == {
        "go": "true",
        "commit": HEAD,
        "pull": "7",
        "fork": "false",
        "run": "111",
        "artifact": "222",
        "sha256": SHA256,
        "approval": "environment",
        "boards": "",
        "runner": '["self-hosted", "boardwright-attic"]',
    }


def test_a_fork_is_told_of_and_found_by_its_branch() -> None:
    world = World()
    world.run |= {"head_repository": FORK, "head_branch": "a b&c"}
    world.pull["head"]["repo"] = FORK
    assert plan(wanted(), world.ask).fork
    assert any(path.startswith("pulls?state=open&head=eve:a%20b%26c&") for path in world.asked)


def test_without_a_bench_emulated_boards_need_no_approval() -> None:
    found = plan(wanted(bench=""), World().ask)
    assert found.approval is Approval.GIVEN and found.runner == ("ubuntu-24.04",)


def test_what_was_merged_is_approved() -> None:
    world = World()
    world.run |= {"event": "push", "head_branch": "main"}
    found = plan(wanted(), world.ask)
    assert found.approval is Approval.GIVEN and found.pull == 0


@pytest.mark.parametrize(
    "change", [{"head_branch": "feature"}, {"head_branch": "main", "head_repository": FORK}]
)
def test_a_push_elsewhere_is_refused(change: dict[str, Any]) -> None:
    world = World()
    world.run |= {"event": "push", **change}
    with pytest.raises(Refused, match="is not main"):
        plan(wanted(), world.ask)


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"path": ".github/workflows/evil.yml"}, Refused, "not one of"),
        ({"path": f"{BUILDS}.yml"}, Refused, "not one of"),
        ({"repository": FORK}, Refused, "not one of"),
        ({"event": "workflow_dispatch"}, Refused, "started by workflow_dispatch"),
        ({"conclusion": "failure"}, Nothing, "ended with failure"),
        ({"status": "in_progress", "conclusion": None}, Nothing, "ended with None"),
        ({"head_sha": "main"}, Refused, "of no commit"),
        ({"head_sha": OTHER}, Nothing, "has moved on"),
    ],
)
def test_a_run_that_is_no_build_of_the_head_is_not_measured(
    change: dict[str, Any], kind: type[Exception], words: str
) -> None:
    world = World()
    world.run |= change
    with pytest.raises(kind, match=words):
        plan(wanted(), world.ask)


def test_a_path_that_names_its_branch_is_the_same_file() -> None:
    world = World()
    world.run["path"] = f"{BUILDS}@refs/heads/main"
    assert plan(wanted(), world.ask).commit == HEAD


@pytest.mark.parametrize(
    "file",
    [
        {"filename": ".github/workflows/boardwright-build.yml"},
        {"filename": ".GitHub/x"},
        {"filename": "tinyml/x.yml", "previous_filename": ".github/workflows/x.yml"},
    ],
)
def test_who_changes_how_firmware_is_built_is_not_measured(file: dict[str, str]) -> None:
    world = World()
    world.files.append(file)
    with pytest.raises(Refused, match="perhaps how firmware is built"):
        plan(wanted(), world.ask)


def test_all_pages_of_files_are_looked_at() -> None:
    world = World()
    world.pull["changed_files"] = 250
    plan(wanted(), world.ask)
    pages = [path for path in world.asked if "/files" in path]
    assert [path[-1] for path in pages] == ["1", "2", "3"]
    world.pull["changed_files"] = 3001
    with pytest.raises(Refused, match="more than 3,000 files"):
        plan(wanted(), world.ask)


@pytest.mark.parametrize(
    ("artifacts", "kind", "words"),
    [
        ([], Nothing, "left no firmware"),
        ([{}, {}], Refused, "more than one"),
        ([{"expired": True}], Refused, "Run the build again"),
        ([{"size_in_bytes": 10**9}], Refused, "1,000,000,000 bytes"),
        ([{"digest": None}], Refused, "does not tell the digest"),
        ([{"digest": "md5:1"}], Refused, "does not tell the digest"),
    ],
)
def test_odd_artifacts_are_not_fetched(
    artifacts: list[dict[str, Any]], kind: type[Exception], words: str
) -> None:
    world = World()
    world.artifacts = [{**world.artifact, **one} for one in artifacts]
    with pytest.raises(kind, match=words):
        plan(wanted(), world.ask)


@pytest.mark.parametrize(
    "environment",
    [
        None,
        {},
        {"protection_rules": [{"type": "wait_timer"}]},
        {"protection_rules": [{"type": "required_reviewers", "reviewers": []}]},
    ],
)
def test_an_environment_that_asks_nobody_is_no_approval(environment: Any) -> None:
    world = World()
    world.environment = environment
    with pytest.raises(Refused, match="Nobody would be asked"):
        plan(wanted(), world.ask)


def test_a_label_that_is_newer_than_the_build_approves() -> None:
    world = World()
    world.labelled("2026-11-21T10:00:30Z")
    assert plan(wanted(by_label=True), world.ask).approval is Approval.GIVEN


def _older(world: World) -> None:
    world.labelled("2026-11-21T09:59:59Z")


def _put_back(world: World) -> None:
    world.events.append({"event": "head_ref_force_pushed", "created_at": "2026-11-21T10:00:20Z"})
    world.labelled("2026-11-21T10:00:30Z")


def _stranger(world: World) -> None:
    world.labelled("2026-11-21T10:00:30Z", by="eve")


def _reader(world: World) -> None:
    world.labelled("2026-11-21T10:00:30Z")
    world.permission = "read"


def _bot(world: World) -> None:
    world.labelled("2026-11-21T10:00:30Z")
    world.events[0]["actor"]["type"] = "Bot"


def _taken_off(world: World) -> None:
    world.labelled("2026-11-21T10:00:30Z")
    world.pull["labels"] = []


@pytest.mark.parametrize(
    "how", [_older, _put_back, _stranger, _reader, _bot, _taken_off, lambda world: None]
)
def test_no_other_label_approves(how: Callable[[World], None]) -> None:
    world = World()
    how(world)
    with pytest.raises(Nothing, match="waits for the label"):
        plan(wanted(by_label=True), world.ask)


def _event(head: str = HEAD, label: str = LABEL, by: str = "ada") -> dict[str, Any]:
    return {
        "pull_request": {"number": PULL, "head": {"sha": head}},
        "label": {"name": label},
        "sender": {"login": by, "type": "User"},
    }


def test_setting_the_label_approves_the_head_that_was_there() -> None:
    world = World()
    world.labelled("2026-11-21T12:00:00Z")
    asked = wanted("pull_request_target", by_label=True, **_event())
    assert plan(asked, world.ask).approval is Approval.GIVEN
    for event in (_event(label="bug"), _event(by="eve")):
        with pytest.raises(Nothing, match="waits for the label"):
            plan(wanted("pull_request_target", by_label=True, **event), world.ask)
    with pytest.raises(Refused, match=r"moved on to a{10}\. b{10} was approved"):
        plan(wanted("pull_request_target", by_label=True, **_event(OTHER)), world.ask)


def test_a_label_does_not_replace_the_reviewers() -> None:
    asked = wanted("pull_request_target", **_event())
    assert plan(asked, World().ask).approval is Approval.ENVIRONMENT


def test_a_person_may_name_pull_request_commit_and_boards() -> None:
    inputs = dispatched(pull="7", commit=HEAD, boards="left, pico")
    asked = wanted("workflow_dispatch", by_label=True, **inputs)
    found = plan(asked, World().ask)
    assert found.approval is Approval.GIVEN and found.boards == ("left", "pico")
    for commit, kind in (("", Nothing), (OTHER, Refused)):
        with pytest.raises(kind):
            inputs = dispatched(pull="7", commit=commit, boards="")
            plan(wanted("workflow_dispatch", by_label=True, **inputs), World().ask)


def test_by_hand_the_default_branch_is_measured_again() -> None:
    world = World()
    world.run |= {"event": "push", "head_branch": "main"}
    found = plan(wanted("workflow_dispatch", **dispatched(pull="", boards="")), world.ask)
    assert found.pull == 0
    assert any("status=success&event=push&branch=main" in path for path in world.asked)


def test_another_branchs_version_of_the_workflow_measures_nothing() -> None:
    asked = dataclasses.replace(wanted("workflow_dispatch"), ref="refs/heads/feature")
    world = World()
    with pytest.raises(Refused, match="Run it from main"):
        plan(asked, world.ask)
    assert world.asked == []


@pytest.mark.parametrize(
    ("inputs", "bench", "words"),
    [
        ({"pull": "7/../.."}, "attic", "is no number"),
        ({"boards": "$(reboot)"}, "attic", "is no name of a board"),
        ({}, "attic,self-hosted", "is no name of a bench"),
    ],
)
def test_what_is_no_name_is_refused(inputs: dict[str, str], bench: str, words: str) -> None:
    world = World()
    world.run |= {"event": "push", "head_branch": "main"}
    with pytest.raises(Refused, match=words):
        plan(wanted("workflow_dispatch", bench=bench, **dispatched(**inputs)), world.ask)


def test_after_approval_the_head_must_still_be_the_approved_one() -> None:
    world = World()
    check_head(PULL, HEAD, world.ask)
    with pytest.raises(Refused, match="approve the run of that commit"):
        check_head(PULL, OTHER, world.ask)
    world.pull["state"] = "closed"
    with pytest.raises(Refused, match="is closed"):
        check_head(PULL, HEAD, world.ask)


_GH = """#!/bin/sh
[ "$1" = api ] || exit 9
case "$2" in
repos/octo/widgets/pulls/7) cat "$ANSWERS" ;;
*) echo 'gh: Not Found (HTTP 404)' >&2; exit 1 ;;
esac
"""


def test_the_program_asks_gh_and_tells_the_runner(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gh").write_text(_GH)
    (tmp_path / "gh").chmod(0o755)
    (tmp_path / "pull.json").write_text(json.dumps(World().pull))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    monkeypatch.setenv("ANSWERS", str(tmp_path / "pull.json"))
    variables = {"GITHUB_REPOSITORY": REPOSITORY, "PULL": "7", "COMMIT": HEAD}
    assert main(["still"], variables) == 0
    assert main(["still"], {**variables, "COMMIT": OTHER}) == 1
    assert main(["still"], {**variables, "PULL": "8"}) == 1
    said = capsys.readouterr().out.splitlines()
    assert said[0].startswith("::error::Pull request 7 moved on to aaaaaaaaaa.")
    assert said[1] == "::error::GitHub knows no pulls/8 of this repository."
    (tmp_path / "event.json").write_text(json.dumps(wanted().payload))
    variables |= {
        "GITHUB_EVENT_NAME": "workflow_run",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_OUTPUT": str(tmp_path / "output"),
        "GITHUB_REF": "refs/heads/main",
        "BUILDS": BUILDS,
    }
    assert main(["plan"], variables) == 1
    assert "knows no actions/runs/111" in capsys.readouterr().out
