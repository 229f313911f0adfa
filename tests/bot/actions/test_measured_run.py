"""What a bench left, told by the workflow itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.actions.context import Context
from bot.actions.measured_run import tell_pull
from bot.actions.report import FailOn
from bot.errors import Infrastructure, RequestError
from hardware_runner.results import RESULTS_FILE
from tests.bot.measured.benches import HOST, artifact, broken, goal, project_files, report, results
from tests.bot.measured.test_taking import WRONG, Lab


def context(folder: Path, login: str) -> Context:
    return Context(
        event="workflow_run",
        payload=b"{}",
        repository="octo/Widgets",
        run="run-99-1",
        run_url="https://github.com/octo/Widgets/actions/runs/99",
        token="t",  # noqa: S106
        login=login,
        api_url="",
        scratch=folder,
        summary=None,
        output=None,
    )


@pytest.mark.parametrize("packed", [False, True])
def test_results_become_a_comment_and_checks(tmp_path: Path, packed: bool) -> None:
    lab = Lab()
    name = "anything.zip" if packed else RESULTS_FILE
    content = artifact(report(), commit=lab.head)
    plain = results(report(), commit=lab.head).model_dump_json().encode()
    (tmp_path / name).write_bytes(content if packed else plain)
    known = context(tmp_path, lab.github.login)
    told = tell_pull(lab.hub, known, tmp_path, lab.pull.number, lab.head)
    assert told.verdict == "met" and not told.fails(FailOn.LIMIT)
    (said,) = lab.said()
    assert "nucleo-f446re" in said and "/actions/runs/99" in said
    assert list(lab.checks()) == ["Boardwright / nucleo-f446re"]
    tell_pull(lab.hub, known, tmp_path, lab.pull.number, lab.head)
    assert len(lab.said()) == 1


def test_only_what_the_files_are_to_blame_for_is_missed(tmp_path: Path) -> None:
    lab = Lab(files=project_files(goal(accuracy_min=0.95)))
    known = context(tmp_path, lab.github.login)
    (tmp_path / "a.zip").write_bytes(artifact(report(answers=WRONG), commit=lab.head))
    told = tell_pull(lab.hub, known, tmp_path, lab.pull.number, lab.head)
    assert told.verdict == "missed"
    assert told.fails(FailOn.LIMIT) and not told.fails(FailOn.SERVICE)
    lab = Lab()
    (tmp_path / "a.zip").write_bytes(
        artifact(broken("nucleo-f446re", "The cable is out."), commit=lab.head)
    )
    told = tell_pull(lab.hub, known, tmp_path, lab.pull.number, lab.head)
    assert told.verdict == "infrastructure" and not told.fails(FailOn.LIMIT)


def test_a_head_that_moved_gets_no_comment_about_what_was(tmp_path: Path) -> None:
    lab = Lab()
    measured = lab.head
    (tmp_path / "a.zip").write_bytes(artifact(report(answers=HOST), commit=measured))
    lab.there.push("boardwright[bot]", lab.pull.head_branch, {"more": b"x"})
    assert lab.head != measured
    known = context(tmp_path, lab.github.login)
    tell_pull(lab.hub, known, tmp_path, lab.pull.number, measured)
    assert lab.said() == [] and len(lab.checks()) == 1


def test_results_of_another_commit_are_refused(tmp_path: Path) -> None:
    lab = Lab()
    known = context(tmp_path, lab.github.login)
    with pytest.raises(RequestError, match="There are no results"):
        tell_pull(lab.hub, known, tmp_path, lab.pull.number, lab.head)
    (tmp_path / "a.zip").write_bytes(artifact(report()))
    with pytest.raises(Infrastructure, match="The results are refused: The results are of commit"):
        tell_pull(lab.hub, known, tmp_path, lab.pull.number, lab.head)
    assert lab.said() == []
