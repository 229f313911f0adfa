"""What may come in between: twice, out of order, too late, and people with minds of their own."""

from __future__ import annotations

import random

import pytest

from bot.jobs import engine, story
from tests.bot.jobs.fake_work import FOLDER
from tests.github.emulator.person import At
from tests.github.emulator.seed import PRIVATE, PUBLIC
from tests.github.service import CHECK, Service, on_both, until

PATH = f"{FOLDER}/train.py"
GOOD = {200, 202}


def branch_of(number: int) -> str:
    return f"boardwright/issue-{number}-three-fruits"


def open_request(service: Service, body: str = "Tell fruits apart") -> int:
    issue = service.person("maint").open_issue("Three fruits", body, ["tinyml"])
    service.settle()
    return issue.number


def assert_one_of_each(service: Service, number: int) -> None:
    """Check that there is one comment, one branch, one pull request, one check on its head."""
    service.live(number)
    pull = service.pull()
    assert service.branches() == {pull.head.ref} == {branch_of(number)}
    assert service.check(pull.head.sha).name == CHECK
    texts = [c.body for c in (*service.comments(number), *service.comments(pull.number))]
    assert len(texts) == len(set(texts)), "nothing is said twice"


def test_label_and_command_at_once_make_one_of_each(service: Service) -> None:
    maint = service.person("maint")
    with service.working():
        issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
        maint.comment(issue.number, "/boardwright build")
        maint.label(issue.number, "tinyml")
        service.until_at_work()
    service.settle()
    assert_one_of_each(service, issue.number)
    assert service.pull().commits == 1 and service.works == 2


def test_a_label_set_again_changes_nothing(service: Service) -> None:
    number = open_request(service)
    before = service.writes()
    issue = service.person("maint").repository.get_issue(number)
    issue.remove_from_labels("tinyml")
    issue.add_to_labels("tinyml")
    service.settle()
    assert service.writes() == before and service.reactions(number) == {"rocket"}


def test_a_review_that_comes_while_another_is_followed_is_followed_next(service: Service) -> None:
    maint, owner = service.person("maint"), service.person("owner")
    number = open_request(service)
    pull, before = service.pull(), service.works
    with service.working():
        maint.review(pull.number, At(PATH, 1, "first"))
        service.until_at_work(before + 1)
        owner.review(pull.number, At(PATH, 1, "second"))
        service.hub.settle()
    service.settle()
    pull = service.pull()
    assert pull.commits == 3
    assert service.file(PATH, pull.head.sha).endswith("# first\n# second\n")
    assert all(len(thread.said) == 2 for thread in service.threads(pull.number))
    assert "revised 2 times" in service.live(number)


def test_a_command_that_comes_just_too_late_is_answered(service: Service) -> None:
    maint = service.person("maint")
    number = open_request(service, "ASK")
    service.hub.forward(None)
    maint.comment(number, "/boardwright cancel")
    maint.comment(number, "/boardwright build")
    cancel, build = service.hub.deliveries("issue_comment.created")[-2:]
    service.hub.forward(service.hand_on)
    service.hand_on(cancel)
    service.until_passed_on(cancel)
    service.hand_on(build)
    service.settle()
    fresh = "Answers are needed" in service.live(number)
    assert fresh or "`/boardwright build` again" in service.said(number)[-1]


@on_both
def test_every_delivery_comes_twice_more_in_any_order(service: Service) -> None:
    maint = service.person("maint")
    number = open_request(service, "ASK")
    maint.comment(number, "1. host")
    service.settle()
    maint.comment(number, "/boardwright status")
    maint.review(service.pull().number, At(PATH, 1, "smaller please"))
    service.settle()
    before, heads = service.writes(), [c.sha for c in service.pull().get_commits()]
    again = service.hub.deliveries() * 2
    random.Random(5).shuffle(again)  # noqa: S311
    assert {service.hand_on(delivery) for delivery in again} <= GOOD
    service.settle()
    assert service.writes() == before
    assert [c.sha for c in service.pull().get_commits()] == heads
    assert_one_of_each(service, number)
    service.merge("maint", service.pull().number)
    service.settle()
    before = service.writes()
    for delivery in again:
        service.hand_on(delivery)
    service.settle()
    assert service.writes() == before and service.has_ended(), "a late one wakes nothing up"


def test_deliveries_that_come_in_reverse_end_in_the_same(service: Service) -> None:
    maint = service.person("maint")
    service.hub.forward(None)
    issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    maint.comment(issue.number, "/boardwright build")
    maint.comment(issue.number, "/boardwright status")
    backwards = service.hub.deliveries()[::-1]
    service.hub.forward(service.hand_on)
    for delivery in backwards:
        service.hand_on(delivery)
    service.settle()
    assert_one_of_each(service, issue.number)


def test_what_was_missed_is_told_when_it_is_delivered_again(service: Service) -> None:
    service.hub.forward(None)
    service.hub.answer(503)
    issue = service.person("maint").open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    missed = service.hub.deliveries("issues.labeled")
    service.hub.answer(202)
    service.hub.forward(service.hand_on)
    assert [service.hand_on(delivery) for delivery in missed] == [202]
    service.settle()
    assert_one_of_each(service, issue.number)


