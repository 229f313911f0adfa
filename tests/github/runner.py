"""GitHub's runner, played by a test: the steps of build.yml and measure.yml, in real bash.

    lab = Lab(hub_server, tmp_path, bench)      # its workflows lie on the default branch
    lab.build(pull)                             # firmware of a pull request's head
    done = lab.measure("pull_request_target", payload, pull.head.ref)

A checkout is made of the git objects that the API gives, artifacts go to the emulated GitHub and
come from it, Boardwright's action runs its own steps. Each job has a token with the permissions
that the workflow gives it, of github-actions[bot]. Stand-ins are `make`, as everything is
installed, and `gh`, which asks the emulated GitHub.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import shlex
import shutil
import sys
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import yaml
from github.PullRequest import PullRequest

from tests.bot.actions.steps import Ran, Runner, evaluate, filled
from tests.github.checkout import check_out
from tests.github.emulator.seed import PUBLIC
from tests.github.emulator.server import HubServer

ROOT = Path(__file__).parents[2]
BUILD_PATH = ".github/workflows/boardwright-build.yml"
MEASURE_PATH = ".github/workflows/boardwright-measure.yml"
LABEL = "boardwright: measure"
CHOSEN = "c" * 40
STEP_S = 900.0

_ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
_BUILD: dict[str, Any] = yaml.safe_load((ROOT / "workflows/build.yml").read_text())
_MEASURE: dict[str, Any] = yaml.safe_load((ROOT / "workflows/measure.yml").read_text())
_GH = """#!/usr/bin/env python3
import json, os, sys, urllib.error, urllib.request
assert sys.argv[1] == "api" and len(sys.argv) == 3
url = os.environ["GITHUB_API_URL"] + "/" + sys.argv[2]
asked = urllib.request.Request(url, headers={"authorization": "token " + os.environ["GH_TOKEN"]})
try:
    print(urllib.request.urlopen(asked).read().decode())
except urllib.error.HTTPError as error:
    sys.exit(f"gh: HTTP {error.code}")
