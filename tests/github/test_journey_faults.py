"""GitHub fails in the middle of a journey: it comes to its end, or says what to do."""

from __future__ import annotations

import pytest

from tests.bot.jobs.fake_work import FOLDER
from tests.github.emulator.person import At
from tests.github.service import Service

PATH = f"{FOLDER}/train.py"
WRITES = {
    "a comment": "^POST .*/issues/1/comments$",
    "a tree": "^POST .*/git/trees$",
    "a commit": "^POST .*/git/commits$",
    "a branch": "^POST .*/git/refs$",
    "a pull request": "^POST .*/pulls$",
    "a check": "^POST .*/check-runs$",
    "labels": "^POST .*/issues/2/labels$",
    "a reviewer": "^POST .*/requested_reviewers$",
}
SOME = ("a comment", "a commit", "a pull request", "a check")
SECONDARY = {
    "message": "You have exceeded a secondary rate limit. Please wait a few minutes before you "
    "try again."
}


def assert_ends_well(service: Service, number: int) -> None:
    live = service.live(number)
    assert "Ready for review" in live and service.reactions(number) == {"rocket"}
    pull = service.pull()
    assert pull.commits == 1 and service.check(pull.head.sha).conclusion == "success"
    assert {label.name for label in pull.labels} == {"tinyml", "boardwright"}
    assert [asked.login for asked in pull.requested_reviewers] == ["maint"]
    assert len(service.branches()) == 1
    texts = [c.body for c in (*service.comments(number), *service.comments(pull.number))]
    assert len(texts) == len(set(texts)) == 3


def test_secondary_limits_are_waited_for(service: Service) -> None:
    for what in SOME:
        service.hub.fault(WRITES[what], status=403, headers={"retry-after": "1"}, body=SECONDARY)
    issue = service.person("maint").open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    assert_ends_well(service, issue.number)


def test_bad_gateways_are_tried_again(service: Service) -> None:
    for what in SOME:
        service.hub.fault(WRITES[what], status=502)
    issue = service.person("maint").open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    assert_ends_well(service, issue.number)


def test_cut_answers_make_nothing_twice(service: Service) -> None:
    for match in WRITES.values():
        service.hub.fault(match, cut=True, performed=True)
    issue = service.person("maint").open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    assert_ends_well(service, issue.number)


def test_a_review_is_followed_once_through_faults(service: Service) -> None:
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    pull = service.pull()
    service.hub.fault("^PATCH .*/git/refs/", status=502, performed=True)
    service.hub.fault(
        "/graphql$", contains="addPullRequestReviewThreadReply", status=502, performed=True
    )
    service.hub.fault("/graphql$", contains="resolveReviewThread", cut=True, performed=True)
    service.hub.fault("^GET .*/pulls/2/reviews/", status=500)
    service.hub.fault(
        "^POST .*/check-runs$", status=403, headers={"retry-after": "1"}, body=SECONDARY
    )
    maint.review(pull.number, At(PATH, 1, "smaller please"))
    service.settle()
    pull = service.pull()
    assert pull.commits == 2
    (thread,) = service.threads(pull.number)
    assert len(thread.said) == 2 and thread.is_resolved
    assert service.check(pull.head.sha).conclusion == "success"
    assert "revised once" in service.live(issue.number)


@pytest.mark.parametrize(
    ("what", "status", "reason"),
    [
        ("a pull request", 422, "Validation Failed"),
        ("a commit", 404, "Not Found"),
        ("a branch", 403, "Resource not accessible by integration"),
    ],
)
def test_what_github_forbids_is_told_with_what_to_do(
    service: Service, what: str, status: int, reason: str
) -> None:
    maint = service.person("maint")
    service.hub.fault(WRITES[what], status=status, body={"message": reason})
    issue = maint.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    live = service.live(issue.number)
    assert "could not be done" in live and reason in live and "/boardwright retry" in live
    assert service.reactions(issue.number) == {"confused"}
    maint.comment(issue.number, "/boardwright retry")
    service.settle()
    pull = service.pull()
    assert "Ready for review" in service.live(issue.number) and pull.commits == 1


def test_a_check_that_may_not_be_written_stops_nothing(service: Service) -> None:
    service.hub.fault(WRITES["a check"], status=403, times=9)
    issue = service.person("maint").open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    assert "Ready for review" in service.live(issue.number)
    assert service.pull().draft


def test_tokens_that_expire_early_are_fetched_anew(service: Service) -> None:
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "ASK", ["tinyml"])
    service.settle()
    service.hub.expire_tokens()
    maint.comment(issue.number, "1. host")
    service.settle()
    assert "Ready for review" in service.live(issue.number)


def test_a_comment_that_somebody_deleted_is_made_again(service: Service) -> None:
    maint = service.person("maint")
    issue = maint.open_issue("Three fruits", "ASK", ["tinyml"])
    service.settle()
    (comment,) = service.comments(issue.number)
    service.person("owner").repository.get_issue(issue.number).get_comment(comment.id).delete()
    maint.comment(issue.number, "1. host")
    service.settle()
    assert "Ready for review" in service.live(issue.number)
