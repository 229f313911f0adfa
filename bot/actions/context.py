"""Context: what a workflow run was started for, from the variables that GitHub's runner sets.

Source: https://docs.github.com/actions/reference/workflows-and-actions/variables
"""

from __future__ import annotations

import re
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.errors import Infrastructure
from bot.events.delivery import MAX_BODY_BYTES

OWN_LOGIN = "github-actions[bot]"
"""Under which name a workflow's own token writes; GitHub tells it nobody who asks with one."""

_REPOSITORY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,99}/[A-Za-z0-9._-]{1,100}")
_RUN = re.compile(r"[0-9]{1,20}")
# What opens doors of the runner, and what its later steps would read.
_DOORS = (
    "ACTIONS_",
    *("GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ENV", "GITHUB_PATH", "GITHUB_STATE"),
    *("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH"),
)


@dataclass(frozen=True, slots=True)
class Context:
    """A workflow run.

    Attributes:
        event: GitHub's name of the event, such as "issue_comment".
        payload: of the event, raw.
        repository: owner/name.
        run: names this run and attempt, for logs and ledgers.
        run_url: of its log; empty where the runner does not say.
        token: by which GitHub is asked.
        login: under which name that token writes.
        api_url: of GitHub's REST interface.
        scratch: a folder that ends with the run.
        summary, output: files that the runner reads; None where there is none.
    """

    event: str
    payload: bytes
    repository: str
    run: str
    run_url: str
    token: str = field(repr=False)
    login: str
    api_url: str
    scratch: Path
    summary: Path | None
    output: Path | None


def read_context(variables: Mapping[str, str]) -> Context:
    """Return the run that the variables tell of.

    Raises:
        Infrastructure: one is missing or odd, or the payload cannot be read.
    """
    repository = _matching(variables, "GITHUB_REPOSITORY", _REPOSITORY)
    run = _matching(variables, "GITHUB_RUN_ID", _RUN)
    attempt = variables.get("GITHUB_RUN_ATTEMPT", "1")
    server = variables.get("GITHUB_SERVER_URL", "")
    return Context(
        event=_given(variables, "GITHUB_EVENT_NAME"),
        payload=_payload(Path(_given(variables, "GITHUB_EVENT_PATH"))),
        repository=repository,
        run=f"run-{run}-{attempt}" if _RUN.fullmatch(attempt) else f"run-{run}",
        run_url=f"{server}/{repository}/actions/runs/{run}" if server else "",
        token=_given(variables, "GITHUB_TOKEN"),
        login=variables.get("BOARDWRIGHT_OWN_LOGIN") or OWN_LOGIN,
        api_url=variables.get("GITHUB_API_URL") or "https://api.github.com",
        scratch=Path(_given(variables, "RUNNER_TEMP")),
        summary=_file(variables, "GITHUB_STEP_SUMMARY"),
        output=_file(variables, "GITHUB_OUTPUT"),
    )


def close_doors(variables: MutableMapping[str, str]) -> None:
    """Take out of an environment what no process that is started from here needs."""
    for name in [name for name in variables if name.startswith(_DOORS)]:
        del variables[name]


def _given(variables: Mapping[str, str], name: str) -> str:
    value = variables.get(name, "").strip()
    if not value:
        raise Infrastructure(
            f"The variable {name} is not set.",
            "run this in a workflow, as workflows/boardwright.yml does (docs/actions.md)",
        )
    return value


def _matching(variables: Mapping[str, str], name: str, pattern: re.Pattern[str]) -> str:
    value = _given(variables, name)
    if pattern.fullmatch(value) is None:
        raise Infrastructure(f"The variable {name} is {value[:100]!r}, which GitHub does not set.")
    return value


def _payload(path: Path) -> bytes:
    with path.open("rb") as file:
        content = file.read(MAX_BODY_BYTES + 1)
    if len(content) > MAX_BODY_BYTES:
        raise Infrastructure(f"{path} is larger than anything that GitHub sends.")
    return content


def _file(variables: Mapping[str, str], name: str) -> Path | None:
    return Path(variables[name]) if variables.get(name) else None
