"""The whole journey in workflow runs that share nothing but what stands on GitHub."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.github.fake_repository import Remark
from bot.rendering.live import Phase
from tests.bot.actions.scene import Scene
from tests.bot.jobs.fake_work import FOLDER

TRAIN = f"{FOLDER}/train.py"


def test_questions_approval_build_review_and_merge_each_in_a_run_of_its_own(scene: Scene) -> None:
    scene.there.push("ada", "main", {"boardwright.toml": b"[service]\napprove_plan = true\n"})
    number = scene.issue("ASK which board")

    report = scene.label(number)
    assert (report.verdict, report.service_failed) == ("asking", False)
    assert "Which board?" in scene.live_comment(number).body

    report = scene.comment(number, "on the host")
    assert report.verdict == "approving"
    state = scene.state(number)
    assert state.wanted is not None and state.wanted.answers == ("on the host",)

    report = scene.comment(number, "/boardwright plan smaller")
    assert report.verdict == "approving" and not scene.there.pulls

    report = scene.comment(number, "/boardwright approve")
    assert report.verdict == "met"
    pull = scene.only_pull()
    assert pull.is_draft and scene.content(TRAIN) == b"# smaller, ASK which board\n"
    assert scene.there.requested[pull.number] == ["ada"]
    message = scene.there.commits[pull.head_sha].message
    assert f"Co-authored-by: ada <{sum(b'ada')}+ada@" in message

    report = scene.review(pull, Remark(TRAIN, 1, "rename it"), Remark(TRAIN, 1, "why?"), body="hm")
    assert report.live is not None and report.live.revisions == 1
    assert scene.content(TRAIN).endswith(b"# hm\n# rename it\n# why?\n")
    settled, asked = scene.there.threads[pull.number]
    assert settled.is_resolved and not asked.is_resolved

    report = scene.comment(pull.number, "/boardwright measure mps2-an386")
    state = scene.state(number)
    assert state.wanted is not None and state.wanted.boards == ("host", "mps2-an386")

    assert scene.close_pull(scene.only_pull(), merged=True).verdict == "done"
    assert scene.state(number).live.phase is Phase.DONE
    assert scene.close(number).done == "nobody is concerned"
    assert len(scene.there.pulls) == 1


def test_work_is_done_in_processes_that_end_with_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOARDWRIGHT_SETTINGS", "")
    scene = Scene(tmp_path)
    number = scene.issue()
    assert scene.label(number).verdict == "met"
    live = scene.state(number).live
    assert [stage.state for stage in live.stages] == ["done"] * 5
    assert live.cost == "2 calls, 1,234 tokens, $0.02"


def test_budgets_that_no_run_can_keep_are_refused(scene: Scene) -> None:
    def settings(budget: str) -> None:
        scene.there.push("ada", "main", {"boardwright.toml": f"[budget]\n{budget}\n".encode()})

    settings("per_request_usd = 1.0\nper_day_usd = 5.0\nper_person_tokens = 1000")
    number = scene.issue()
    report = scene.label(number)
    assert report.live is not None and report.live.phase is Phase.FAILED
    assert report.live.problem.startswith("`per_day_usd`, `per_person_tokens` in `[budget]`")
    assert "Take `per_day_usd`, `per_person_tokens` out" in report.live.cure
    assert not scene.there.pulls
    settings("per_request_usd = 1.0\nper_day_usd = inf")
    assert scene.comment(number, "/boardwright retry").verdict == "met"
