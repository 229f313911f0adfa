"""Truth: what the repository itself says at a commit, against which a bench's results are held.

goal.toml, evidence.json and testset.npz are files that no author may write; still they are read as
strangers' files, since whoever may push can change them.
"""

from __future__ import annotations

import io
import tomllib
import zipfile
from dataclasses import dataclass

import numpy as np
from pydantic import BaseModel, Field, ValidationError

from bot.github.hub import Hub, Refused
from bot.goal import Goal
from bot.measured.plausible import SAMPLES_MAX
from bot.measured.reading import ArtifactRefused

_GOAL, _EVIDENCE, _TESTSET = "goal.toml", "evidence.json", "testset.npz"
_AT_MOST = {_GOAL: 256 * 1024, _EVIDENCE: 16 * 1024**2, _TESTSET: 64 * 1024**2}
_LABELS_MAX_BYTES = 8 * SAMPLES_MAX + 4_096


@dataclass(frozen=True, slots=True)
class Truth:
    """What must come out.

    Attributes:
        labels: index of the true class of each held-out sample, in order.
        predictions: what the compiled model answered on the host, of the same samples.
        scores_sha256: over the host's int8 scores, row by row.
        built: boards on which it was run when it was built, and which passed.
    """

    commit: str
    project: str
    goal: Goal
    labels: tuple[int, ...]
    predictions: tuple[int, ...]
    scores_sha256: str
    built: tuple[str, ...] = ()


class _Host(BaseModel):
    scores_sha256: str
    predictions: list[int] = Field(max_length=SAMPLES_MAX)
    truth: list[int] = Field(max_length=SAMPLES_MAX)


class _Run(BaseModel):
    board: str
    outcome: str


class _Evidence(BaseModel):
    """The part of evidence.json that is read here."""

    host: _Host
    runs: list[_Run] = Field(default=[], max_length=256)


def truth_at(hub: Hub, commit: str, project: str) -> Truth:
    """Read what must come out at a commit.

    Raises:
        ArtifactRefused: the project is not there, or its files contradict each other.
        HubError: GitHub does not let us read.
    """
    files = {name: _file(hub, f"{project}/{name}", commit, name) for name in _AT_MOST}
    return read_truth(files, commit, project)


def read_truth(files: dict[str, bytes], commit: str, project: str) -> Truth:
    """Read what must come out from goal.toml, evidence.json and testset.npz; see `truth_at`."""
    where = f"of {project} at {commit[:10]}"
    try:
        goal = Goal.model_validate(tomllib.loads(files[_GOAL].decode("utf-8")))
    except (ValueError, RecursionError):
        raise ArtifactRefused(f"{_GOAL} {where} is missing or no goal.") from None
    try:
        evidence = _Evidence.model_validate_json(files[_EVIDENCE])
    except (ValidationError, RecursionError):
        raise ArtifactRefused(
            f"{_EVIDENCE} {where} is missing or says nothing of the host."
        ) from None
    labels = _labels(files[_TESTSET], where) if files[_TESTSET] else tuple(evidence.host.truth)
    host = evidence.host
    if labels != tuple(host.truth) or len(host.predictions) != len(labels):
        raise ArtifactRefused(f"{_TESTSET} and {_EVIDENCE} {where} are not of the same samples.")
    classes = len(goal.labels)
    if not labels or any(not 0 <= v < classes for v in (*labels, *host.predictions)):
        raise ArtifactRefused(f"{_TESTSET} {where} has labels that {_GOAL} does not know.")
    built = tuple(sorted({run.board for run in evidence.runs if run.outcome == "pass"}))
    predictions = tuple(host.predictions)
    return Truth(commit, project, goal, labels, predictions, host.scores_sha256, built)


def _file(hub: Hub, path: str, commit: str, name: str) -> bytes:
    try:
        return hub.read(path, commit, _AT_MOST[name]).get(path, b"")
    except Refused:
        raise ArtifactRefused(f"{path} at {commit[:10]} is too large, or no plain file.") from None


def _labels(content: bytes, where: str) -> tuple[int, ...]:
    """Return `y` of an .npz; nothing else in it is unpacked."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("y.npy") as file:
            packed = file.read(_LABELS_MAX_BYTES + 1)
        if len(packed) > _LABELS_MAX_BYTES:
            raise ValueError("too many labels")
        labels = np.lib.format.read_array(io.BytesIO(packed), allow_pickle=False)
        if labels.ndim != 1 or labels.dtype.kind not in "iu":
            raise ValueError("no labels")
    except Exception:  # zipfile and NumPy raise a dozen kinds for what is none of theirs
        raise ArtifactRefused(f"{_TESTSET} {where} holds no labels that can be read.") from None
    return tuple(int(label) for label in labels)
