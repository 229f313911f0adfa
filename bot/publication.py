"""Publication: put what the stages left together as a proposal."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.evidence import Evidence, Outcome, Stage
from bot.proposal import Asked, AuthoredFile, Figures, Proposal
from bot.records import Records, digest
from bot.stages import arrays
from bot.stages.stage_result import Context, StageResult
from bot.tools import package_versions
from bot.workspace import AUTHORED_PATHS, Workspace
from bot.writing import Done
from hardware_runner.report import RunReport

TRAINING_MAX_BYTES = 5 * 1024 * 1024
"""Training records that are larger stay out of a proposal: a repository keeps them for ever."""


@dataclass(frozen=True, slots=True)
class Step:
    """A stage of an attempt; `done` says who wrote it, and is None where no file could be run."""

    result: StageResult
    done: Done | None = None

    @property
    def stage(self) -> Stage:
        """Return which stage it is."""
        return self.result.stage


@dataclass(frozen=True, slots=True)
class Attempt:
    """One candidate: its files and artefacts, and all stages up to it.

    `mended` says which repair led to it, for people; empty for none.
    """

    context: Context
    steps: Sequence[Step]
    mended: str = ""

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Return the evidence of all stages."""
        return tuple(evidence for step in self.steps for evidence in step.result.evidence)

    @property
    def flawless(self) -> bool:
        """Say whether every stage ran and nothing failed."""
        failed = any(e.outcome is Outcome.FAIL for e in self.evidence)
        return len(self.steps) == len(Stage) and not failed


def assemble(
    attempt: Attempt,
    *,
    evidence: tuple[Evidence, ...],
    records: Records,
    tried: tuple[str, ...],
    asked: tuple[Asked, ...] = (),
) -> Proposal:
    """Return the proposal for a candidate."""
    context = attempt.context
    train = context.split.train
    files, left_out_bytes = _without_large(context.workspace, train)
    counted = Counter(train.labels)
    if "test.npz" in context.made:
        test = arrays.load(context.made["test.npz"])
        files["testset.npz"] = arrays.dump_small(x=test["x"], y=test["y"])
    if "model.tflite" in context.made:
        files["model.tflite"] = context.made["model.tflite"]
    reports = _reports(context)
    return Proposal(
        goal=context.goal,
        files=dict(sorted(files.items())),
        authored=_authored(attempt),
        evidence=evidence,
        reports=reports,
        figures=_figures(context, reports),
        tried=tried,
        inputs_sha256={
            context.goal.data.uri: digest(records),
            train.entry("train"): digest(train),
            **{
                name: _sha256(files[name])
                for name in ("testset.npz", "model.tflite")
                if name in files
            },
        },
        tools=_tools(reports),
        asked=asked,
        training={label: counted[label] for label in context.goal.labels},
        left_out_bytes=left_out_bytes,
        network=context.size.name,
    )


def _without_large(workspace: Workspace, train: Records) -> tuple[dict[str, bytes], int]:
    """Return the files without the training records where these are large, and their size then."""
    training = train.files("train")
    size = sum(map(len, training.values()))
    if size <= TRAINING_MAX_BYTES:
        return dict(workspace.files), 0
    return {path: c for path, c in workspace.files.items() if path not in training}, size


def _authored(attempt: Attempt) -> tuple[AuthoredFile, ...]:
    """Return who wrote the files of the proposal."""
    done = [step.done for step in attempt.steps if step.done is not None]
    return tuple(
        AuthoredFile(path, one.stage, one.written.author, one.tries)
        for one in done
        for path in AUTHORED_PATHS[one.stage]
    )


def _reports(context: Context) -> tuple[RunReport, ...]:
    listed = json.loads(context.made.get("reports.json", b"[]"))
    return tuple(RunReport.model_validate(report) for report in listed)


def _figures(context: Context, reports: tuple[RunReport, ...]) -> Figures | None:
    made = context.made
    if "int8_scores.npz" not in made:
        return None
    truth = arrays.load(made["test.npz"])["y"].astype(np.int64)
    int8 = arrays.load(made["int8_scores.npz"])
    history = json.loads(made["training.json"])["history"]
    return Figures(
        truth=truth,
        float_scores=arrays.load(made["float_scores.npz"])["scores"].astype(np.float32),
        int8_scores=int8["scores"].astype(np.int8),
        output_scale=float(int8["scale"]),
        output_zero_point=int(int8["zero_point"]),
        history={key: tuple(values) for key, values in history.items()},
        board_predictions={
            report.board: np.array(report.scores, dtype=np.int8).argmax(axis=1).astype(np.int64)
            for report in reports
            if len(report.scores) == len(truth)
        },
    )


def _tools(reports: tuple[RunReport, ...]) -> dict[str, str]:
    tools = dict(package_versions())
    for report in reports:
        tools |= report.tools
    return dict(sorted(tools.items()))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
