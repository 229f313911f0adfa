"""The emulator with our corrections behaves as GitHub does, by facts that are not ours.

Independent witnesses: git's own object ids, and payloads that were recorded from GitHub.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import requests
from github import GithubException, InputGitTreeElement
from github.Repository import Repository

from tests.github.emulator.person import At
from tests.github.emulator.process import FOLDER
from tests.github.emulator.seed import PRIVATE, PUBLIC
from tests.github.emulator.server import HubServer

RECORDED = FOLDER / "node_modules/@octokit/webhooks-examples/api.github.com/index.json"
THREADS = """
query($owner: String!, $name: String!, $number: Int!) {
  repository(owner: $owner, name: $name) { pullRequest(number: $number) {
    reviewThreads(first: 50) { nodes { id isResolved comments(first: 50) {
      nodes { databaseId body author { login } line pullRequestReview { databaseId } } } } } } }
}"""
REPLY = """
mutation($thread: ID!, $body: String!) {
  addPullRequestReviewThreadReply(input: {pullRequestReviewThreadId: $thread, body: $body}) {
    comment { databaseId } }
}"""
RESOLVE = """
mutation($thread: ID!) {
  resolveReviewThread(input: {threadId: $thread}) { thread { isResolved } }
}"""


def app_in(hub_server: HubServer, repository: str = PUBLIC, **permissions: str) -> Repository:
    return hub_server.app(**permissions).get_repo(repository)


def graphql(repository: Repository, document: str, **variables: object) -> dict[str, Any]:
    _, data = repository.requester.graphql_query(document, variables)
    return data["data"]  # type: ignore[no-any-return]


def recorded_keys(event: str, action: str) -> set[str]:
    """Return what all recorded payloads of an event have in common."""
    events = {e["name"]: e["examples"] for e in json.loads(RECORDED.read_bytes())}
    return set.intersection(*(set(e) for e in events[event] if e.get("action") == action))


def test_labels_edits_and_answers_are_told_as_github_tells_them(hub_server: HubServer) -> None:
    maint = hub_server.person("maint")
    issue = maint.open_issue("A gate", "Hello", ["tinyml"])
    maint.comment(issue.number, "/boardwright build").edit("/boardwright help")
    issue.edit(title="Another gate")
    named = {d.name: d for d in hub_server.deliveries()}
    assert [*named] == [
        "issues.opened",
        "issues.labeled",
        "issue_comment.created",
        "issue_comment.edited",
        "issues.edited",
    ]
    for name, delivery in named.items():
        event, action = name.split(".")
        assert recorded_keys(event, action) <= set(delivery.payload), name
        assert delivery.payload["installation"]["id"] == hub_server.installation_id
    assert named["issues.labeled"].payload["label"]["name"] == "tinyml"
    edited = named["issue_comment.edited"].payload["changes"]
    assert edited == {"body": {"from": "/boardwright build"}}
    assert len({d.guid for d in named.values()}) == len(named)


@pytest.mark.parametrize(
    ("login", "permission", "role", "labels"),
    [
        ("owner", "admin", "admin", ["tinyml"]),
        ("maint", "write", "write", ["tinyml"]),
        ("triager", "read", "triage", ["tinyml"]),
        ("reader", "read", "read", []),
        ("visitor", "read", "read", []),
    ],
)
def test_what_people_may_do(
    hub_server: HubServer, login: str, permission: str, role: str, labels: list[str]
) -> None:
    person = hub_server.person(login)
    issue = person.open_issue("A gate", labels=["tinyml"])
    assert [label.name for label in issue.labels] == labels
    repository = app_in(hub_server)
    assert repository.get_collaborator_permission(login) == permission
    assert repository.get_collaborator_role_name(login) == role
    if not labels:
        with pytest.raises(GithubException) as refused:
            person.label(issue.number, "tinyml")
        assert refused.value.status == 403


def test_a_private_repository_is_not_there_for_strangers(hub_server: HubServer) -> None:
    assert app_in(hub_server, PRIVATE).get_collaborator_permission("visitor") == "none"
    with pytest.raises(GithubException) as absent:
        hub_server.person("visitor", PRIVATE).github.get_repo(PRIVATE)
    assert absent.value.status == 404


def test_tokens_expire_and_unknown_ones_are_refused(hub_server: HubServer) -> None:
    repository = app_in(hub_server)
    hub_server.expire_tokens()
    with pytest.raises(GithubException) as expired:
        repository.create_issue("A gate")
    assert (expired.value.status, expired.value.data["message"]) == (401, "Bad credentials")
    with pytest.raises(GithubException) as narrow:
        app_in(hub_server, issues="read").create_issue("A gate")
    assert narrow.value.data["message"] == "Resource not accessible by integration"


def test_reactions_are_had_once_and_taken_back(hub_server: HubServer) -> None:
    number = hub_server.person("maint").open_issue("A gate").number
    issue = app_in(hub_server).get_issue(number)
    first, again = issue.create_reaction("eyes"), issue.create_reaction("eyes")
    assert first.id == again.id
    assert first.user.login == "boardwright[bot]"
    issue.delete_reaction(first.id)
    assert issue.get_reactions().totalCount == 0


def test_trees_have_the_ids_that_git_gives_them(hub_server: HubServer, tmp_path: Path) -> None:
    files = {"src/a.c": "int a;\n", "src/deep/b.c": "int b;\n", "text": "no line feed"}
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    repository = app_in(hub_server)
    entries = [InputGitTreeElement(p, "100644", "blob", content=c) for p, c in files.items()]
    tree = repository.create_git_tree(entries)
    assert tree.sha == git_tree(tmp_path)
    gone = InputGitTreeElement("src/deep/b.c", "100644", "blob", sha=None)
    (tmp_path / "src/deep/b.c").unlink()
    assert repository.create_git_tree([gone], tree).sha == git_tree(tmp_path)


def git_tree(folder: Path) -> str:
    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)
        return done.stdout.decode().strip()

    git("init", "-q")
    git("add", "-A")
    return git("write-tree")


def test_commits_have_the_ids_that_git_gives_them(hub_server: HubServer, tmp_path: Path) -> None:
    sha = hub_server.person("maint").push("topic", {"a": "1\n"}, "No line feed at the end")
    commit = app_in(hub_server).get_git_commit(sha)
    assert commit.message == "No line feed at the end"
    who = (
        f"{commit.author.name} <{commit.author.email}> {int(commit.author.date.timestamp())} +0000"
    )
    text = (
        f"tree {commit.tree.sha}\nparent {commit.parents[0].sha}\nauthor {who}\ncommitter {who}\n"
    )
    done = subprocess.run(
        ["git", "hash-object", "-t", "commit", "--stdin"],
        input=f"{text}\n{commit.message}".encode(),
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert done.stdout.decode().strip() == sha


def test_a_pull_request_follows_its_branch(hub_server: HubServer) -> None:
    maint = hub_server.person("maint")
    first = maint.push("topic", {"a.txt": "one\ntwo\n"})
    pull = maint.open_pull("topic", draft=True)
    assert (pull.draft, pull.head.sha, pull.changed_files) == (True, first, 1)
    second = maint.push("topic", {"b.txt": "b\n"})
    forced = maint.push("topic", {"c.txt": "c\n"}, onto="main", force=True)
    assert second != forced
    pull = app_in(hub_server).get_pull(pull.number)
    assert pull.head.sha == forced
    assert [f.filename for f in pull.get_files()] == ["c.txt"]
    assert [c.sha for c in pull.get_commits()] == [forced]
    told = hub_server.deliveries("pull_request.synchronize")
    assert [d.payload["after"] for d in told] == [second, forced]
    assert [d.payload["forced"] for d in hub_server.deliveries("push")] == [False, True]
    maint.delete_branch("topic")
    assert app_in(hub_server).get_pull(pull.number).state == "closed"
    assert [d.payload["ref"] for d in hub_server.deliveries("delete")] == ["topic"]


def test_a_pull_request_is_an_issue_too(hub_server: HubServer) -> None:
    maint = hub_server.person("maint")
    issue = maint.open_issue("A gate")
    maint.push("topic", {"a.txt": "one\n"})
    pull = maint.open_pull("topic")
    maint.comment(pull.number, "/boardwright status")
    maint.label(pull.number, "tinyml")
    commented = hub_server.deliveries("issue_comment.created")[0].payload["issue"]
    assert commented["pull_request"]["url"] == pull.url
    assert hub_server.deliveries("pull_request.labeled")
    repository = app_in(hub_server)
    assert repository.get_issue(pull.number).pull_request is not None
    assert {i.number for i in repository.get_issues()} == {issue.number, pull.number}
    pull.edit(body=f"Closes #{issue.number}")
    pull.merge()
    assert repository.get_issue(issue.number).state == "closed"
    assert hub_server.deliveries("pull_request.closed")[0].payload["pull_request"]["merged"]


@pytest.mark.parametrize(
    ("branch", "message"),
    [("nowhere", None), ("topic", "A pull request already exists for acme:topic.")],
)
def test_pull_requests_that_github_refuses(
    hub_server: HubServer, branch: str, message: str | None
) -> None:
    maint = hub_server.person("maint")
    maint.push("topic", {"a.txt": "one\n"})
    maint.open_pull("topic")
    with pytest.raises(GithubException) as refused:
        maint.open_pull(branch)
    assert refused.value.status == 422
    assert refused.value.data["errors"][0].get("message") == message


def test_threads_are_answered_and_resolved(hub_server: HubServer) -> None:
    maint = hub_server.person("maint")
    maint.push("topic", {"a.txt": "one\ntwo\n"})
    number = hub_server.person("owner").open_pull("topic").number
    review = maint.review(number, At("a.txt", 2, "Why two?"), event="REQUEST_CHANGES", body="Hm")
    submitted = hub_server.deliveries("pull_request_review.submitted")[0].payload["review"]
    assert (submitted["id"], submitted["state"]) == (review, "changes_requested")
    comment = hub_server.deliveries("pull_request_review_comment.created")[0].payload["comment"]
    assert (comment["line"], comment["pull_request_review_id"]) == (2, review)
    assert "+two" in comment["diff_hunk"]

    repository = app_in(hub_server)
    names = {"owner": "acme", "name": "widget", "number": number}

    def threads() -> list[dict[str, Any]]:
        pull = graphql(repository, THREADS, **names)["repository"]["pullRequest"]
        return pull["reviewThreads"]["nodes"]  # type: ignore[no-any-return]

    thread = threads()[0]
    assert not thread["isResolved"]
    graphql(repository, REPLY, thread=thread["id"], body="Because")
    graphql(repository, RESOLVE, thread=thread["id"])
    thread = threads()[0]
    assert thread["isResolved"]
    authors = [c["author"]["login"] for c in thread["comments"]["nodes"]]
    assert authors == ["maint", "boardwright"]
    assert hub_server.deliveries("pull_request_review_thread.resolved")
    # An answer is a review of its own, told by an event with the app as its sender.
    last = hub_server.deliveries("pull_request_review.submitted")[-1].payload
    assert (last["sender"]["login"], last["review"]["state"]) == ("boardwright[bot]", "commented")
    maint.push("topic", {"a.txt": "one\nthree\n"})
    assert threads()[0]["comments"]["nodes"][0]["line"] is None


def test_annotations_are_appended_and_bounded(hub_server: HubServer) -> None:
    maint = hub_server.person("maint")
    repository = app_in(hub_server)
    note = {"path": "a", "start_line": 1, "end_line": 1, "annotation_level": "warning"}
    notes = [{**note, "title": f"t{i}", "message": "m"} for i in range(50)]
    output: dict[str, Any] = {"title": "Evidence", "summary": "S", "annotations": notes}
    sha = maint.push("topic", {"a": "1\n"})
    run = repository.create_check_run("Evidence", sha, external_id="k", output=output)
    run.edit(status="completed", conclusion="neutral", output={**output, "annotations": notes[:3]})
    assert len(list(run.get_annotations())) == 53
    assert [r.app.slug for r in repository.get_commit(sha).get_check_runs()] == ["boardwright"]
    maint.rerun(run.id)
    hub_server.press(run.id, "retry", "maint")
    rerun = hub_server.deliveries("check_run.rerequested")[0].payload["check_run"]
    assert rerun["external_id"] == "k"
    assert recorded_keys("check_run", "requested_action") <= set(
        hub_server.deliveries("check_run.requested_action")[0].payload
    )


def test_workflows_need_a_permission_of_their_own(hub_server: HubServer) -> None:
    repository = app_in(hub_server)
    parent = repository.get_git_commit(repository.get_branch("main").commit.sha)
    blob = InputGitTreeElement("ci.yml", "100644", "blob", content="on: push\n")
    folder = repository.create_git_tree([blob]).sha
    nested = InputGitTreeElement(".github/workflows", "040000", "tree", sha=folder)
    tree = repository.create_git_tree([nested], parent.tree)
    commit = repository.create_git_commit("Sneak", tree, [parent])
    with pytest.raises(GithubException) as refused:
        repository.create_git_ref("refs/heads/sneaky", commit.sha)
    assert refused.value.status == 403


def test_what_goes_wrong_can_be_asked_for(hub_server: HubServer) -> None:
    issue = hub_server.person("maint").open_issue("A gate")
    ours = app_in(hub_server).get_issue(issue.number)
    hub_server.fault("^POST .*/comments$", status=502, performed=True)
    with pytest.raises(GithubException) as lost:
        ours.create_comment("Hello")
    assert lost.value.status == 502
    assert [c.body for c in issue.get_comments()] == ["Hello"]
    hub_server.fault("/comments$", cut=True)
    with pytest.raises(requests.exceptions.RequestException):
        [*issue.get_comments()]
    posts = hub_server.log("POST", "/comments")
    assert [(p["actor"], p["status"]) for p in posts] == [("boardwright[bot]", 502)]


def test_deliveries_are_kept_and_made_again(hub_server: HubServer) -> None:
    hub_server.answer(500)
    hub_server.person("maint").open_issue("A gate")
    first = hub_server.deliveries("issues.opened")[0]
    integration = hub_server.integration()
    listed = json.loads(integration.requester.requestJson("GET", "/app/hook/deliveries")[2])
    assert [(d["guid"], d["status_code"]) for d in listed] == [(first.guid, 500)]
    path = f"/app/hook/deliveries/{listed[0]['id']}/attempts"
    assert integration.requester.requestJson("POST", path)[0] == 202
    again = hub_server.deliveries("issues.opened")[1]
    assert (again.guid, again.raw) == (first.guid, first.raw)


def test_an_installation_comes_and_goes(hub_server: HubServer) -> None:
    repository = app_in(hub_server)
    hub_server.installation("suspend")
    with pytest.raises(GithubException) as refused:
        repository.create_issue("A gate")
    assert refused.value.status == 403
    hub_server.installation("unsuspend")
    hub_server.installation("removed", PRIVATE)
    hub_server.installation("deleted")
    assert [d.name for d in hub_server.deliveries()] == [
        "installation.suspend",
        "installation.unsuspend",
        "installation_repositories.removed",
        "installation.deleted",
    ]
    for delivery in hub_server.deliveries():
        event, action = delivery.name.split(".")
        assert recorded_keys(event, action) <= set(delivery.payload)


def test_a_renamed_repository_is_found_by_its_old_name(hub_server: HubServer) -> None:
    owner = hub_server.person("owner")
    owner.github.get_repo(PUBLIC).edit(name="gadget", private=True)
    assert app_in(hub_server, PUBLIC).full_name == "acme/gadget"
    names = [d.name for d in hub_server.deliveries()]
    assert names == ["repository.renamed", "repository.privatized"]


def test_an_answer_that_did_not_change_costs_no_body(hub_server: HubServer) -> None:
    url = f"{hub_server.url}/repos/{PUBLIC}"
    tag = requests.get(url, timeout=30).headers["etag"]
    assert requests.get(url, headers={"if-none-match": tag}, timeout=30).status_code == 304


def test_a_request_that_github_does_not_describe_is_found(hub_server: HubServer) -> None:
    requests.get(f"{hub_server.url}/repos/{PUBLIC}/issues?lables=tinyml", timeout=30)
    body = {"query": "{ viewer { lgoin } }"}
    requests.post(f"{hub_server.url}/graphql", json=body, timeout=30)
    assert len(hub_server.problems) == 2
    assert "unknown parameter 'lables'" in hub_server.problems[0]
    assert "lgoin" in hub_server.problems[1]
    hub_server.problems.clear()
