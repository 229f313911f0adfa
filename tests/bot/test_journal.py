"""The journal gives back what was finished, and never anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.evidence import Relation, Stage, judge
from bot.journal import Journal, step_key
from bot.stages.stage_result import StageResult

FOUND = judge("data.leaks", Stage.DATA, "none", 0, "records", Relation.EQUAL, 0, "counted")
RESULT = StageResult(Stage.DATA, (FOUND,), {"train.npz": bytes(range(256)), "empty": b""})


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    journal = Journal(tmp_path)
    journal.write("step", RESULT, 1.5)
    return journal


def test_gives_back_what_was_written(journal: Journal) -> None:
    assert journal.read("step") == (RESULT, 1.5)


def test_knows_no_other_step(journal: Journal) -> None:
    assert journal.read("other") is None


def test_leaves_no_other_file(journal: Journal, tmp_path: Path) -> None:
    assert [path.name for path in tmp_path.iterdir()] == ["step.json"]


def test_a_file_cut_anywhere_is_not_read(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "step.json"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        assert journal.read("step") is None, length


def test_a_file_with_a_changed_byte_is_not_read(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "step.json"
    whole = path.read_bytes()
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert journal.read("step") is None, place


def test_keys_tell_every_difference() -> None:
    keys = {
        step_key("data", {"a": b"1", "b": b"2"}),
        step_key("data", {"a": b"12", "b": b""}),
        step_key("data", {"a": b"1", "c": b"2"}),
        step_key("data", {"a": b"1"}),
        step_key("train", {"a": b"1", "b": b"2"}),
    }
    assert len(keys) == 5


def test_keys_do_not_depend_on_order() -> None:
    assert step_key("data", {"a": b"1", "b": b"2"}) == step_key("data", {"b": b"2", "a": b"1"})
