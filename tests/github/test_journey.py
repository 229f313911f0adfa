"""The journey of a request on GitHub, from its label to the merge, as people see it."""

from __future__ import annotations

from tests.bot.jobs.fake_work import FOLDER
from tests.github.emulator.person import At
from tests.github.service import US, Service, on_both

PATH = f"{FOLDER}/train.py"


@on_both
def test_a_labelled_issue_becomes_a_merged_pull_request(service: Service) -> None:
    service.in_processes()
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()

    live = service.live(issue.number)
    pull = service.pull()
    assert "Ready for review" in live and pull.html_url in live
    assert "Tell fruits apart" in live and "usual network" in live
    assert live.count("✅") == 5 and "1,234 tokens" in live
    assert service.reactions(issue.number) == {"rocket"}
    assert service.said(issue.number) == []

    assert pull.draft and pull.user.login == US
    assert pull.head.ref == f"boardwright/issue-{issue.number}-three-fruits"
    assert f"Closes #{issue.number}" in pull.body
    assert {label.name for label in pull.labels} == {"tinyml", "boardwright"}
    assert [asked.login for asked in pull.requested_reviewers] == ["maint"]
    assert service.file(PATH, pull.head.sha) == "# usual, Tell fruits apart\n"
    (commit,) = pull.get_commits()
    assert "Co-authored-by: maint <" in commit.commit.message
    check = service.check(pull.head.sha)
    assert (check.status, check.conclusion) == ("completed", "success")
    assert check.output.annotations_count == 1

    maint.review(pull.number, At(PATH, 1, "smaller please"), At(PATH, 1, "why?"), body="two things")
    service.settle()

    pull = service.pull()
    assert pull.commits == 2, "one commit for the whole review"
    content = service.file(PATH, pull.head.sha)
    assert content.endswith("# two things\n# smaller please\n# why?\n")

    settled, asked = service.threads(pull.number)
    for thread in (settled, asked):
        assert [author for author, _ in thread.said] == ["maint", US], "one answer in each"
        assert pull.head.sha in thread.said[-1][1]
    assert (settled.is_resolved, asked.is_resolved) == (True, False)
    assert service.check(pull.head.sha).conclusion == "success"
    assert "revised once" in service.live(issue.number)

    service.merge("maint", pull.number)
    service.settle()

    assert "Done" in service.live(issue.number)
    assert maint.repository.get_issue(issue.number).state == "closed"
    assert service.has_ended()


def test_each_reader_of_the_issue_sees_that_it_was_heard(service: Service) -> None:
    maint = service.person("maint")
    with service.working():
        issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
        service.until_at_work()
        assert service.reactions(issue.number) == {"eyes"}
        assert "Reading the request" in service.live(issue.number)
    service.settle()
    asked = maint.comment(issue.number, "/boardwright status")
    service.settle()
    assert service.reactions(issue.number, asked.id) == {"rocket"}
    assert "waits for a review" in service.said(issue.number)[-1]


def test_checks_are_run_again_at_the_press_of_a_button(service: Service) -> None:
    maint = service.person("maint")
    maint.open_issue("Three fruits", "Tell fruits apart, MISS one limit", ["tinyml"])
    service.settle()
    pull = service.pull()
    check = service.check(pull.head.sha)
    assert check.conclusion == "neutral", "a draft that misses a limit is not yet wrong"
    head = maint.push(pull.head.ref, {PATH: "# by a person\n"})
    maint.rerun(check.id)
    service.settle()
    assert service.pull().head.sha == head, "what a person wrote stays, and needs no commit"
    assert service.check(head).conclusion == "neutral"


def test_what_a_review_only_approves_is_left_alone(service: Service) -> None:
    maint = service.person("maint")
    maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    before = service.works
    maint.review(service.pull().number, body="Good", event="APPROVE")
    service.settle()
    assert service.works == before and service.pull().commits == 1
