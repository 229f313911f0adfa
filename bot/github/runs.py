"""Runs of workflows, and the artifacts that they leave.

Source: https://docs.github.com/rest/actions
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

from pydantic import BaseModel

from bot.github.errors import refused
from bot.github.hub import Artifact, WorkflowRun
from bot.github.wire import Nothing, Wire


class _Run(BaseModel):
    id: int
    path: str = ""
    event: str
    head_branch: str | None = None
    head_sha: str
    conclusion: str | None = None
    html_url: str = ""

    def value(self) -> WorkflowRun:
        return WorkflowRun(
            id=self.id,
            path=self.path.partition("@")[0],
            event=self.event,
            head_branch=self.head_branch or "",
            head_sha=self.head_sha,
            conclusion=self.conclusion or "",
            url=self.html_url,
        )


class _Runs(BaseModel):
    workflow_runs: list[_Run]


class _Artifact(BaseModel):
    id: int
    name: str
    size_in_bytes: int
    expired: bool = False
    digest: str | None = None


class _Artifacts(BaseModel):
    artifacts: list[_Artifact]


@dataclass(frozen=True, slots=True)
class Runs:
    """The workflow runs of a repository."""

    wire: Wire
    full_name: str

    def runs(self, workflow: str, branch: str, at_most: int) -> tuple[WorkflowRun, ...]:
        """Return the newest successful runs of a workflow on a branch, newest first."""
        found = self.wire.get(
            f"list the runs of {workflow} in {self.full_name}",
            f"{self._path()}/workflows/{quote(workflow, safe='')}/runs",
            _Runs,
            branch=branch,
            status="success",
            per_page=at_most,
        )
        return tuple(run.value() for run in found.workflow_runs[:at_most])

    def artifacts(self, run: int) -> tuple[Artifact, ...]:
        """Return what a workflow run left, a hundred at most."""
        found = self.wire.get(
            f"list what the workflow run {run} of {self.full_name} left",
            f"{self._path()}/runs/{run}/artifacts",
            _Artifacts,
            per_page=100,
        )
        return tuple(
            Artifact(one.id, one.name, one.size_in_bytes, one.digest or "", one.expired)
            for one in found.artifacts
        )

    def download(self, artifact: Artifact, at_most: int) -> bytes:
        """Return the zip file of an artifact, as it was uploaded; see `Hub.download`."""
        asked = f"download the artifact {artifact.id} of {self.full_name}"
        if artifact.size_bytes > at_most:
            raise refused(asked, f"it is larger than {at_most:,} bytes")
        content = self.wire.download(asked, f"{self._path()}/artifacts/{artifact.id}/zip", at_most)
        if artifact.digest and artifact.digest != digest_of(content):
            raise refused(asked, "it holds other bytes than its digest says")
        return content

    def dispatch(self, workflow: str, branch: str, inputs: Mapping[str, str]) -> None:
        """Start a workflow by hand."""
        asked = f"start {workflow} in {self.full_name}"
        path = f"{self._path()}/workflows/{quote(workflow, safe='')}/dispatches"
        self.wire.send("POST", asked, path, {"ref": branch, "inputs": dict(inputs)}, Nothing)

    def _path(self) -> str:
        return f"/repos/{quote(self.full_name)}/actions"


def digest_of(content: bytes) -> str:
    """Return the digest of an artifact as GitHub writes it.

    Source: GitHub REST, "List workflow run artifacts", `digest`.
    """
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
