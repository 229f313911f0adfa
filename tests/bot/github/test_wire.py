"""What is sent to GitHub and what is made of its answers, with answers as GitHub documents them."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import pytest
import requests
from requests.adapters import HTTPAdapter

from bot.github.access import AppAccess, Connection, Lease, LeasedToken, TokenAccess
from bot.github.client import GitHub
from bot.github.errors import translate
from bot.github.git_objects import Entry, Mode, blob_id, tree_id
from bot.github.hub import Comment, Missing, Permission, Reaction, Refused, Thread, Unavailable
from bot.github.remote_hub import RemoteHub
from tests.bot.github.wires import Script, respond

REPO = "/repos/acme/widget"
TOKEN = "ghp_" + "a" * 36
NOW = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> Script:
    script = Script()
    monkeypatch.setattr(HTTPAdapter, "send", lambda _, request, **o: script.send(request, **o))
    return script


def hub(base_url: str = "https://api.github.com", seconds_between_writes: float = 0) -> RemoteHub:
    connection = Connection(base_url=base_url, seconds_between_writes=seconds_between_writes)
    access = TokenAccess(TOKEN, login="boardwright[bot]")
    return GitHub(access, connection).open("acme/widget", None)


def comment(number: int, login: str, body: str) -> dict[str, object]:
    return {
        "id": number,
        "user": {"login": login} if login else None,
        "body": body,
        "created_at": "2026-06-01T00:00:00Z",
        "html_url": f"https://github.com/acme/widget/issues/1#issuecomment-{number}",
    }


@pytest.mark.parametrize(
    ("status", "message", "headers", "kind", "wait_s"),
    [
        (401, "Bad credentials", {}, Refused, None),
        (403, "Resource not accessible by integration", {}, Refused, None),
        (403, "You have exceeded a secondary rate limit.", {}, Unavailable, 60.0),
        (403, "slow down", {"retry-after": "12"}, Unavailable, 12.0),
        (
            403,
            "API rate limit exceeded for installation",
            {
                "x-ratelimit-remaining": "0",
                "x-ratelimit-reset": str(int(NOW.timestamp()) + 90),
            },
            Unavailable,
            91.0,
        ),
        (404, "Not Found", {}, Missing, None),
        (307, "", {"location": "https://api.github.com/repositories/1"}, Missing, None),
        (408, "", {}, Unavailable, None),
        (409, "Git Repository is empty.", {}, Refused, None),
        (409, "Reference update failed", {}, Unavailable, None),
        (410, "Issues are disabled for this repo", {}, Missing, None),
        (422, "Validation Failed", {}, Refused, None),
        (422, "was submitted too quickly", {}, Unavailable, 60.0),
        (429, "", {}, Unavailable, 60.0),
        (429, "", {"retry-after": "Mon, 01 Jun 2026 00:00:30 GMT"}, Unavailable, 30.0),
        (429, "", {"retry-after": "soon"}, Unavailable, 60.0),
        (451, "blocked", {}, Missing, None),
        (500, "", {}, Unavailable, None),
        (503, "", {"retry-after": "120"}, Unavailable, 120.0),
    ],
)
def test_an_answer_becomes_an_error(
    status: int, message: str, headers: dict[str, str], kind: type, wait_s: float | None
) -> None:
    error = translate("write a comment on acme/widget#7", status, message, headers, NOW)
    assert type(error) is kind
    assert "write a comment on acme/widget#7" in str(error)
    if isinstance(error, Unavailable):
        assert error.retry_after_s == wait_s


def test_an_error_shows_no_token_and_is_one_short_line(script: Script) -> None:
    script.on(f"GET {REPO}/issues/7", 403, {"message": f"No\nway {TOKEN} " + "x" * 5000})
    with pytest.raises(Refused) as caught:
        hub().issue(7)
    told = str(caught.value)
    assert told.startswith("GitHub refused to read acme/widget#7: No way [removed] xxx")
    assert "\n" not in told and len(told) < 500


def test_details_of_a_refusal_are_told(script: Script) -> None:
    errors = [{"resource": "Issue", "message": "title is too long"}, {"code": "custom"}]
    script.on(f"GET {REPO}/issues/7", 422, {"message": "Validation Failed", "errors": errors})
    with pytest.raises(Refused, match="Validation Failed: title is too long"):
        hub().issue(7)


@pytest.mark.parametrize("text", [b"", b"<html>", b'{"number": 7', b"[]", b'{"number": "x"}'])
def test_an_answer_that_cannot_be_read_is_a_failure(
    text: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def send(_: HTTPAdapter, request: requests.PreparedRequest, **__: object) -> requests.Response:
        answer = respond(request, 200)
        answer._content = text
        return answer

    monkeypatch.setattr(HTTPAdapter, "send", send)
    with pytest.raises(Unavailable, match="cannot be read"):
        hub().issue(7)


@pytest.mark.parametrize(
    "error",
    [
        requests.ConnectTimeout(),
        requests.ReadTimeout(),
        requests.ConnectionError(TOKEN),
        requests.exceptions.SSLError(),
        requests.exceptions.ChunkedEncodingError(),
    ],
)
def test_a_post_that_failed_is_not_sent_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str | None] = []

    def send(_: HTTPAdapter, request: requests.PreparedRequest, **__: object) -> requests.Response:
        sent.append(request.method)
        if request.method == "POST":
            raise error
        return respond(request, 200, [])

    monkeypatch.setattr(HTTPAdapter, "send", send)
    with pytest.raises(Unavailable, match="write a comment on acme/widget#7") as caught:
        hub().put_comment(7, "<!-- m -->", "x")
    assert sent == ["GET", "POST"]
    assert TOKEN not in str(caught.value)


def test_pages_are_followed_as_github_names_them(script: Script) -> None:
    after = "https://api.github.com/repositories/5/issues/1/comments?page=2"
    first = [comment(2, "", "two")]
    script.on(
        f"GET {REPO}/issues/1/comments?per_page=100", 200, first, {"link": f'<{after}>; rel="next"'}
    )
    script.on("GET /repositories/5/issues/1/comments?page=2", 200, [comment(1, "maint", "one")])
    assert [(c.id, c.author) for c in hub().comments(1)] == [(1, "maint"), (2, "ghost")]


def test_an_endless_list_ends(script: Script) -> None:
    line = f"{REPO}/issues/1/comments?per_page=100"
    script.on(f"GET {line}", 200, [], {"link": f'<https://api.github.com{line}>; rel="next"'})
    with pytest.raises(Refused, match="more than 100 pages"):
        hub().comments(1)


def test_what_did_not_change_is_not_read_again(script: Script) -> None:
    line = f"GET {REPO}/issues/1/comments?per_page=100"
    script.on(line, 200, [comment(1, "maint", "one")], {"etag": 'W/"a"'})
    script.on(line, 304)
    there = hub()
    assert there.comments(1) == there.comments(1)
    assert [r.headers.get("If-None-Match") for r in script.asked] == [None, 'W/"a"']


def test_writes_to_a_repository_keep_their_distance(
    script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    slept: list[float] = []
    monkeypatch.setattr("github.Requester.time.sleep", slept.append)
    script.on(f"GET {REPO}/issues/1/reactions?per_page=100", 200, [])
    script.on(f"POST {REPO}/issues/1/reactions", 201, {})
    there = hub(seconds_between_writes=1000.0)
    there.react(1, None, Reaction.SEEN)
    assert slept == []
    there.react(1, None, Reaction.SEEN)
    assert len(slept) == 1 and 900 < slept[0] <= 1000


@pytest.mark.parametrize(
    ("granted", "expected"),
    [
        ({"permission": "admin", "role_name": "admin"}, Permission.ADMIN),
        ({"permission": "write", "role_name": "maintain"}, Permission.MAINTAIN),
        ({"permission": "write", "role_name": "write"}, Permission.WRITE),
        ({"permission": "read", "role_name": "triage"}, Permission.TRIAGE),
        ({"permission": "read", "role_name": "read"}, Permission.READ),
        ({"permission": "none", "role_name": ""}, Permission.NONE),
        ({"permission": "write", "role_name": "gardener"}, Permission.WRITE),
        ({"permission": "read", "role_name": "admin"}, Permission.READ),
        ({"permission": "anything new"}, Permission.NONE),
    ],
)
def test_a_custom_role_gives_what_it_is_based_on(
    script: Script, granted: dict[str, str], expected: Permission
) -> None:
    script.on(f"GET {REPO}/collaborators/a%2Fb%5Bbot%5D/permission", 200, granted)
    assert hub().permission("a/b[bot]") is expected


def test_a_tree_that_was_stored_otherwise_leaves_the_branch(script: Script) -> None:
    base, root = "b" * 40, tree_id([Entry("README.md", Mode.FILE, blob_id(b"x"))])
    script.on(f"GET {REPO}/git/commits/{base}", 200, {"sha": base, "tree": {"sha": root}})
    row = {"path": "README.md", "mode": "100644", "type": "blob", "sha": blob_id(b"x")}
    script.on(f"GET {REPO}/git/trees/{root}", 200, {"sha": root, "tree": [row]})
    script.on(f"POST {REPO}/git/trees", 201, {"sha": "c" * 40, "tree": []})
    with pytest.raises(Refused, match=r"was stored as cccccccccc where git says .* left as it was"):
        hub().commit("boardwright/x", base, "tinyml/x", {"a": b"text"}, "m\n")
    assert [line for line in script.lines if "refs" in line or "POST" in line] == [
        f"POST {REPO}/git/trees"
    ]


def test_a_file_that_came_with_another_content_is_not_taken(script: Script) -> None:
    ref, root, blob = "b" * 40, "c" * 40, blob_id(b"right")
    row = {"path": "a.txt", "mode": "100644", "type": "blob", "sha": blob, "size": 5}
    script.on(f"GET {REPO}/git/commits/{ref}", 200, {"sha": ref, "tree": {"sha": root}})
    script.on(f"GET {REPO}/git/trees/{root}", 200, {"sha": root, "tree": [row]})
    body = {"content": base64.b64encode(b"wrong").decode(), "encoding": "base64"}
    script.on(f"GET {REPO}/git/blobs/{blob}", 200, body)
    with pytest.raises(Unavailable, match="another content"):
        hub().read("a.txt", ref, 100)


@pytest.mark.parametrize(
    ("mode", "kind", "word"),
    [("120000", "blob", "symbolic link"), ("160000", "commit", "submodule")],
)
def test_links_and_submodules_are_not_followed(
    script: Script, mode: str, kind: str, word: str
) -> None:
    ref, root, folder = "b" * 40, "c" * 40, "d" * 40
    inner = {"path": "deep", "mode": mode, "type": kind, "sha": "e" * 40}
    outer = {"path": "data", "mode": "040000", "type": "tree", "sha": folder}
    script.on(f"GET {REPO}/git/commits/{ref}", 200, {"sha": ref, "tree": {"sha": root}})
    script.on(f"GET {REPO}/git/trees/{root}", 200, {"sha": root, "tree": [outer]})
    for query in ("", "?recursive=1"):
        script.on(f"GET {REPO}/git/trees/{folder}{query}", 200, {"sha": folder, "tree": [inner]})
    for path in ("data", "data/deep", "data/deep/er"):
        with pytest.raises(Refused, match=f"data/deep is a {word}"):
            hub().read(path, ref, 100)


def test_where_there_are_no_drafts_the_pull_request_is_made_without(script: Script) -> None:
    pull = {
        "number": 2, "title": "T", "body": "<!-- m -->", "state": "open", "draft": False,
        "html_url": "u", "merged_at": None, "base": {"ref": "main", "sha": "a"},
        "head": {"ref": "x", "sha": "b", "repo": {"full_name": "acme/widget"}},
    }  # fmt: skip
    message = "Draft pull requests are not supported in this repository."
    script.on(f"GET {REPO}/pulls?head=acme%3Ax&per_page=100&state=all", 200, [])
    script.on(f"POST {REPO}/pulls", 422, {"message": "Validation Failed", "errors": [message]})
    script.on(f"POST {REPO}/pulls", 201, pull)
    assert not hub().put_pull("x", "main", "T", "<!-- m -->", "<!-- m -->").is_draft
    sent = [json.loads(r.body or b"{}")["draft"] for r in script.asked if r.method == "POST"]
    assert sent == [True, False]


@pytest.mark.parametrize(
    ("base_url", "path"),
    [("https://api.github.com", "/graphql"), ("https://ghe.example/api/v3", "/api/graphql")],
)
def test_threads_are_read_over_all_pages_and_bots_have_their_name(
    script: Script, base_url: str, path: str
) -> None:
    def said(number: int, kind: str, login: str) -> dict[str, object]:
        return {
            "fullDatabaseId": str(number), "author": {"__typename": kind, "login": login},
            "body": f"body {number}", "path": "a.py", "line": None, "pullRequestReview": None,
        }  # fmt: skip

    def page(more: bool, end: str | None, nodes: list[object]) -> dict[str, object]:
        return {"pageInfo": {"hasNextPage": more, "endCursor": end}, "nodes": nodes}

    def threads(found: dict[str, object]) -> dict[str, object]:
        return {"data": {"repository": {"pullRequest": {"reviewThreads": found}}}}

    first = {"id": "T1", "isResolved": False, "comments": page(True, "c1", [said(1, "User", "m")])}
    rest = {**first, "comments": page(False, "c2", [said(2**40, "Bot", "boardwright")])}
    second = {"id": "T2", "isResolved": True, "comments": page(False, None, [])}
    script.on(f"POST {path}", 200, threads(page(True, "t1", [first])))
    script.on(f"POST {path}", 200, {"data": {"node": rest}})
    script.on(f"POST {path}", 200, threads(page(False, "t2", [second])))
    one, two = hub(base_url).threads(3)
    assert [(c.id, c.author) for c in one.comments] == [(1, "m"), (2**40, "boardwright[bot]")]
    assert two == Thread("T2", True, ())
    cursors = [json.loads(r.body or b"")["variables"] for r in script.asked]
    assert [(v.get("after"), v.get("comments")) for v in cursors] == [
        (None, None),
        (None, "c1"),
        ("t1", None),
    ]


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        ({"type": "NOT_FOUND", "message": "no"}, Missing),
        ({"type": "FORBIDDEN", "message": "Resource not accessible by integration"}, Refused),
        ({"type": "RATE_LIMITED", "message": "API rate limit exceeded"}, Unavailable),
        ({"message": "Something went wrong while executing your query."}, Unavailable),
        ({"message": "Field 'x'", "extensions": {"code": "undefinedField"}}, Refused),
    ],
)
def test_graphql_errors_are_errors(script: Script, error: dict[str, object], kind: type) -> None:
    script.on("POST /graphql", 200, {"data": None, "errors": [error]})
    with pytest.raises(kind, match="review threads of acme/widget#3"):
        hub().threads(3)


def test_a_thread_that_may_not_be_resolved_is_left(script: Script) -> None:
    error = {"type": "FORBIDDEN", "message": "Resource not accessible by integration"}
    script.on("POST /graphql", 200, {"data": None, "errors": [error]})
    assert hub().resolve(Thread("T1", False, ())) is False
    comment = Comment(1, "boardwright[bot]", "", NOW, "", node_id="IC_1")
    assert hub().minimise(comment) is False


def test_a_token_is_kept_until_just_before_it_ends() -> None:
    clock = [NOW]
    fetched: list[datetime] = []

    def fetch() -> Lease:
        fetched.append(clock[0])
        return Lease(f"token {len(fetched)}", clock[0] + timedelta(hours=1))

    token = LeasedToken(fetch, lambda: clock[0])
    assert [token.current(), token.current()] == ["token 1"] * 2
    clock[0] += timedelta(minutes=57)
    assert token.current() == "token 1"
    clock[0] += timedelta(minutes=2)
    assert token.current() == "token 2"
    assert token.forget() and not token.forget()
    assert token.current() == "token 3"
    assert "token" not in repr(Lease("token", NOW)).replace("token=", "")


def test_an_app_asks_for_one_repository_and_named_permissions(
    script: Script, private_key: str
) -> None:
    script.on(f"GET {REPO}/installation", 200, {"id": 9})
    ends = {"expires_at": "2999-01-01T00:00:00Z"}
    for token in ("ghs_one", "ghs_two"):
        script.on("POST /app/installations/9/access_tokens", 201, {"token": token, **ends})
    full = {"full_name": "acme/widget", "default_branch": "main", "private": False}
    script.on(f"GET {REPO}", 401, {"message": "Bad credentials"})
    script.on(f"GET {REPO}", 200, full)
    there = GitHub(AppAccess(42, private_key), Connection()).open("acme/widget", None)
    assert there.repository().full_name == "acme/widget"
    wanted = json.loads(script.asked[1].body or b"")
    assert wanted == {
        "repositories": ["widget"],
        "permissions": {
            "contents": "write",
            "issues": "write",
            "pull_requests": "write",
            "checks": "write",
            "metadata": "read",
            "actions": "write",
        },
    }
    signed = [r.headers["Authorization"] for r in script.asked]
    assert signed[0].startswith("Bearer eyJ")
    assert [s for s in signed if "ghs" in s] == ["token ghs_one", "token ghs_two"]


def test_an_app_without_what_a_bench_needs_works_all_the_same(
    script: Script, private_key: str
) -> None:
    script.on(f"GET {REPO}/installation", 200, {"id": 9})
    tokens = "POST /app/installations/9/access_tokens"
    script.on(tokens, 422, {"message": "The permissions requested are not granted"})
    script.on(tokens, 201, {"token": "ghs_one", "expires_at": "2999-01-01T00:00:00Z"})
    full = {"full_name": "acme/widget", "default_branch": "main", "private": False}
    script.on(f"GET {REPO}", 200, full)
    there = GitHub(AppAccess(42, private_key), Connection()).open("acme/widget", None)
    assert there.repository().default_branch == "main"
    asked = [json.loads(script.asked[n].body or b"")["permissions"] for n in (1, 2)]
    assert ["actions" in permissions for permissions in asked] == [True, False]


def test_a_key_that_cannot_sign_is_refused_at_once_and_not_shown() -> None:
    with pytest.raises(ValueError, match="PEM form") as caught:
        GitHub(AppAccess(42, "my secret key"))
    assert "my secret key" not in str(caught.value)
    assert "my secret" not in repr(AppAccess(42, "my secret key"))
    assert TOKEN not in repr(TokenAccess(TOKEN))


def test_a_token_writes_under_the_name_that_github_says(script: Script) -> None:
    script.on("GET /user", 200, {"login": "ada"})
    github = GitHub(TokenAccess(TOKEN))
    assert [github.login, github.login] == ["ada", "ada"]
    assert script.lines == ["GET /user"]


@pytest.mark.parametrize("name", ["widget", "acme/", "a/b/c", ""])
def test_a_repository_has_an_owner(name: str) -> None:
    with pytest.raises(ValueError, match="owner/name"):
        GitHub(TokenAccess(TOKEN)).open(name, None)
