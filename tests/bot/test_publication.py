"""What a proposal holds of the records."""

from __future__ import annotations

import pytest

from bot import publication
from bot.card.data import data_facts
from bot.goal import DataSource, Goal, Task
from bot.proposal import Proposal
from bot.publication import Attempt, assemble
from bot.rendering.text import Markdown
from bot.stages.stage_result import Context
from tests.bot import small_project


def made(context: Context) -> Proposal:
    with_records = small_project.replaced(
        context,
        workspace=context.workspace.with_files(context.split.train.files("train")),
    )
    attempt = Attempt(with_records, ())
    return assemble(attempt, evidence=(), records=small_project.records(), tried=())


def test_training_records_are_in_the_proposal_and_counted() -> None:
    context = small_project.context()
    proposal = made(context)
    assert proposal.files["train.csv"] == context.split.train.files("train")["train.csv"]
    assert sum(proposal.training.values()) == len(context.split.train.labels)
    assert tuple(proposal.training) == context.goal.labels
    assert {"train.csv", context.goal.data.uri} <= set(proposal.inputs_sha256)
    assert proposal.left_out_bytes == 0


def test_large_training_records_are_left_out_and_said_to_be(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(publication, "TRAINING_MAX_BYTES", 100)
    context = small_project.context()
    proposal = made(context)
    assert "train.csv" not in proposal.files
    assert set(proposal.files) == set(context.workspace.files) - {"train.csv"}
    assert proposal.left_out_bytes == len(context.split.train.files("train")["train.csv"])
    assert "train.csv" in proposal.inputs_sha256
    assert "not in this folder" in dict(data_facts(proposal))[Markdown("those to learn from")]


@pytest.mark.parametrize(
    ("uri", "task", "kind"),
    [
        ("sklearn:wine", Task.TABULAR_SENSOR, "csv"),
        ("npz:a.npz", Task.MOTION, "npz"),
        ("https://a.example/x.CSV?raw=1#sha256=00", Task.TABULAR_SENSOR, "csv"),
        ("https://a.example/x.zip", Task.KEYWORD_SPOTTING, "wav"),
        ("https://a.example/x.zip", Task.IMAGE_CLASSIFICATION, "images"),
    ],
)
def test_in_which_format_records_stand(uri: str, task: Task, kind: str) -> None:
    goal: Goal = small_project.goal()
    changed = goal.model_copy(update={"data": DataSource(uri=uri), "task": task})
    assert changed.records_kind == kind