"""


@dataclass(frozen=True, slots=True)
class Job:
    """What came of a job: `result` as GitHub names it."""

    result: str
    outputs: Mapping[str, str] = field(default_factory=dict)
    ran: Ran = field(default_factory=Ran)


@dataclass(frozen=True, slots=True)
class Done:
    """A workflow run that goes on until it is completed, and its jobs by name."""

    run: int
    jobs: Mapping[str, Job]


class Lab:
    """A repository with both workflows, and the machines that run them.

    `bench` is the file that describes the boards; it belongs to the bench's user.
    """

    def __init__(self, server: HubServer, folder: Path, bench: Path) -> None:
        self.server, self._folder, self._bench = server, folder, bench
        self._machines: Iterator[int] = itertools.count(1)
        self.variables = {
            "BOARDWRIGHT_REPOSITORY": "octo/boardwright",
            "BOARDWRIGHT_COMMIT": CHOSEN,
            "BOARDWRIGHT_BENCH_NAME": "attic",
            "BOARDWRIGHT_APPROVAL": "label",
            "BOARDWRIGHT_SERVICE": "yes",
        }
        program = folder / "action" / ".venv" / "bin" / "boardwright"
        _write(
            program,
            f'#!/bin/sh\nPYTHONPATH={shlex.quote(str(ROOT))} exec {sys.executable} -m bot "$@"\n',
        )
        for name in ("requirements.lock", "pyproject.toml"):
            shutil.copyfile(ROOT / name, folder / "action" / name)
        _write(folder / "programs" / "make", "#!/bin/sh\n")
        _write(folder / "programs" / "gh", _GH)

    def install(self) -> None:
        """Let a person copy the workflows to the default branch."""
        files = {
            BUILD_PATH: (ROOT / "workflows/build.yml").read_text(),
            MEASURE_PATH: (ROOT / "workflows/measure.yml").read_text(),
        }
        self.server.person("owner").push("main", files, "Measure on boards\n")

    def build(self, pull: PullRequest) -> Done:
        """Let build.yml run for the head of a pull request, to its end."""
        names = ("pull_request.opened", "pull_request.synchronize")
        heard = [d.payload for d in self.server.deliveries("pull_request") if d.name in names]
        payload = next(p for p in reversed(heard) if p["number"] == pull.number)
        assert payload["pull_request"]["head"]["sha"] == pull.head.sha
        run = self.server.workflow_run(BUILD_PATH, "pull_request", branch=pull.head.ref)
        done = self._done(run, _BUILD, "pull_request", payload, {})
        self.end(done)
        return done

    def measure(self, event: str, payload: Mapping[str, Any], branch: str = "") -> Done:
        """Let measure.yml run; it does not end before `end`."""
        run = self.server.workflow_run(MEASURE_PATH, event, branch=branch)
        return self._done(run, _MEASURE, event, payload, self.variables)

    def dispatched(self) -> Done:
        """Let the run go on, but not end, that somebody started by hand last."""
        asked = self.server.log("POST", "/dispatches")[-1]["body"]
        started = self.server.deliveries("workflow_run.requested")[-1].payload
        payload = {
            "inputs": asked["inputs"],
            "ref": f"refs/heads/{asked['ref']}",
            "repository": started["repository"],
            "sender": started["sender"],
        }
        run = int(started["workflow_run"]["id"])
        return self._done(run, _MEASURE, "workflow_dispatch", payload, self.variables)

    def tell(self, done: Done) -> Job:
        """Let the job run that tells the pull request, as where no service is told."""
        variables = {**self.variables, "BOARDWRIGHT_SERVICE": ""}
        needs = {name: done.jobs[name] for name in ("plan", "measure")}
        known = self._known("workflow_run", {}, variables, needs)
        return self._job(done.run, _MEASURE["jobs"]["post"], known)

    def end(self, done: Done) -> None:
        """Let a run end, of which GitHub tells the App."""
        failed = any(job.result == "failure" for job in done.jobs.values())
        self.server.complete(done.run, conclusion="failure" if failed else "success")

    def _done(
        self,
        run: int,
        workflow: Mapping[str, Any],
        event: str,
        payload: Mapping[str, Any],
        variables: Mapping[str, str],
    ) -> Done:
        jobs: dict[str, Job] = {}
        if "run-name" in workflow:
            known = self._known(event, payload, variables, jobs)
            self.server.entitle(run, filled(workflow["run-name"], known).strip())
        for name, job in workflow["jobs"].items():
            filled_in = {"BOARDWRIGHT_REPOSITORY": "octo/boardwright", "BOARDWRIGHT_COMMIT": CHOSEN}
            known = self._known(event, payload, variables, jobs)
            known["env"] = filled_in if "env" in workflow else {}
            jobs[name] = self._job(run, job, known)
        return Done(run, jobs)

    def _known(
        self,
        event: str,
        payload: Mapping[str, Any],
        variables: Mapping[str, str],
        needs: Mapping[str, Job],
    ) -> dict[str, Any]:
        """Return what expressions may name."""
        return {
            "github": {
                "event": payload,
                "event_name": event,
                "repository": PUBLIC,
                "server_url": self.server.url,
            },
            "inputs": payload.get("inputs", {}),
            "vars": variables,
            "needs": {n: {"result": j.result, "outputs": j.outputs} for n, j in needs.items()},
        }

    def _job(self, run: int, job: Mapping[str, Any], known: dict[str, Any]) -> Job:
        if not evaluate(job["if"], known):
            return Job("skipped")
        permissions = {name.replace("-", "_"): may for name, may in job["permissions"].items()}
        token = self.server.workflow_token(**permissions)
        folder = self._folder / f"machine-{next(self._machines)}"
        machine = _Machine(self, run, folder, token, known)
        ran = machine.run(job["steps"])
        outputs = {
            name: filled(value, machine.known | {"steps": ran.steps})
            for name, value in job.get("outputs", {}).items()
        }
        return Job("failure" if ran.code else "success", outputs, ran)

    @property
    def action(self) -> Path:
        """Return where Boardwright's action is checked out, and installed."""
        return self._folder / "action"

    def environment(self) -> dict[str, str]:
        """Return the variables of every machine."""
        return {
            "PATH": f"{self._folder / 'programs'}:{os.environ['PATH']}",
            "HOME": str(self._folder),
            "BOARDWRIGHT_BENCH": str(self._bench),
            "BOARDWRIGHT_LOCKS": str(self._folder / "locks"),
            "GITHUB_API_URL": self.server.url,
            "GITHUB_SERVER_URL": self.server.url,
            "GITHUB_REPOSITORY": PUBLIC,
            "GITHUB_REF": "refs/heads/main",
            "GITHUB_ACTION_PATH": str(self.action),
            "RUNNER_OS": "Linux",
            "RUNNER_ARCH": "X64",
        }


