"""What people and the service say to each other on GitHub: questions, plans, commands."""

from __future__ import annotations

import pytest

from tests.bot.jobs.fake_work import FOLDER
from tests.github.service import Service

PATH = f"{FOLDER}/train.py"


def test_questions_wait_for_an_answer_and_nothing_else(service: Service) -> None:
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "ASK which board", ["tinyml"])
    service.settle()
    live = service.live(issue.number)
    assert "Answers are needed" in live and "1. Which board?" in live
    service.person("reader").comment(issue.number, "on mine")
    service.settle()
    assert "Answers are needed" in service.live(issue.number), "only who may start may answer"
    maint.comment(issue.number, "/boardwright approve")
    service.settle()
    assert "questions must be answered first" in service.said(issue.number)[-1]
    maint.comment(issue.number, "1. host")
    service.settle()
    live = service.live(issue.number)
    assert "Ready for review" in live and "Which board?" not in live
    assert service.pull().draft


def test_a_plan_waits_for_approval_where_the_repository_says_so(service: Service) -> None:
    maint = service.person("maint")
    service.person("owner").push("main", {"boardwright.toml": "[service]\napprove_plan = true\n"})
    issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    live = service.live(issue.number)
    assert "waits for approval" in live and "usual network" in live and not service.pulls()
    maint.comment(issue.number, "/boardwright plan smaller")
    service.settle()
    live = service.live(issue.number)
    assert "waits for approval" in live and "smaller network" in live and not service.pulls()
    asked = maint.comment(issue.number, "/boardwright approve")
    service.settle()
    assert "Ready for review" in service.live(issue.number)
    assert service.reactions(issue.number, asked.id) == {"rocket"}
    assert service.file(PATH, service.pull().head.sha).startswith("# smaller")


def test_settings_of_another_branch_do_not_count(service: Service) -> None:
    maint = service.person("maint")
    maint.push("easy", {"boardwright.toml": "[service]\napprove_plan = true\n"})
    issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    assert "Ready for review" in service.live(issue.number)


def test_settings_that_are_wrong_are_told_with_the_cure(service: Service) -> None:
    maint = service.person("maint")
    service.person("owner").push("main", {"boardwright.toml": "[service]\naprove = 1\n"})
    issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    live = service.live(issue.number)
    assert "could not be done" in live and "aprove" in live and "What to do:" in live
    assert service.reactions(issue.number) == {"confused"}


def test_cancelled_work_is_stopped_and_taken_up_again(service: Service) -> None:
    maint = service.person("maint")
    with service.working():
        issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
        service.until_at_work()
        maint.comment(issue.number, "/boardwright cancel")
        service.settle()
        live = service.live(issue.number)
        assert "Cancelled by maint" in live and "/boardwright retry" in live
    service.settle()
    assert not service.pulls() and service.has_ended()
    again = maint.comment(issue.number, "/boardwright retry")
    service.settle()
    assert "Ready for review" in service.live(issue.number)
    assert service.reactions(issue.number, again.id) == {"rocket"}


def test_a_budget_that_is_spent_is_told_with_what_to_do(service: Service) -> None:
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "REFUSE this", ["tinyml"])
    service.settle()
    live = service.live(issue.number)
    assert "The budget is spent." in live and "Wait until tomorrow." in live
    assert service.reactions(issue.number) == {"confused"} and not service.pulls()
    (delivery,) = [d.guid for d in service.hub.deliveries("issues") if d.guid in live]
    assert delivery, "whoever runs the service finds it by the delivery"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("help", "`/boardwright measure BOARD`: measure on this board too"),
        ("biuld", "`biuld` is no command; `/boardwright build` is the nearest one."),
        ("status", "Nothing is under way here."),
        ("cancel", "Nothing is under way here."),
        ("approve", "Nothing is under way here."),
        ("plan", "There is no plan yet."),
        ("build please", "is no command"),
    ],
)
def test_each_command_is_answered_where_nothing_runs(
    service: Service, command: str, said: str
) -> None:
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "Tell fruits apart")
    asked = maint.comment(issue.number, f"/boardwright {command}")
    service.settle()
    (answer,) = service.said(issue.number)
    assert said in answer
    done = command in ("help", "status", "plan")
    assert service.reactions(issue.number, asked.id) == {"rocket" if done else "confused"}
    assert service.is_untouched(issue.number)


