"""build.yml and measure.yml: their steps in real bash, their conditions, what they may do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.bot.actions.steps import Ran, Runner, evaluate
from tests.bot.actions.test_planning import HEAD, PULL, World, wanted

ROOT = Path(__file__).parents[3]
BUILD: dict[str, Any] = yaml.safe_load((ROOT / "workflows/build.yml").read_text())
MEASURE: dict[str, Any] = yaml.safe_load((ROOT / "workflows/measure.yml").read_text())
JOBS = MEASURE["jobs"]
EVERY_JOB = (*BUILD["jobs"].values(), *JOBS.values())
STEPS = [step for job in EVERY_JOB for step in job["steps"]]


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


class Change:
    """A clone as the first step of build.yml leaves it."""

    def __init__(self, folder: Path) -> None:
        self.workspace, self.clone = folder, folder / "change"
        self.clone.mkdir()
        _git(self.clone, "init", "-q")
        self.before = self.commit({"README.md": "", "tinyml/old/model.tflite": ""})

    def commit(self, files: Mapping[str, str]) -> str:
        for name, text in files.items():
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            (self.clone / name).write_text(text)
        _git(self.clone, "add", "-A")
        _git(self.clone, "commit", "-qm", "x", "--allow-empty")
        return _git(self.clone, "rev-parse", "HEAD")

    def find(self, head: str, chosen: str = "c" * 40) -> Ran:
        event = {"pull_request": {"base": {"sha": self.before}, "head": {"sha": head}}}
        runner = Runner(
            self.workspace,
            {"github": {"event": event, "sha": "merge"}},
            {"BOARDWRIGHT_COMMIT": chosen, "HOME": str(self.workspace)},
            lambda name, given: {},
            self.workspace,
        )
        return runner.run(BUILD["jobs"]["build"]["steps"])


@pytest.fixture
def change(tmp_path: Path) -> Change:
    return Change(tmp_path)


def test_the_project_that_is_changed_is_built_and_handed_over(change: Change) -> None:
    head = change.commit({"tinyml/digits/model.tflite": "m", "tinyml/digits/plots/a.png": "p"})
    ran = change.find(head)
    assert ran.steps["find"]["outputs"] == {"project": "tinyml/digits", "commit": head}
    assert ran.done[-3:] == ["Get Boardwright", "Build for every board of the goal", "Hand it over"]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"tinyml/digits/README.md": "no model yet"}, "0 projects"),
        ({"tinyml/a/model.tflite": "m", "tinyml/b/model.tflite": "m"}, "2 projects"),
        ({"tinyml/$(touch pwned)/model.tflite": "m"}, "0 projects"),
        ({"tinyml/a b/model.tflite": "m", "tinyml/..x/model.tflite": "m"}, "0 projects"),
        ({"docs/tinyml/a/model.tflite": "m"}, "0 projects"),
    ],
)
def test_where_not_exactly_one_project_is_changed_nothing_is_built(
    change: Change, files: Mapping[str, str], said: str
) -> None:
    ran = change.find(change.commit(files))
    assert ran.code == 0 and f"::notice::{said} are changed" in ran.log
    assert ran.done[-1] == "Find the project" and not list(change.workspace.rglob("pwned"))


def test_a_project_that_is_taken_out_is_not_built(change: Change) -> None:
    (change.clone / "tinyml/old/model.tflite").unlink()
    assert "0 projects" in change.find(change.commit({})).log


def test_a_build_by_no_chosen_boardwright_is_refused(change: Change) -> None:
    ran = change.find(change.before, chosen="")
    assert ran.code == 1 and "BOARDWRIGHT_COMMIT at the top of this workflow" in ran.log


@pytest.mark.parametrize(
    ("github", "runs"),
    [
        ({"event_name": "pull_request"}, True),
        ({"event_name": "push", "ref_type": "branch", "ref_name": "main"}, True),
        ({"event_name": "push", "ref_type": "branch", "ref_name": "feature"}, False),
        ({"event_name": "push", "ref_type": "tag", "ref_name": "main"}, False),
    ],
)
def test_pull_requests_and_the_default_branch_are_built(
    github: Mapping[str, Any], runs: bool
) -> None:
    known = {"github": {**github, "event": {"repository": {"default_branch": "main"}}}}
    assert bool(evaluate(BUILD["jobs"]["build"]["if"], known)) == runs


def _event(name: str, action: str = "", label: str = "", labels: tuple[str, ...] = ()) -> Any:
    pull = {"labels": [{"name": one} for one in labels]}
    event = {"action": action, "label": {"name": label}, "pull_request": pull}
    return {"github": {"event_name": name, "event": event}}


MARK = "boardwright: measure"


@pytest.mark.parametrize(
    ("known", "plans", "unlabels"),
    [
        (_event("workflow_dispatch"), True, False),
        (_event("pull_request_target", "labeled", MARK, (MARK,)), True, False),
        (_event("pull_request_target", "labeled", "bug", (MARK,)), False, False),
        (_event("pull_request_target", "synchronize", "", (MARK,)), False, True),
        (_event("pull_request_target", "synchronize", "", ("bug",)), False, False),
        (_event("workflow_run"), False, False),
    ],
)
def test_what_a_run_of_measure_does_first(known: Any, plans: bool, unlabels: bool) -> None:
    assert bool(evaluate(JOBS["plan"]["if"], known)) == plans
    assert bool(evaluate(JOBS["unlabel"]["if"], known)) == unlabels


def test_a_build_that_succeeded_is_planned() -> None:
    known = _event("workflow_run")
    known["github"]["event"]["workflow_run"] = {"conclusion": "success"}
    assert evaluate(JOBS["plan"]["if"], known)


@pytest.mark.parametrize(
    ("go", "approval", "approve", "measures"),
    [
        ("true", "given", "skipped", True),
        ("true", "environment", "success", True),
        ("true", "environment", "failure", False),
        ("true", "environment", "skipped", False),
        ("true", "environment", "cancelled", False),
        ("true", "", "skipped", False),
        ("false", "given", "success", False),
        ("", "", "skipped", False),
    ],
)
def test_nothing_is_measured_without_approval(
    go: str, approval: str, approve: str, measures: bool
) -> None:
    known = {
        "needs": {
            "plan": {"outputs": {"go": go, "approval": approval}},
            "approve": {"result": approve},
        }
    }
    assert bool(evaluate(JOBS["measure"]["if"], known)) == measures
    if approval == "environment":
        assert bool(evaluate(JOBS["approve"]["if"], known)) == (go == "true")


@pytest.mark.parametrize(
    ("pull", "results", "service", "posts"),
    [("7", "9", "", True), ("", "9", "", False), ("7", "", "", False), ("7", "9", "yes", False)],
)
def test_the_workflow_tells_where_no_service_does(
    pull: str, results: str, service: str, posts: bool
) -> None:
    known = {
        "needs": {
            "plan": {"outputs": {"pull": pull}},
            "measure": {"outputs": {"results": results}},
        },
        "vars": {"BOARDWRIGHT_SERVICE": service},
    }
    assert bool(evaluate(JOBS["post"]["if"], known)) == posts


_GH = """#!/usr/bin/env python3
import json, os, sys
answers = json.load(open(os.environ["ANSWERS"]))
path = sys.argv[2].partition("?")[0].removeprefix("repos/octo/widgets/")
if sys.argv[1] != "api" or path not in answers:
    sys.exit(f"gh: Not Found (HTTP 404) {path}")
