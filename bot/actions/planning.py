"""Planning: may a bundle of a workflow run go to the bench, and is it the right one?

Runs in a job that has no board, reads what GitHub itself says, and tells later jobs by outputs.
It needs nothing but Python and `gh`, so that a run that has nothing to measure ends in seconds:

    python -P -m bot.actions.planning plan        before approval
    python -P -m bot.actions.planning still       after it: is the approved commit still the head?

Source: https://docs.github.com/rest/actions, https://docs.github.com/rest/pulls
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.actions.approval import LABEL, Approval, approval_of
from bot.actions.asking import Absent, Ask, Nothing, Refused, Wanted, asker
from bot.actions.built import (
    artifact_of,
    check_head,
    check_pull,
    pull_of_event,
    pull_of_run,
    run_of,
)

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be measured; `pull` is 0 for the default branch, `boards` empty for all."""

    commit: str
    pull: int
    fork: bool
    run: int
    artifact: int
    sha256: str
    approval: Approval
    boards: tuple[str, ...] = ()
    runner: tuple[str, ...] = field(default=("ubuntu-24.04",))

    def outputs(self) -> dict[str, str]:
        """Return it as outputs of a step."""
        return {
            "go": "true",
            "commit": self.commit,
            "pull": str(self.pull or ""),
            "fork": str(self.fork).lower(),
            "run": str(self.run),
            "artifact": str(self.artifact),
            "sha256": self.sha256,
            "approval": self.approval.value,
            "boards": " ".join(self.boards),
            "runner": json.dumps(self.runner),
        }


def plan(wanted: Wanted, ask: Ask) -> Plan:
    """Return what is to be measured.

    Raises:
        Nothing, Refused.
    """
    default = str(wanted.payload["repository"]["default_branch"])
    if wanted.ref != f"refs/heads/{default}":
        raise Refused(f"This is how {wanted.ref[:100]!r} would measure. Run it from {default}.")
    pull = pull_of_event(wanted, ask)
    run = run_of(wanted, pull, ask)
    if run["event"] == "push":
        ours = run["head_repository"]["full_name"] == wanted.repository
        if not ours or run["head_branch"] != default:
            raise Refused(f"The build is of {run['head_branch']!r}, which is not {default}.")
        pull = None
    else:
        pull = pull or pull_of_run(run, ask)
        check_pull(pull, run, ask)
    artifact = artifact_of(run, ask)
    if not wanted.bench or pull is None:
        approval = Approval.GIVEN  # no board is there, or what is built was merged
    else:
        approval = approval_of(wanted.event, wanted.payload, wanted.by_label, pull, run, ask)
    if approval is Approval.MISSING:
        raise Nothing(f"It waits for the label '{LABEL}', set by somebody who may write.")
    fork = pull is not None and (pull["head"]["repo"] or {}).get("full_name") != wanted.repository
    return Plan(
        commit=run["head_sha"],
        pull=pull["number"] if pull else 0,
        fork=fork,
        run=run["id"],
        artifact=artifact["id"],
        sha256=artifact["digest"].removeprefix("sha256:"),
        approval=approval,
        boards=_boards(wanted),
        runner=_runner(wanted.bench),
    )


def _boards(wanted: Wanted) -> tuple[str, ...]:
    boards = tuple(re.split(r"[\s,]+", wanted.inputs.get("boards", "").strip()))
    if boards == ("",):
        return ()
    for board in boards:
        if not _NAME.fullmatch(board):
            raise Refused(f"{board[:40]!r} is no name of a board.")
    return boards


def _runner(bench: str) -> tuple[str, ...]:
    if not bench:
        return ("ubuntu-24.04",)
    if not _NAME.fullmatch(bench):
        raise Refused("The variable BOARDWRIGHT_BENCH_NAME is no name of a bench.")
    return ("self-hosted", f"boardwright-{bench}")


def _wanted(variables: Mapping[str, str]) -> Wanted:
    return Wanted(
        event=variables["GITHUB_EVENT_NAME"],
        payload=json.loads(Path(variables["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8")),
        repository=variables["GITHUB_REPOSITORY"],
        builds=variables["BUILDS"],
        ref=variables["GITHUB_REF"],
        bench=variables.get("BENCH", ""),
        by_label=variables.get("APPROVAL") == "label",
    )


def _say(kind: str, text: str) -> None:
    line = text.translate({ord(c): None for c in "\r\n"}).replace("::", ": :")
    sys.stdout.write(f"::{kind}::{line}\n")


def _append(path: str, text: str) -> None:
    with Path(path).open("a", encoding="utf-8") as file:
        file.write(text)


def main(arguments: list[str], variables: Mapping[str, str]) -> int:
    """Plan, or look again, and tell the runner; return the exit code."""
    ask = asker(variables["GITHUB_REPOSITORY"])
    try:
        if arguments == ["still"]:
            check_head(int(variables["PULL"]), variables["COMMIT"], ask)
            return 0
        found = plan(_wanted(variables), ask)
    except Nothing as reason:
        _say("notice", str(reason))
        _append(variables["GITHUB_OUTPUT"], "go=false\n")
        return 0
    except Refused as reason:
        _say("error", str(reason))
        return 1
    except Absent as path:
        _say("error", f"GitHub knows no {path} of this repository.")
        return 1
    outputs = found.outputs()
    _append(variables["GITHUB_OUTPUT"], "".join(f"{k}={v}\n" for k, v in outputs.items()))
    what = f"pull request {found.pull}" if found.pull else "the default branch"
    where = " from a fork" if found.fork else ""
    _append(
        variables["GITHUB_STEP_SUMMARY"],
        f"Firmware of {what}{where} at commit `{found.commit}`, SHA-256 `{found.sha256}`.\n",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