def test_commands_count_only_at_the_start_of_a_comment(service: Service) -> None:
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "Tell fruits apart")
    for text in ("Say /boardwright build", "> /boardwright build", "/boardwrighty build"):
        maint.comment(issue.number, text)
    comment = maint.comment(issue.number, "hello")
    comment.edit("/boardwright build")
    service.settle()
    assert service.is_untouched(issue.number) and not service.said(issue.number)


def test_each_command_is_answered_while_it_works(service: Service) -> None:
    maint = service.person("maint")
    with service.working():
        issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
        service.until_at_work()
        for verb, said in (
            ("status", "being read"),
            ("build", "It is being worked on."),
            ("revise more", "It is being worked on."),
            ("help", "/boardwright cancel"),
        ):
            before = len(service.said(issue.number))
            maint.comment(issue.number, f"/boardwright {verb}")
            service.until_said(issue.number, before + 1)
            assert said in service.said(issue.number)[-1], verb
    service.settle()
    assert len(service.pulls()) == 1 and service.pull().commits == 1


def test_a_request_that_failed_is_mended_and_built(service: Service) -> None:
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "REFUSE this", ["tinyml"])
    service.settle()
    maint.repository.get_issue(issue.number).edit(body="Tell fruits apart")
    asked = maint.comment(issue.number, "/boardwright build")
    service.settle()
    live = service.live(issue.number)
    assert "Ready for review" in live and "budget" not in live
    assert service.reactions(issue.number) == {"rocket"}, "what it stands for is over"
    assert service.reactions(issue.number, asked.id) == {"rocket"}


def test_another_board_is_measured_on_demand(service: Service) -> None:
    maint = service.person("maint")
    maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    pull = service.pull()
    maint.comment(pull.number, "/boardwright measure mps2-an386")
    service.settle()
    told = [c.body for c in service.comments(pull.number)]
    assert any("mps2-an386: pass" in body for body in told)
    assert any("host: pass" in body for body in told)


def test_a_pull_request_takes_commands_too(service: Service) -> None:
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    pull = service.pull()
    asked = maint.comment(pull.number, "/boardwright revise use fewer layers")
    service.settle()
    assert service.pull().commits == 2
    assert service.file(PATH, service.pull().head.sha).endswith("# use fewer layers\n")
    assert service.reactions(pull.number, asked.id) == {"rocket"}
    maint.comment(pull.number, "/boardwright plan smaller")
    service.settle()
    assert "smaller network" in service.live(issue.number)
    assert len(service.pulls()) == 1


def test_a_pull_request_of_somebody_else_is_none_of_ours(service: Service) -> None:
    maint = service.person("maint")
    maint.push("theirs", {"a.txt": "a\n"})
    pull = maint.open_pull("theirs")
    maint.comment(pull.number, "/boardwright revise all of it")
    service.settle()
    (answer,) = service.said(pull.number)
    assert "none that Boardwright made" in answer
    assert service.works == 0 and not service.branches()


def test_rounds_are_bounded(service: Service) -> None:
    maint = service.person("maint")
    service.person("owner").push("main", {"boardwright.toml": "[service]\nmax_revisions = 1\n"})
    issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    pull = service.pull()
    for text in ("first", "second"):
        maint.review(pull.number, body=text)
        service.settle()
    assert service.pull().commits == 2
    live = service.live(issue.number)
    assert "as often as" in live and "service.max_revisions" in live
