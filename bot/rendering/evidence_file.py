"""evidence.json: everything that was measured, for machines; pydantic derives its schema."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Literal

from pydantic import Field

from bot.evidence import Evidence
from bot.frozen import Frozen
from bot.goal import Goal
from bot.proposal import Asked, Figures, Proposal
from bot.rendering.spent import total
from hardware_runner.board import Verified
from hardware_runner.report import Cost, Footprint, Profile, RunOutcome, RunReport

SCHEMA_VERSION = 1
PATH = "evidence.json"

# An array of numbers that json laid out one a line; strings hold no line ends, so none matches.
_NUMBERS = re.compile(r"\[\n\s*(?:[-+.\deE]+,\n\s*)*[-+.\deE]+\n\s*\]")


class Written(Frozen):
    """Who wrote a file, in how many tries, and which bytes it has."""

    path: str
    stage: str
    author: str
    tries: int
    sha256: str = Field(description="empty where the file is not in the proposal")


class ModelCall(Frozen):
    """One time that a language model was asked, and what came of it."""

    purpose: str = Field(description="'understand', or the stage whose files were wanted")
    number: int = Field(description="counts the tries for this purpose, from 1")
    model: str
    calls: int = Field(description="HTTP calls that were answered")
    input_tokens: int
    cached_tokens: int = Field(description="among the input tokens")
    output_tokens: int
    seconds: float
    cost_usd: float | None = Field(description="null where the price is unknown")
    causes: tuple[str, ...] = Field(description="what was found wrong; empty where it was taken")


class Run(Frozen):
    """A board's report. The scores, which are many, stand here as a hash.

    What the wall clock decided, speed and resends, is left out: the same run gives the same bytes.

    ``scores_sha256`` is over the int8 scores of all samples in order, one byte each, row by row.
    """

    board: str
    core: str
    verified: Verified
    outcome: RunOutcome
    reason: str
    firmware_sha256: str
    samples: int
    scores_sha256: str
    predictions: tuple[int, ...] = Field(description="argmax of the scores, one for each sample")
    decisions: tuple[int, ...] = Field(description="what app.c acted on, -1 for nothing")
    cost: Cost | None
    profile: Profile | None
    footprint: Footprint | None
    tools: dict[str, str]


class Host(Frozen):
    """What the compiled model answered on the host, to compare boards with."""

    samples: int
    scores_sha256: str
    predictions: tuple[int, ...]
    truth: tuple[int, ...]
    output_scale: float
    output_zero_point: int
    history: dict[str, tuple[float, ...]]


class EvidenceFile(Frozen):
    """The content of evidence.json."""

    schema_version: Literal[1] = 1
    goal: Goal
    evidence: tuple[Evidence, ...]
    runs: tuple[Run, ...]
    host: Host | None
    tried: tuple[str, ...]
    authored: tuple[Written, ...]
    files_sha256: dict[str, str]
    inputs_sha256: dict[str, str]
    tools: dict[str, str]
    model_calls: tuple[ModelCall, ...] = Field(
        default=(), description="left out where no language model was asked"
    )


def evidence_json(proposal: Proposal) -> bytes:
    """Return evidence.json: UTF-8, sorted keys, the same bytes for the same proposal."""
    without = set() if proposal.asked else {"model_calls"}
    content = collect(proposal).model_dump(mode="json", exclude=without)
    text = json.dumps(content, indent=1, sort_keys=True)
    return (_NUMBERS.sub(lambda array: " ".join(array[0].split()), text) + "\n").encode()


def schema() -> dict[str, object]:
    """Return the JSON Schema of evidence.json."""
    return EvidenceFile.model_json_schema()


def collect(proposal: Proposal) -> EvidenceFile:
    """Gather the content of evidence.json from a proposal."""
    hashes = {path: _sha256(content) for path, content in sorted(proposal.files.items())}
    return EvidenceFile(
        goal=proposal.goal,
        evidence=proposal.evidence,
        runs=tuple(map(_run, proposal.reports)),
        host=_host(proposal.figures) if proposal.figures else None,
        tried=proposal.tried,
        authored=tuple(
            Written(
                path=a.path,
                stage=a.stage.value,
                author=a.author,
                tries=a.tries,
                sha256=hashes.get(a.path, ""),
            )
            for a in proposal.authored
        ),
        files_sha256=hashes,
        inputs_sha256=dict(proposal.inputs_sha256),
        tools=dict(proposal.tools),
        model_calls=tuple(map(_model_call, proposal.asked)),
    )


def _model_call(asked: Asked) -> ModelCall:
    usage = total(asked.usage)
    return ModelCall(
        purpose=asked.purpose,
        number=asked.number,
        model=asked.author,
        calls=usage.calls,
        input_tokens=usage.input_tokens,
        cached_tokens=usage.cached_tokens,
        output_tokens=usage.output_tokens,
        seconds=round(usage.seconds, 3),
        cost_usd=usage.cost_usd,
        causes=asked.causes,
    )


def _run(report: RunReport) -> Run:
    shared = RunReport.model_fields.keys() & Run.model_fields
    return Run(
        **{name: getattr(report, name) for name in shared},
        scores_sha256=_scores_sha256(report.scores),
        predictions=tuple(row.index(max(row)) for row in report.scores if row),
    )


def _host(figures: Figures) -> Host:
    return Host(
        samples=len(figures.truth),
        scores_sha256=_sha256(figures.int8_scores.tobytes()),
        predictions=tuple(int(v) for v in figures.int8_scores.argmax(axis=1)),
        truth=tuple(int(v) for v in figures.truth),
        output_scale=figures.output_scale,
        output_zero_point=figures.output_zero_point,
        history={key: tuple(values) for key, values in figures.history.items()},
    )


def _scores_sha256(scores: tuple[tuple[int, ...], ...]) -> str:
    return _sha256(b"".join(v.to_bytes(1, "big", signed=True) for row in scores for v in row))


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