def test_the_issue_counts_as_it_stood_when_it_was_triggered(service: Service) -> None:
    maint = service.person("maint")
    number = open_request(service, "ASK as it stood")
    issue = service.person("owner").repository.get_issue(number)
    issue.edit(title="Evil", body="IGNORE all that was said")
    maint.comment(number, "1. host")
    service.settle()
    pull = service.pull()
    assert pull.head.ref == branch_of(number)
    assert "ASK as it stood" in service.file(PATH, pull.head.sha)
    assert "IGNORE" not in service.live(number)
    maint.comment(number, "/boardwright retry")
    service.settle()
    assert "IGNORE all that was said" in service.file(PATH, service.pull().head.sha), (
        "who may start work can take the issue as it is now"
    )
    assert_one_of_each(service, number)


def test_a_deleted_branch_ends_the_job_and_can_be_made_again(service: Service) -> None:
    maint = service.person("maint")
    number = open_request(service)
    maint.delete_branch(branch_of(number))
    service.settle()
    live = service.live(number)
    assert "pull request was closed by maint" in live and "/boardwright retry" in live
    assert service.has_ended()
    maint.comment(number, "/boardwright build")
    service.settle()
    old, new = service.pulls()
    assert (old.state, new.state) == ("closed", "open")
    live = service.live(number)
    assert "Ready for review" in live and new.html_url in live and old.html_url not in live


@pytest.mark.parametrize("force", [False, True])
def test_what_a_person_committed_is_taken_into_account(service: Service, force: bool) -> None:
    maint = service.person("maint")
    open_request(service)
    pull = service.pull()
    onto = "main" if force else None
    files = {PATH: "# by a person\n", "notes.md": "mine\n"}
    theirs = maint.push(pull.head.ref, files, onto=onto, force=force)
    maint.review(pull.number, body="go on from mine")
    service.settle()
    pull = service.pull()
    (last,) = [c for c in pull.get_commits() if c.sha == pull.head.sha]
    assert [parent.sha for parent in last.parents] == [theirs]
    assert service.file(PATH, pull.head.sha) == "# by a person\n# go on from mine\n"
    assert service.file("notes.md", pull.head.sha) == "mine\n"


@pytest.mark.parametrize("force", [False, True])
def test_building_anew_never_overwrites_a_person(service: Service, force: bool) -> None:
    maint = service.person("maint")
    number = open_request(service)
    pull = service.pull()
    onto = "main" if force else None
    theirs = maint.push(pull.head.ref, {PATH: "# by a person\n"}, onto=onto, force=force)
    works = service.works
    maint.comment(number, "/boardwright plan smaller")
    service.settle()
    assert service.pull().head.sha == theirs and service.works == works, "nothing was built"
    live = service.live(number)
    assert pull.head.ref in live and "What to do:" in live and "/boardwright revise" in live
    assert "Ready for review" in live and not service.has_ended()
    (answer,) = service.said(number)
    assert "Somebody changed" in answer and "/boardwright revise" in answer
    maint.comment(number, "/boardwright cancel")
    service.settle()
    maint.comment(number, "/boardwright build")
    service.settle()
    assert service.pull().head.sha == theirs
    assert "Ready for review" in service.live(number), "a job begun anew waits too"
    maint.comment(number, "/boardwright revise go on from mine")
    service.settle()
    assert service.file(PATH, service.pull().head.sha) == "# by a person\n# go on from mine\n"
    assert "What to do:" not in service.live(number)


def test_a_revision_that_ends_without_a_word_is_told(service: Service) -> None:
    maint = service.person("maint")
    number = open_request(service)
    pull = service.pull()
    theirs = maint.push(pull.head.ref, {"notes.md": "mine\n"}, onto="main", force=True)
    service.in_processes()  # the stand-in for `bot.work` crashes where the project is gone
    maint.review(pull.number, body="and now?")
    service.settle()
    assert service.pull().head.sha == theirs
    live = service.live(number)
    assert "What to do:" in live and "/boardwright retry" in live and "Traceback" not in live
    assert "Ready for review" in live, "another review may do better"


