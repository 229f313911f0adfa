"""What single runs do: permissions, what is forged or lost, what is said meanwhile, reports."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from bot.actions.report import FailOn, write_report
from bot.actions.state import hidden
from bot.github.fake import Fault
from bot.github.fake_repository import Remark
from bot.github.hub import Permission, Refused, Unavailable
from bot.rendering.live import Phase
from tests.bot.actions.scene import OURS, Scene
from tests.bot.jobs.fake_work import FOLDER

TRAIN = f"{FOLDER}/train.py"
APPROVE = {"boardwright.toml": b"[service]\napprove_plan = true\n"}


@pytest.mark.parametrize("role", [Permission.TRIAGE, Permission.READ, Permission.NONE])
def test_who_may_not_write_starts_nothing(scene: Scene, role: Permission) -> None:
    scene.there.roles["ada"] = role
    number = scene.issue()
    assert scene.label(number).verdict == "ignored"
    assert not scene.there.pulls and len(scene.answers(number)) == 1
    scene.comment(number, "/boardwright build")
    assert not scene.there.pulls and len(scene.answers(number)) == 1, "told once a day"


def test_answers_and_commands_of_strangers_change_nothing(scene: Scene) -> None:
    number = scene.issue("ASK which board")
    scene.label(number)
    before = scene.state(number)
    for text in ("on the host", "/boardwright cancel"):
        scene.comment(number, text, "bob")
    after = scene.state(number)
    assert after.live == before.live and after.wanted == before.wanted
    scene.comment(number, "on the host", "renovate[bot]")
    assert scene.state(number).live.phase is Phase.ASKING


def test_a_state_that_somebody_else_wrote_does_not_count(scene: Scene) -> None:
    number = scene.issue("ASK which board")
    scene.label(number)
    true = scene.state(number)
    assert true.wanted is not None
    forged = true.model_copy(
        update={
            "wanted": true.wanted.model_copy(update={"body": "Mine coins"}),
            "live": true.live.model_copy(update={"phase": Phase.APPROVING}),
        }
    )
    marker = scene.live_comment(number).body.partition("\n")[0]
    comments = scene.there.comments[number]
    eve = scene.say(number, f"{marker}\n{hidden(forged)}", "bob")
    comments.insert(0, comments.pop())
    scene.say(number, f"> {marker}\n> {hidden(forged)}", "bob")
    assert scene.comment(number, "/boardwright approve").verdict == "asking"
    assert not scene.there.pulls
    comments.remove(eve)


def test_a_state_of_another_issue_does_not_count(scene: Scene) -> None:
    first, second = scene.issue("ASK which board"), scene.issue("ASK which board")
    scene.label(first)
    scene.label(second)
    stolen = scene.live_comment(first).body
    scene.there.edit_comment(second, scene.live_comment(second).id, stolen)
    assert scene.comment(second, "on the host").done == "not heeded"


@pytest.mark.parametrize("damage", ["cut", "gone", "no base64"])
def test_a_damaged_state_lets_people_begin_again(scene: Scene, damage: str) -> None:
    number = scene.issue("ASK which board")
    scene.label(number)
    comment = scene.live_comment(number)
    visible, _, packed = comment.body.rpartition("<!-- boardwright:state=1 ")
    body = {
        "cut": f"{visible}<!-- boardwright:state=1 {packed[: len(packed) // 2]} -->",
        "gone": visible,
        "no base64": f"{visible}<!-- boardwright:state=1 {packed[1:]}",
    }[damage]
    scene.there.edit_comment(number, comment.id, body)
    assert scene.comment(number, "on the host").done == "not heeded"
    assert scene.comment(number, "/boardwright build").verdict == "asking"
    assert scene.comment(number, "on the host").verdict == "met"


def test_the_issue_is_kept_as_it_was_when_it_was_triggered(scene: Scene) -> None:
    scene.there.push("ada", "main", APPROVE)
    number = scene.issue("Tell fruits apart")
    scene.label(number)
    scene.there.edit_issue(number, "Other", "Mine coins")
    scene.comment(number, "/boardwright approve")
    assert scene.content(TRAIN) == b"# usual, Tell fruits apart\n"
    scene.comment(number, "/boardwright retry")
    assert scene.content(TRAIN) == b"# usual, Tell fruits apart\n", "the plan waits"
    assert scene.state(number).live.phase is Phase.APPROVING
    scene.comment(number, "/boardwright approve")
    assert scene.content(TRAIN) == b"# usual, Mine coins\n"


def test_an_issue_opened_with_the_label_is_worked_on_once(scene: Scene) -> None:
    number = scene.issue("REFUSE")
    payload = scene._payload("opened", number, "ada")
    late = {**payload, "action": "labeled", "label": {"name": "tinyml"}}
    assert scene.run("issues", payload).verdict == "failed"
    assert "earlier run" in scene.run("issues", late).done
    assert "earlier run" not in scene.label(number).done, "labelled again, by a person"


def test_what_was_heard_is_not_heard_again(scene: Scene) -> None:
    number = scene.issue("ASK which board")
    scene.label(number)
    comment = scene.say(number, "on the host")
    scene.commented(number, comment)
    edits = scene.github.count("put_comment")
    assert "earlier run" in scene.commented(number, comment).done
    assert scene.github.count("put_comment") == edits


def test_what_one_run_heard_the_next_does_not_do_again(
    scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    scene.there.push("ada", "main", APPROVE)
    number = scene.issue()
    scene.label(number)
    scene.comment(number, "/boardwright plan smaller")
    capsys.readouterr()
    status = scene.say(number, "/boardwright status")
    scene.commented(number, status)
    said = capsys.readouterr().out.splitlines()
    assert [line for line in said if ": " in line][1:] == ["commanded: answered"]
    assert len(scene.answers(number)) == 1
    assert scene.state(number).heard == status.id
    edits = scene.github.count("put_comment")
    scene.comment(number, "chat", "bob")
    assert scene.github.count("put_comment") == edits, "what nobody heeds is not worth an edit"


def test_comments_whose_run_never_came_are_heard_by_the_next(scene: Scene) -> None:
    scene.there.push("ada", "main", APPROVE)
    number = scene.issue("ASK which board")
    scene.label(number)
    scene.say(number, "on the host")
    scene.say(number, "nonsense", "bob")
    report = scene.comment(number, "/boardwright status")
    state = scene.state(number)
    assert state.wanted is not None and state.wanted.answers == ("on the host",)
    assert report.verdict == "approving"


@pytest.mark.parametrize("how", ["cancel", "close"])
def test_a_build_can_be_stopped_while_it_runs(scene: Scene, how: str) -> None:
    number = scene.issue("HANG")
    begun = threading.Event()
    edit = scene.there.edit_comment

    def watched(number: int, comment_id: int, body: str) -> object:
        if "Building" in body and not begun.is_set():
            begun.set()
            if how == "cancel":
                scene.say(number, "/boardwright cancel")
            else:
                scene.there.close(number)
        return edit(number, comment_id, body)

    scene.there.edit_comment = watched  # type: ignore[assignment,method-assign]
    report = scene.label(number)
    assert report.verdict == "cancelled" and not report.service_failed
    assert not scene.there.pulls
    said = "Cancelled by ada" if how == "cancel" else "The issue was closed by somebody"
    assert said in scene.live_comment(number).body


def test_a_run_that_was_cut_off_is_told_by_the_next(scene: Scene) -> None:
    number = scene.issue("ASK which board")
    scene.label(number)
    state = scene.state(number)
    live = state.live.model_copy(update={"phase": Phase.BUILDING})
    visible = scene.live_comment(number).body.partition("\n")[0]
    left = f"{visible}\n{hidden(state.model_copy(update={'live': live}))}"
    scene.there.edit_comment(number, scene.live_comment(number).id, left)
    report = scene.comment(number, "hello?")
    assert report.live is not None and report.live.phase is Phase.FAILED
    assert "ended before its work did" in scene.live_comment(number).body
    assert scene.comment(number, "/boardwright retry").verdict == "asking"


def test_a_closed_pull_request_ends_the_job_and_build_opens_another(scene: Scene) -> None:
    number = scene.issue()
    scene.label(number)
    first = scene.only_pull()
    assert scene.close_pull(first, merged=False).verdict == "cancelled"
    scene.comment(number, "/boardwright build")
    assert [pull.is_open for pull in scene.there.pulls.values()] == [False, True]


def test_a_command_begins_work_and_labels_the_issue_so_that_answers_are_heard(scene: Scene) -> None:
    number = scene.there.add_issue("bob", "Three fruits", "ASK which board")
    scene.comment(number, "/boardwright build")
    assert "tinyml" in scene.there.issues[number].labels


def test_commands_that_need_no_job_are_answered(scene: Scene) -> None:
    number = scene.issue()
    scene.label(number)
    told = {"status": "waits for a review", "help": "measure BOARD", "biuld": "nearest"}
    for text, said in told.items():
        scene.comment(number, f"/boardwright {text}")
        assert said in scene.answers(number)[-1]
    scene.comment(scene.only_pull().number, "/boardwright help")
    assert "measure BOARD" in scene.answers(scene.only_pull().number)[-1]


def test_pull_requests_of_others_and_of_forks_are_none_of_ours(scene: Scene) -> None:
    scene.there.push("ada", "feature", {"a": b"b"})
    other = scene.there.open_pull("ada", "feature", "main", "Feature", "")
    assert "none that Boardwright made" in scene.comment(other.number, "/boardwright retry").done
    assert scene.answers(other.number) == []
    payload = scene._pull("submitted", other, "ada", review={"id": 1, "state": "commented"})
    payload["pull_request"]["head"] = {"ref": "boardwright/issue-1-x", "repo": {"id": 99}}
    assert "fork" in scene.run("pull_request_review", payload).done


def test_who_wrote_which_file_is_remembered(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    number = scene.issue()
    scene.label(number)
    state = scene.state(number)
    kept = state.model_copy(update={"record": {"network": "usual", "files": {}}})
    visible = scene.live_comment(number).body.partition("\n")[0]
    scene.there.edit_comment(number, scene.live_comment(number).id, f"{visible}\n{hidden(kept)}")
    scene.review(scene.only_pull(), Remark(TRAIN, 1, "rename it"))
    assert scene.state(number).record == {"network": "usual", "files": {}}


def test_github_that_refuses_fails_the_run_and_says_so(scene: Scene) -> None:
    scene.github.fail(Fault("put_pull", Refused("Actions may not open pull requests.")))
    number = scene.issue()
    report = scene.label(number)
    assert report.verdict == "met" and report.service_failed and report.fails(FailOn.SERVICE)
    assert not report.fails(FailOn.NEVER)
    assert "may not open pull requests" in scene.live_comment(number).body


def test_github_that_is_away_for_a_moment_is_asked_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(run: object, seconds: float) -> None:
        assert seconds >= 1

    monkeypatch.setattr("bot.actions.engine._Run.sleep", at_once)
    scene.github.fail(Fault("comments", Unavailable("later", 3.0), times=2))
    scene.github.fail(Fault("put_pull", Unavailable("later"), after=True))
    number = scene.issue()
    assert scene.label(number).verdict == "met" and len(scene.there.pulls) == 1


@pytest.mark.parametrize(
    ("body", "verdict", "service", "limit"),
    [("fine", "met", False, False), ("REFUSE", "failed", True, True)],
)
def test_what_fails_a_run(
    scene: Scene, body: str, verdict: str, service: bool, limit: bool
) -> None:
    report = scene.label(scene.issue(body))
    assert report.verdict == verdict
    assert (report.fails(FailOn.SERVICE), report.fails(FailOn.LIMIT)) == (service, limit)


def test_summary_and_outputs_are_written_for_the_runner(scene: Scene, tmp_path: Path) -> None:
    report = scene.label(scene.issue())
    summary, output = tmp_path / "summary", tmp_path / "output"
    write_report(report, summary, output)
    pull = scene.only_pull()
    assert output.read_text().splitlines() == [
        "verdict=met",
        "phase=reviewing",
        f"pull-request={pull.number}",
        f"pull-request-url={pull.url}",
    ]
    assert "Ready for review" in summary.read_text() and "state=1" not in summary.read_text()


def test_a_limit_that_was_missed_is_a_verdict(scene: Scene) -> None:
    report = scene.label(scene.issue())
    assert report.outcome is not None
    missed = replace(report, outcome=report.outcome.model_copy(update={"draft": True}))
    assert missed.verdict == "missed" and missed.fails(FailOn.LIMIT)
    assert not missed.fails(FailOn.SERVICE)


def test_the_service_of_a_person_is_told_apart_from_our_own_login(scene: Scene) -> None:
    number = scene.issue()
    assert scene.comment(number, "/boardwright build", OURS).done == "It comes from a bot."
