"""What a stage is given and what it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from bot.authors.facts import Facts, describe
from bot.evidence import Evidence, Outcome, Relation, Stage
from bot.goal import Goal
from bot.plan import ModelSize, Plan
from bot.progress import Progress
from bot.sandbox.job import Origin, Sandbox
from bot.split import Split
from bot.workspace import Workspace

MIB = 1 << 20
_TEXTS = (".toml", ".h", ".c", ".py", ".csv")


@dataclass(frozen=True, slots=True)
class Context:
    """What every stage works with.

    Attributes:
        split: both sides of the records; only trusted code sees the held-out one.
        size: the candidate at hand.
        workspace: the project's files so far.
        made: what earlier stages made, by name: arrays as `.npz`, the models, JSON.
        origin: the least trusted author of the files.
    """

    goal: Goal
    plan: Plan
    size: ModelSize
    split: Split
    workspace: Workspace
    made: Mapping[str, bytes]
    sandbox: Sandbox
    origin: Origin
    progress: Progress

    def facts(self) -> Facts:
        """Return what an author of the next stage is told."""
        texts = {
            path: content.decode()
            for path, content in self.workspace.files.items()
            if PurePosixPath(path).suffix in _TEXTS
        }
        return describe(self.goal, self.plan, self.size, self.split.train, texts)


@dataclass(frozen=True, slots=True)
class StageResult:
    """What a stage found and made.

    Attributes:
        made: artefacts for later stages; empty where the stage broke and none can follow.
    """

    stage: Stage
    evidence: tuple[Evidence, ...]
    made: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def usable(self) -> bool:
        """Say whether the next stage has something to work on."""
        return bool(self.made)


def verdict(
    check: str, stage: Stage, claim: str, passed: bool, method: str, detail: str = ""
) -> Evidence:
    """Return evidence for a claim that holds or does not, without a number."""
    return Evidence(
        check=check,
        stage=stage,
        claim=claim,
        value="yes" if passed else "no",
        unit="",
        relation=Relation.EQUAL,
        limit="yes",
        method=method,
        outcome=Outcome.PASS if passed else Outcome.FAIL,
        detail="" if passed else detail,
    )


def unmeasured(
    check: str, stage: Stage, claim: str, outcome: Outcome, method: str, why: str
) -> Evidence:
    """Return evidence that says why there is no value."""
    return Evidence(
        check=check,
        stage=stage,
        claim=claim,
        value=None,
        unit="",
        relation=Relation.NONE,
        limit=None,
        method=method,
        outcome=outcome,
        detail=why,
    )
