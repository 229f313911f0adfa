"""Who may start what: five people and a bot, and each way to ask for work."""

from __future__ import annotations

import copy

import pytest
from github import GithubException

from tests.bot.jobs.fake_work import FOLDER
from tests.github.emulator.person import At
from tests.github.emulator.seed import PUBLIC
from tests.github.service import Service

PATH = f"{FOLDER}/train.py"
MAY = ("owner", "maint")
MAY_NOT = ("triager", "reader", "visitor")
REFUSAL = "Only people with write permission"


@pytest.mark.parametrize("login", MAY)
def test_who_may_write_starts_work(service: Service, login: str) -> None:
    person, triager = service.person(login), service.person("triager")
    labelled = person.open_issue("Three fruits", "ASK", ["tinyml"])
    for_other = triager.open_issue("Three fruits", "ASK")
    person.label(for_other.number, "tinyml")
    told = triager.open_issue("Three fruits", "ASK")
    person.comment(told.number, "/boardwright build")
    service.settle()
    for issue in (labelled, for_other, told):
        live = service.live(issue.number)
        assert "Answers are needed" in live and f"Asked for by `{login}`" in live


@pytest.mark.parametrize("login", MAY_NOT)
def test_who_may_not_write_starts_nothing(service: Service, login: str) -> None:
    person = service.person(login)
    issues = [person.open_issue("Three fruits", "ASK", ["tinyml"]).number]
    issues.append(service.person("owner").open_issue("Three fruits", "ASK").number)
    try:
        person.label(issues[1], "tinyml")
    except GithubException as refused:
        assert refused.status in (403, 404) and login != "triager"
    for verb in ("build", "retry", "plan smaller", "measure host", "approve", "cancel", "help"):
        person.comment(issues[1], f"/boardwright {verb}")
    service.settle()
    for number in issues:
        assert service.is_untouched(number)
    said = [text for number in issues for text in service.said(number)]
    assert len(said) == 1 and REFUSAL in said[0], "one polite answer a day"


@pytest.mark.parametrize("login", MAY_NOT)
def test_who_may_not_write_changes_nothing(service: Service, login: str) -> None:
    owner, person = service.person("owner"), service.person(login)
    owner.push("main", {"boardwright.toml": "[service]\napprove_plan = true\n"})
    issue = owner.open_issue("Three fruits", "Tell fruits apart", ["tinyml"])
    service.settle()
    before = service.live(issue.number)
    for verb in ("approve", "plan larger", "build", "cancel"):
        person.comment(issue.number, f"/boardwright {verb}")
    person.comment(issue.number, "Yes, build it")
    service.settle()
    assert service.live(issue.number) == before and not service.pulls()
    owner.comment(issue.number, "/boardwright approve")
    service.settle()
    pull, before = service.pull(), service.live(issue.number)
    person.review(pull.number, At(PATH, 1, "do something else"), body="and more")
    person.comment(pull.number, "/boardwright revise something else")
    service.settle()
    after = service.pull()
    assert (after.head.sha, after.commits) == (pull.head.sha, 1)
    assert service.live(issue.number) == before
    (thread,) = service.threads(pull.number)
    assert len(thread.said) == 1, "a stranger's remark is left to people"
    said = [*service.said(issue.number), *service.said(pull.number)]
    assert sum(REFUSAL in text for text in said) == 1


def test_a_bot_is_not_heard_and_not_answered(service: Service) -> None:
    owner = service.person("owner")
    issue = owner.open_issue("Three fruits", "ASK")
    owner.comment(issue.number, "hello")
    owner.label(issue.number, "wanted")
    service.settle()
    bot = {"login": "dependabot[bot]", "id": 49699333, "type": "Bot"}
    (comment,) = service.hub.deliveries("issue_comment.created")
    said = copy.deepcopy(comment.payload)
    said["comment"] |= {"body": "/boardwright build", "user": bot}
    (labelled,) = service.hub.deliveries("issues.labeled")
    asked = copy.deepcopy(labelled.payload)
    asked["label"]["name"] = "tinyml"
    for event, payload in (("issue_comment", said), ("issues", asked)):
        service.hub.emit(event, {**payload, "sender": bot})
    service.settle()
    assert service.is_untouched(issue.number) and not service.said(issue.number)
    assert service.writes() == []


def test_a_delivery_that_is_not_signed_by_github_starts_nothing(service: Service) -> None:
    owner = service.person("owner")
    issue = owner.open_issue("Three fruits", "ASK")
    comment = owner.comment(issue.number, "hello")
    service.settle()
    (delivery,) = service.hub.deliveries("issue_comment.created")
    forged = delivery.raw.replace(b'"hello"', b'"/boardwright build"')
    assert forged != delivery.raw and comment.body == "hello"
    assert service.hand_on(type(delivery)(delivery.headers, forged, is_signed=False)) == 401
    service.settle()
    assert service.is_untouched(issue.number) and not service.said(issue.number)


def test_who_lost_the_permission_is_refused_from_then_on(service: Service) -> None:
    owner, maint = service.person("owner"), service.person("maint")
    issue = maint.open_issue("Three fruits", "ASK", ["tinyml"])
    service.settle()
    before = service.live(issue.number)
    owner.github.get_repo(PUBLIC).add_to_collaborators("maint", "pull")
    maint.comment(issue.number, "/boardwright cancel")
    maint.comment(issue.number, "1. host")
    service.settle()
    assert service.live(issue.number) == before
    assert REFUSAL in service.said(issue.number)[-1]


def test_where_permissions_cannot_be_asked_nothing_starts(service: Service) -> None:
    service.hub.fault("GET .*/collaborators/.*/permission", status=403, times=99)
    issue = service.person("maint").open_issue("Three fruits", "ASK", ["tinyml"])
    service.settle()
    assert service.is_untouched(issue.number) and service.writes() == []