class _Machine:
    """What one job runs on."""

    def __init__(
        self, lab: Lab, run: int, folder: Path, token: str, known: Mapping[str, Any]
    ) -> None:
        self._lab, self._run, self._token = lab, run, token
        self.workspace, self._temp = folder / "workspace", folder / "temp"
        for place in (self.workspace, self._temp):
            place.mkdir(parents=True)
        (self.workspace / ".boardwright").symlink_to(ROOT)
        (folder / "event.json").write_text(json.dumps(known["github"]["event"]))
        self.known = {
            **known,
            "github": {**known["github"], "token": token, "action_path": str(lab.action)},
            "runner": {"temp": str(self._temp), "environment": "self-hosted"},
        }
        self._variables = {
            **lab.environment(),
            **known.get("env", {}),
            "GITHUB_EVENT_NAME": known["github"]["event_name"],
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_RUN_ID": str(run),
            "GITHUB_RUN_ATTEMPT": "1",
            "RUNNER_TEMP": str(self._temp),
        }

    def run(self, steps: list[dict[str, Any]]) -> Ran:
        return self._runner(self.known).run(steps)

    def _runner(self, known: Mapping[str, Any]) -> Runner:
        place = self._temp / "_runner" / str(len(list(self._temp.glob("_runner/*"))))
        place.mkdir(parents=True)
        return Runner(place, known, self._variables, self._use, self.workspace, STEP_S)

    def _use(self, name: str, given: Mapping[str, str]) -> Mapping[str, str]:
        match name.partition("@")[0]:
            case "actions/checkout":
                if given["path"] == "change":
                    check_out(
                        self._lab.server, self._token, given["ref"], self.workspace / "change"
                    )
                return {}
            case "actions/upload-artifact":
                content = _zipped(Path(given["path"]))
                return {
                    "artifact-id": str(self._lab.server.upload(self._run, given["name"], content))
                }
            case "actions/download-artifact":
                self._download(given)
                return {}
            case "./.boardwright":
                return self._act(given)
        raise AssertionError(f"no machine here has {name}")

    def _download(self, given: Mapping[str, str]) -> None:
        """Leave an artifact as a zip file in a folder."""
        url = f"{self._lab.server.url}/repos/{PUBLIC}/actions/artifacts/{given['artifact-ids']}/zip"
        headers = {"authorization": f"token {self._token}"}
        answer = requests.get(url, headers=headers, timeout=60)
        answer.raise_for_status()
        place = Path(given["path"])
        place.mkdir(parents=True)
        (place / "artifact.zip").write_bytes(answer.content)

    def _act(self, given: Mapping[str, str]) -> Mapping[str, str]:
        """Run the steps of action.yml, and return its outputs."""
        defaults = {name: one["default"] for name, one in _ACTION["inputs"].items()}
        inputs = {k: filled(v, self.known) for k, v in {**defaults, **given}.items()}
        ran = self._runner({**self.known, "inputs": inputs}).run(_ACTION["runs"]["steps"])
        assert ran.code == 0, ran.log
        return {
            name: filled(one["value"], {"steps": ran.steps})
            for name, one in _ACTION["outputs"].items()
        }


def _zipped(folder: Path) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return buffer.getvalue()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