print(json.dumps(answers[path]))
"""


def _planned(folder: Path, world: World, chosen: str = "c" * 40) -> Ran:
    import os

    (folder / ".boardwright").symlink_to(ROOT)
    program = folder / "bin" / "gh"
    program.parent.mkdir()
    program.write_text(_GH)
    program.chmod(0o755)
    paths = (
        f"actions/runs/{world.run['id']}",
        f"actions/runs/{world.run['id']}/artifacts",
        "environments/boardwright-bench",
        "pulls",
        f"pulls/{PULL}",
        f"pulls/{PULL}/files",
    )
    answers = folder / "answers.json"
    answers.write_text(json.dumps({path: world.ask(path) for path in paths}))
    event = folder / "event.json"
    event.write_text(json.dumps(wanted().payload))
    runner = Runner(
        folder,
        {
            "github": {"token": "t"},
            "vars": {"BOARDWRIGHT_COMMIT": chosen, "BOARDWRIGHT_BENCH_NAME": "attic"},
        },
        {
            "PATH": f"{program.parent}:{os.environ['PATH']}",
            "ANSWERS": str(answers),
            "GITHUB_EVENT_NAME": "workflow_run",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_REPOSITORY": "octo/widgets",
        },
        lambda name, given: {},
        folder,
    )
    return runner.run(JOBS["plan"]["steps"])


def test_the_plan_runs_on_python_alone(tmp_path: Path) -> None:
    ran = _planned(tmp_path, World())
    outputs = ran.steps["plan"]["outputs"]
    assert (ran.code, outputs["commit"], outputs["approval"]) == (0, HEAD, "environment")
    assert set(JOBS["plan"]["outputs"]) == set(outputs)
    assert f"pull request 7 at commit `{HEAD}`" in ran.summary


def test_a_plan_by_no_chosen_boardwright_is_refused(tmp_path: Path) -> None:
    ran = _planned(tmp_path, World(), chosen="main")
    assert ran.code == 1 and "Set the variables BOARDWRIGHT_REPOSITORY" in ran.log


def test_every_job_may_do_what_it_needs_and_no_more() -> None:
    assert BUILD["permissions"] == MEASURE["permissions"] == {}
    assert BUILD["jobs"]["build"]["permissions"] == {"contents": "read"}
    read = dict.fromkeys(("actions", "contents", "issues", "pull-requests"), "read")
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "unlabel": {"pull-requests": "write"},
        "plan": read,
        "approve": {"contents": "read", "pull-requests": "read"},
        "measure": {"actions": "read"},
        "post": {
            "actions": "read",
            "checks": "write",
            "contents": "read",
            "pull-requests": "write",
        },
    }
    for job in EVERY_JOB:
        assert job["timeout-minutes"] <= 90
        assert "concurrency" not in job, "GitHub would cancel jobs that wait for a board"
    for name in ("build", "measure"):
        assert "secrets" not in (ROOT / f"workflows/{name}.yml").read_text()


def test_actions_are_pinned_and_code_is_that_of_boardwright_alone() -> None:
    for step in STEPS:
        name, _, commit = step.get("uses", "").partition("@")
        if name and name != "./.boardwright":
            assert len(commit) == 40 and int(commit, 16) >= 0, name
        if name == "actions/checkout":
            assert step["with"]["persist-credentials"] is False
    for job in JOBS.values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["repository"] == "${{ vars.BOARDWRIGHT_REPOSITORY }}"
                assert step["with"]["ref"] == "${{ vars.BOARDWRIGHT_COMMIT }}"


def test_firmware_is_fetched_by_its_id_and_stays_packed_until_its_digest_is_compared() -> None:
    steps = {step["name"]: step for step in JOBS["measure"]["steps"]}
    fetched = steps["Get the firmware"]["with"]
    assert fetched["artifact-ids"] == "${{ needs.plan.outputs.artifact }}"
    assert (fetched["skip-decompress"], fetched["digest-mismatch"]) == (True, "error")
    measured = steps["Measure"]["with"]
    assert measured["bundle"] == fetched["path"]
    assert measured["sha256"] == "${{ needs.plan.outputs.sha256 }}"
    assert measured["commit"] == "${{ needs.plan.outputs.commit }}"
    assert steps["Leave the bench as it was"]["if"].startswith("always()")


def test_only_the_job_that_measures_meets_the_bench() -> None:
    machines = {name: job["runs-on"] for name, job in JOBS.items()}
    assert machines.pop("measure") == "${{ fromJSON(needs.plan.outputs.runner) }}"
    assert {*machines.values(), BUILD["jobs"]["build"]["runs-on"]} == {"ubuntu-24.04"}
    assert JOBS["approve"]["environment"]["name"] == "boardwright-bench"
