"""Asking: what a run was started for, GitHub's answers, and how a plan ends without one."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Ask = Callable[[str], Any]
"""Asks GitHub for a path below the repository; raises Absent where there is no such thing."""


class Absent(Exception):
    """GitHub knows no such thing."""


class Nothing(Exception):
    """There is nothing to measure, which is nobody's fault."""


class Refused(Exception):
    """This must not be measured, or not yet; somebody has to do what the text says."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the workflow run was started for, and how its repository is set up.

    Attributes:
        event: GitHub's name of it.
        payload: of the event.
        repository: owner/name.
        builds: path of the workflow that builds.
        ref: of the branch whose version of the workflow runs.
        bench: name of the bench; empty: emulated boards on a hosted runner.
        by_label: a label approves, instead of the environment's reviewers.
    """

    event: str
    payload: Mapping[str, Any]
    repository: str
    builds: str
    ref: str
    bench: str = ""
    by_label: bool = False

    @property
    def inputs(self) -> Mapping[str, str]:
        """Return what a person chose who started the run by hand."""
        return self.payload.get("inputs") or {}


def asker(repository: str) -> Ask:
    """Return what asks GitHub about a repository with the token of GH_TOKEN."""

    def ask(path: str) -> Any:
        try:
            done = subprocess.run(
                ["gh", "api", f"repos/{repository}/{path}"],
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Refused(f"GitHub was not asked: {error}. Run this again.") from error
        if done.returncode != 0:
            if "HTTP 404" in done.stderr:
                raise Absent(path)
            raise Refused(f"GitHub does not answer: {done.stderr.strip()[:200]}")
        return json.loads(done.stdout)

    return ask
