"""The steps of action.yml and of the workflow, in real bash; what they call is a stand-in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.bot.actions.steps import Ran, Runner, Unknown, evaluate, filled

ROOT = Path(__file__).parents[3]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
WORKFLOW: dict[str, Any] = yaml.safe_load((ROOT / "workflows/boardwright.yml").read_text())
JOBS = WORKFLOW["jobs"]
ACT, MEASURE = "Follow the event", "Measure"
_SAYS = """#!/bin/sh
printf '%s\\n' "$(basename "$0") $*" >> "$CALLS"
"""
_BOARDWRIGHT = (
    _SAYS
    + """
case "$1" in
act) echo "verdict=met" >> "$GITHUB_OUTPUT"; echo "pull-request=7" >> "$GITHUB_OUTPUT" ;;
build) echo "::set-output name=x::y"; printf 'a ##[group] \\033[31m\\n' ;;
measure)
    echo "| mps2-an386 | pass |"; printf '[]' > "$3"; echo "accuracy-percent=97.56" >> "$5"
    while [ $# -gt 1 ]; do [ "$1" != --output ] || mkdir -p "$2"; shift; done ;;
report) echo "verdict=missed" >> "$GITHUB_OUTPUT" ;;
esac
exit ${CODE:-0}
"""
)
_BWRAP = _SAYS + '[ "${BWRAP_WORKS:-yes}" = yes ] || [ -s "$CALLS.profile" ]\n'
_SUDO = _SAYS + 'if [ "$1" = tee ]; then cat > "$CALLS.profile"; fi\n'


def _program(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    place.chmod(0o755)


class Machine:
    """A runner with stand-ins for all that the steps call."""

    def __init__(self, folder: Path) -> None:
        self.checkout, self.programs = folder / "action", folder / "bin"
        self.calls, self._folder = folder / "calls", folder
        self.calls.write_text("")
        self.kept: Mapping[str, str] = {}
        self.runner = {"environment": "github-hosted"}
        self.used: list[tuple[str, Mapping[str, str]]] = []
        _program(self.checkout / ".venv/bin/boardwright", _BOARDWRIGHT)
        for name in ("requirements.lock", "pyproject.toml"):
            (self.checkout / name).write_text(name)
        programs = {"make": _SAYS, "bwrap": _BWRAP, "sudo": _SUDO, "sysctl": "#!/bin/sh\necho 1\n"}
        for name, text in programs.items():
            _program(self.programs / name, text)

    def act(self, inputs: Mapping[str, str], **variables: str) -> Ran:
        defaults = {name: one["default"] for name, one in ACTION["inputs"].items()}
        known = {
            "github": {"token": "t", "action_path": str(self.checkout)},
            "runner": self.runner,
        }
        given = {name: filled(value, known) for name, value in {**defaults, **inputs}.items()}
        return self._runner({**known, "inputs": given}, variables).run(ACTION["runs"]["steps"])

    def find(self, event: Mapping[str, Any], commit: str = "a" * 40, **variables: str) -> Ran:
        known = {"github": {"event": event, "token": "t"}, "vars": {"BOARDWRIGHT_COMMIT": commit}}
        return self._runner(known, variables).run(JOBS["issue"]["steps"])

    def _runner(self, contexts: Mapping[str, Any], variables: Mapping[str, str]) -> Runner:
        import os

        return Runner(
            self._folder,
            contexts,
            {
                "PATH": f"{self.programs}:{os.environ['PATH']}",
                "CALLS": str(self.calls),
                "GITHUB_ACTION_PATH": str(self.checkout),
                "GITHUB_REPOSITORY": "octo/widgets",
                "RUNNER_OS": "Linux",
                "RUNNER_ARCH": "X64",
                **variables,
            },
            self._answer,
        )

    def _answer(self, name: str, given: Mapping[str, str]) -> Mapping[str, str]:
        self.used.append((name.partition("@")[0], given))
        return {"actions/setup-python": {"python-version": "3.11.9"}}.get(
            self.used[-1][0], self.kept
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_act_sets_up_and_follows_the_event(machine: Machine) -> None:
    ran = machine.act({"label": "edge ai", "fail-on": "limit"})
    assert ran.code == 0 and MEASURE not in ran.done
    calls = machine.calls.read_text()
    assert f"make -C {machine.checkout} setup" in calls
    assert "boardwright act --label=edge ai --fail-on=limit" in calls
    outputs = {n: filled(o["value"], {"steps": ran.steps}) for n, o in ACTION["outputs"].items()}
    assert outputs["verdict"] == "met" and outputs["pull-request"] == "7"
    assert outputs["report"] == ""


def test_a_failed_act_fails_the_step(machine: Machine) -> None:
    ran = machine.act({}, CODE="1")
    assert ran.code == 1 and ran.done[-1] == ACT
    assert "--fail-on=service" in machine.calls.read_text()


def test_packages_are_kept_before_anything_is_read_and_only_when_new(machine: Machine) -> None:
    ran = machine.act({})
    names = [name for name, _ in machine.used]
    assert names == ["actions/setup-python", "actions/cache/restore", "actions/cache/save"]
    assert ran.done.index("Keep the packages") < ran.done.index(ACT)
    keys = {given["key"] for name, given in machine.used if "cache" in name}
    assert len(keys) == 1 and keys.pop().startswith("boardwright-bot-1-Linux-X64-3.11.9-")
    machine.used.clear()
    machine.kept = {"cache-hit": "true"}
    machine.act({})
    assert [name for name, _ in machine.used][-1] == "actions/cache/restore"
    machine.used.clear()
    machine.act({"cache": "false"})
    assert [name for name, _ in machine.used] == ["actions/setup-python"]


def test_another_lock_is_another_cache(machine: Machine) -> None:
    machine.act({})
    (machine.checkout / "requirements.lock").write_text("other")
    machine.act({})
    keys = {given["key"] for name, given in machine.used if name == "actions/cache/restore"}
    assert len(keys) == 2


def test_bubblewrap_alone_may_make_namespaces_where_the_system_forbids_them(
    machine: Machine,
) -> None:
    ran = machine.act({}, BWRAP_WORKS="no")
    profile = Path(f"{machine.calls}.profile").read_text()
    assert "profile boardwright-bwrap /usr/bin/bwrap" in profile and "\n  userns,\n" in profile
    assert "sudo apparmor_parser --replace" in machine.calls.read_text()
    assert "::warning::" not in ran.log


def test_where_bubblewrap_works_nothing_is_changed(machine: Machine) -> None:
    machine.act({})
    assert "sudo" not in machine.calls.read_text()


@pytest.mark.parametrize(
    ("code", "fail_on", "verdict", "fails"),
    [
        ("0", "", "met", False),
        ("1", "", "missed", True),
        ("1", "service", "missed", False),
        ("3", "", "infrastructure", True),
        ("3", "service", "infrastructure", True),
        ("3", "never", "infrastructure", False),
        ("70", "service", "failed", True),
        ("2", "never", "failed", True),
        ("0", "sometimes", "met", True),
    ],
)
def test_measure_tells_a_verdict_and_fails_as_asked(
    machine: Machine, code: str, fail_on: str, verdict: str, fails: bool
) -> None:
    inputs = {"command": "measure", "project": "tinyml/digits", "fail-on": fail_on}
    ran = machine.act(inputs, CODE=code)
    assert ran.steps["measure"]["outputs"]["verdict"] == verdict
    assert bool(ran.code) == fails
    assert "    | | mps2-an386 | pass |" in ran.summary


def _outputs(ran: Ran) -> dict[str, str]:
    return {n: filled(o["value"], {"steps": ran.steps}) for n, o in ACTION["outputs"].items()}


def test_build_hands_over_a_bundle_and_what_a_compiler_says_is_no_command(
    machine: Machine,
) -> None:
    ran = machine.act({"command": "build", "project": "change/tinyml/a", "commit": "c" * 40})
    folder = f"{machine.checkout.parent}/boardwright-bundle"
    assert ran.code == 0 and _outputs(ran)["bundle"] == folder
    call = machine.calls.read_text().splitlines()[-1]
    said = f"boardwright build --commit {'c' * 40} --output {folder} -- change/tinyml/a"
    assert call == said
    assert "\n    | ::set-output name=x::y\n" in f"\n{ran.log}"
    assert "## [group]" in ran.log and "\x1b" not in ran.log
    assert machine.act({"command": "build", "boards": "a,b"}, CODE="1").code == 1
    assert " --board=a --board=b -- " in machine.calls.read_text().splitlines()[-1]


def test_a_bundle_is_measured_by_its_digest(machine: Machine) -> None:
    inputs = {"bundle": "there", "sha256": "5" * 64, "commit": "c" * 40, "bench": "default"}
    ran = machine.act({"command": "measure", "fail-on": "never", **inputs}, CODE="3")
    outputs = _outputs(ran)
    assert ran.code == 0 and outputs["verdict"] == "infrastructure"
    assert outputs["results"] == f"{machine.checkout.parent}/boardwright-measured"
    assert (outputs["accuracy-percent"], outputs["latency-us"]) == ("97.56", "")
    call = machine.calls.read_text().splitlines()[-1]
    assert f" --bundle there --sha256 {'5' * 64} --commit {'c' * 40} --output " in call
    assert call.endswith("/boardwright-measured --bench default")


def test_report_tells_with_the_token_of_the_run(machine: Machine) -> None:
    ran = machine.act({"command": "report", "results": "r", "pull": "7", "commit": "c" * 40})
    assert ran.code == 0 and _outputs(ran)["verdict"] == "missed"
    call = machine.calls.read_text().splitlines()[-1]
    assert call == f"boardwright report --pull=7 --commit={'c' * 40} --fail-on=service -- r"
    assert "sysctl" not in machine.calls.read_text(), "only `act` runs what others wrote"


def test_the_machine_of_a_bench_keeps_its_python_and_no_cache(machine: Machine) -> None:
    machine.runner = {"environment": "self-hosted"}
    ran = machine.act({"command": "measure", "bundle": "there"})
    assert ran.code == 0 and machine.used == []
    assert "--board=" not in machine.calls.read_text(), "all boards of the bundle"


def test_what_people_choose_is_never_part_of_a_script(machine: Machine) -> None:
    inputs = {
        "command": "measure",
        "project": "--board=x; touch $(touch pwned) `touch pwned`",
        "boards": "mps2-an386, host\nmps2-an500",
    }
    assert machine.act(inputs).code == 0
    call = [c for c in machine.calls.read_text().splitlines() if c.startswith("boardwright")][-1]
    assert call.endswith(
        "--board=mps2-an386 --board=host --board=mps2-an500 -- " + inputs["project"]
    )
    assert not list(machine.checkout.parent.rglob("pwned")) and not Path("pwned").exists()


def test_an_unknown_command_is_refused_before_anything_is_installed(machine: Machine) -> None:
    ran = machine.act({"command": "deploy"})
    assert ran.code == 1 and "act, build, measure or report" in ran.log and not machine.used


@pytest.mark.parametrize(
    ("event", "branch_of_pull", "number"),
    [
        ({"issue": {"number": 5}}, "", "5"),
        ({"issue": {"number": 6, "pull_request": {"url": "u"}}}, "boardwright/issue-5-a", "5"),
        ({"issue": {"number": 6, "pull_request": {"url": "u"}}}, "feature/issue-5-a", ""),
        ({"pull_request": {"head": {"ref": "boardwright/issue-12-three-fruits"}}}, "", "12"),
        ({"pull_request": {"head": {"ref": "boardwright/issue-1$(id)-x"}}}, "", ""),
    ],
)
def test_the_issue_is_found(
    machine: Machine, event: Mapping[str, Any], branch_of_pull: str, number: str
) -> None:
    _program(machine.programs / "gh", f"#!/bin/sh\necho '{branch_of_pull}'\n")
    ran = machine.find(event)
    assert ran.code == 0 and ran.steps["find"]["outputs"]["number"] == number


def test_a_repository_that_did_not_choose_a_commit_is_told_to(machine: Machine) -> None:
    ran = machine.find({"issue": {"number": 5}}, commit="main")
    assert ran.code == 1 and "BOARDWRIGHT_COMMIT" in ran.log


LABELLED = {"number": 5, "state": "open", "labels": [{"name": "bug"}, {"name": "tinyml"}]}
PLAIN = {"number": 5, "state": "open", "labels": []}
ON_PULL = {**LABELLED, "pull_request": {"url": "u"}}
OWN = {"head": {"ref": "boardwright/issue-5-a", "repo": {"full_name": "octo/widgets"}}}
FORK = {"head": {"ref": "boardwright/issue-5-a", "repo": {"full_name": "eve/widgets"}}}
OTHER = {"head": {"ref": "feature", "repo": {"full_name": "octo/widgets"}}}
COMMAND, CHAT = {"body": "/boardwright build"}, {"body": "on the host"}


@pytest.mark.parametrize(
    ("name", "event", "starts"),
    [
        ("issues", {"action": "labeled", "label": {"name": "tinyml"}, "issue": LABELLED}, True),
        ("issues", {"action": "labeled", "label": {"name": "bug"}, "issue": LABELLED}, False),
        ("issues", {"action": "opened", "issue": LABELLED}, True),
        ("issues", {"action": "opened", "issue": PLAIN}, False),
        ("issues", {"action": "closed", "issue": LABELLED, "by": "Bot"}, True),
        ("issues", {"action": "opened", "issue": LABELLED, "by": "Bot"}, False),
        ("issue_comment", {"action": "created", "issue": PLAIN, "comment": COMMAND}, True),
        ("issue_comment", {"action": "created", "issue": PLAIN, "comment": CHAT}, False),
        ("issue_comment", {"action": "created", "issue": LABELLED, "comment": CHAT}, True),
        ("issue_comment", {"action": "created", "issue": ON_PULL, "comment": CHAT}, False),
        ("issue_comment", {"action": "created", "issue": ON_PULL, "comment": COMMAND}, True),
        (
            "issue_comment",
            {"action": "created", "issue": LABELLED, "comment": CHAT, "by": "Bot"},
            False,
        ),
        ("pull_request_review", {"action": "submitted", "pull_request": OWN}, True),
        ("pull_request_review", {"action": "submitted", "pull_request": FORK}, False),
        ("pull_request_review", {"action": "submitted", "pull_request": OTHER}, False),
        ("pull_request", {"action": "closed", "pull_request": OWN, "by": "Bot"}, True),
        ("pull_request", {"action": "closed", "pull_request": FORK}, False),
    ],
)
def test_a_job_starts_for_what_is_ours_alone(
    name: str, event: Mapping[str, Any], starts: bool
) -> None:
    happened = {**event, "sender": {"type": event.get("by", "User")}}
    known = {"event_name": name, "event": happened, "repository": "octo/widgets"}
    assert bool(evaluate(JOBS["issue"]["if"], {"github": known})) == starts


def test_every_action_is_pinned_and_every_job_has_few_permissions() -> None:
    steps = [*ACTION["runs"]["steps"], *(step for job in JOBS.values() for step in job["steps"])]
    used = [step["uses"] for step in steps if "uses" in step]
    for name in used:
        _, _, commit = name.partition("@")
        assert name == "./.boardwright" or (len(commit) == 40 and int(commit, 16) >= 0), name
    assert len(used) >= 5
    assert WORKFLOW["permissions"] == {}
    assert JOBS["issue"]["permissions"] == {"pull-requests": "read"}
    writes = {"contents", "issues", "pull-requests", "checks"}
    assert JOBS["follow"]["permissions"] == dict.fromkeys(writes, "write")
    assert all("timeout-minutes" in job for job in JOBS.values())
    concurrency = JOBS["follow"]["concurrency"]
    assert concurrency["queue"] == "max" and "needs.issue.outputs.number" in concurrency["group"]


def test_the_runner_of_these_tests_refuses_what_it_does_not_know() -> None:
    assert evaluate("a.b == 'X' && !c || 'd''e'", {"a": {"b": "x"}, "c": True}) == "d'e"
    with pytest.raises(Unknown):
        evaluate("hashFiles('x')", {})
    with pytest.raises(Unknown):
        evaluate("a + b", {})