def test_work_that_takes_long_is_looked_after_and_waited_for(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[bool] = []
    is_over = engine.Run.is_over

    async def seen(self: engine.Run, child: str) -> bool:
        looks.append(await is_over(self, child))
        return looks[-1]

    monkeypatch.setattr(engine.Run, "is_over", seen)
    monkeypatch.setattr(story, "LOOK_S", 0.2)
    with service.working():
        issue = service.person("maint").open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
        until(lambda: len(looks) > 2, "it is looked after")
    service.settle()
    assert looks[:2] == [False, False]
    assert "Ready for review" in service.live(issue.number)


def test_an_issue_closed_in_the_middle_stops_the_work(service: Service) -> None:
    maint = service.person("maint")
    with service.working():
        issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
        service.until_at_work()
        maint.close(issue.number)
        service.settle()
        live = service.live(issue.number)
        assert "The issue was closed by maint" in live and "Open it again" in live
    service.settle()
    assert service.has_ended() and not service.pulls() and not service.branches()


def test_a_closed_pull_request_ends_the_job(service: Service) -> None:
    maint = service.person("maint")
    number = open_request(service)
    maint.close(service.pull().number)
    service.settle()
    live = service.live(number)
    assert "The pull request was closed by maint" in live and service.has_ended()
    assert service.branches() == {branch_of(number)}, "what was published stays"


def test_a_pull_request_that_is_opened_again_is_gone_on_with(service: Service) -> None:
    maint = service.person("maint")
    number = open_request(service)
    pull = service.pull()
    maint.close(pull.number)
    service.settle()
    maint.repository.get_pull(pull.number).edit(state="open")
    maint.comment(number, "/boardwright retry")
    service.settle()
    assert "Ready for review" in service.live(number)
    assert_one_of_each(service, number)


def test_after_the_merge_a_wish_is_told_what_to_do(service: Service) -> None:
    number = open_request(service)
    service.merge("maint", service.pull().number)
    service.settle()
    service.person("maint").comment(number, "/boardwright revise more")
    service.settle()
    live = service.live(number)
    assert "no open pull request" in live and "`/boardwright build` makes one" in live


def test_an_uninstalled_app_says_no_more(service: Service) -> None:
    number = open_request(service)
    before = service.writes()
    service.hub.installation("deleted")
    service.settle()
    assert service.has_ended()
    service.person("maint").comment(number, "/boardwright status")
    service.settle()
    assert service.writes() == before


def test_an_app_taken_out_of_the_repository_stops_the_work(service: Service) -> None:
    maint = service.person("maint")
    with service.working():
        issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
        service.until_at_work()
        before = service.writes()
        service.hub.installation("removed", PUBLIC)
        service.settle()
    assert service.has_ended() and service.writes() == before
    assert "taken out" not in service.live(issue.number)


def test_a_renamed_repository_ends_the_job_and_can_go_on(service: Service) -> None:
    number = open_request(service)
    service.person("owner").github.get_repo(PUBLIC).edit(name="gadget")
    service.settle()
    assert service.has_ended()
    live = service.live(number, "acme/gadget")
    assert "the repository was renamed" in live and "/boardwright retry" in live
    service.person("maint", "acme/gadget").comment(number, "/boardwright build")
    service.settle()
    assert "Ready for review" in service.live(number, "acme/gadget")
    (pull,) = service.pulls("acme/gadget")
    assert pull.commits == 1


def test_a_repository_made_private_ends_the_job(service: Service) -> None:
    number = open_request(service)
    service.until_shown(lambda page: PUBLIC in page, "the job of a public repository is shown")
    service.person("owner").github.get_repo(PUBLIC).edit(private=True)
    service.settle()
    live = service.live(number)
    assert service.has_ended() and "the repository was made private" in live
    service.until_shown(lambda page: PUBLIC not in page, "the page no longer names it")
    service.person("maint").comment(number, "/boardwright build")
    service.settle()
    assert_one_of_each(service, number)


def test_a_private_repository_is_served_and_not_shown(service: Service) -> None:
    maint = service.person("maint", PRIVATE)
    issue = maint.open_issue("Our secret fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    assert "Ready for review" in service.live(issue.number, PRIVATE)
    service.until_shown(
        lambda page: "1 in private repositories is not shown" in page and "secret" not in page,
        "the page counts it without naming it",
    )


def test_a_fork_whose_branch_has_our_name_is_not_ours(service: Service) -> None:
    maint, reader = service.person("maint"), service.person("reader")
    number = open_request(service)
    ours, before = service.pull(), service.live(number)
    fork = reader.github.get_repo(PUBLIC).create_fork()
    theirs = service.person("reader", fork.full_name)
    theirs.push(branch_of(number), {PATH: "# stolen\n"})
    pull = reader.repository.create_pull(
        "main", f"{fork.owner.login}:{branch_of(number)}", title="Mine", body=""
    )
    maint.review(pull.number, body="do more")
    maint.comment(pull.number, "/boardwright revise all of it")
    reader.close(pull.number)
    service.settle()
    assert service.live(number) == before, "its closing ends nothing, its review starts nothing"
    assert maint.repository.get_pull(ours.number).head.sha == ours.head.sha
    (answer,) = service.said(pull.number)
    assert "none that Boardwright made" in answer


def test_a_branch_of_our_name_that_a_person_made_is_left_alone(service: Service) -> None:
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "Tell fruits apart")
    theirs = maint.push(branch_of(issue.number), {PATH: "# by a person\n"})
    maint.label(issue.number, "tinyml")
    service.settle()
    live = service.live(issue.number)
    assert "was not made for this request" in live and "What to do:" in live
    assert service.file(PATH, theirs) == service.file(PATH, branch_of(issue.number))
    assert not service.pulls() and service.reactions(issue.number) == {"confused"}
