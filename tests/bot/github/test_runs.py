"""Workflow runs and what they leave: in memory, emulated, and with answers scripted."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from bot.github.access import Connection, TokenAccess
from bot.github.client import GitHub
from bot.github.hub import Artifact, Missing, Refused, Unavailable
from tests.bot.github.wires import respond
from tests.bot.github.worlds import World

FILE = "measure.yml"
PATH = f".github/workflows/{FILE}"
LEFT = {"boardwright-results": b"PK\x05\x06" + bytes(18), "logs": b"PK\x05\x06" + bytes(18)}


@pytest.fixture
def lab(world: World) -> World:
    world.push("owner", "main", {PATH: b"name: Measure\non: workflow_dispatch\n"})
    return world


def test_the_newest_successful_runs_come_first(lab: World) -> None:
    assert lab.hub.runs(FILE, "main", 5) == ()
    runs = [lab.run(PATH, {}, conclusion) for conclusion in ("success", "failure", "success")]
    found = lab.hub.runs(FILE, "main", 5)
    assert [run.id for run in found] == [runs[2], runs[0]]
    assert {(run.path, run.event, run.head_branch) for run in found} == {
        (PATH, "workflow_run", "main")
    }
    assert [run.id for run in lab.hub.runs(FILE, "main", 1)] == [runs[2]]
    with pytest.raises(Missing):
        lab.hub.runs("nothing.yml", "main", 5)


def test_an_artifact_is_downloaded_as_it_was_uploaded(lab: World) -> None:
    run = lab.run(PATH, LEFT, "success")
    found = {artifact.name: artifact for artifact in lab.hub.artifacts(run)}
    assert sorted(found) == sorted(LEFT)
    results = found["boardwright-results"]
    assert lab.hub.download(results, 1_000) == LEFT["boardwright-results"]
    with pytest.raises(Refused, match="larger than 10 bytes"):
        lab.hub.download(results, 10)
    with pytest.raises(Refused, match="other bytes"):
        lab.hub.download(replace(results, digest="sha256:" + "0" * 64), 1_000)


def test_a_workflow_is_started_with_its_inputs(lab: World) -> None:
    lab.hub.dispatch(FILE, "main", {"boards": "pico"})
    assert lab.dispatched() == [("main", {"boards": "pico"})]
    with pytest.raises(Missing):
        lab.hub.dispatch("nothing.yml", "main", {})


def test_a_commit_leads_to_its_pull_requests(lab: World) -> None:
    first = lab.push("maint", "fruit", {"a.txt": b"a"})
    pull = lab.hub.put_pull("fruit", "main", "Fruit", "", "<!-- m -->")
    second = lab.push("maint", "fruit", {"a.txt": b"b"})
    assert [(p.number, p.head_sha) for p in lab.hub.pulls_at(second)] == [(pull.number, second)]
    assert [p.number for p in lab.hub.pulls_at(first)] == [pull.number]


class Elsewhere:
    """Answers the two requests of a download, and keeps them."""

    def __init__(self, location: str, status: int = 200, content: bytes = b"zip") -> None:
        self.asked: list[requests.PreparedRequest] = []
        self._location, self._status, self._content = location, status, content

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        self.asked.append(request)
        if len(self.asked) == 1:
            return respond(request, 302, headers={"location": self._location})
        raw = HTTPResponse(io.BytesIO(self._content), status=self._status, preload_content=False)
        return HTTPAdapter().build_response(request, raw)


def fetched(
    monkeypatch: pytest.MonkeyPatch, elsewhere: Elsewhere, size_bytes: int = 3, at_most: int = 10
) -> bytes:
    monkeypatch.setattr(HTTPAdapter, "send", lambda _, request, **o: elsewhere.send(request, **o))
    hub = GitHub(TokenAccess("ghp_" + "a" * 36, login="a"), Connection()).open("acme/widget", None)
    return hub.download(Artifact(5, "r", size_bytes, "", is_expired=False), at_most)


def test_no_token_goes_where_the_file_is(monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Elsewhere("https://files.example.net/a.zip?sig=secret")
    assert fetched(monkeypatch, elsewhere) == b"zip"
    first, second = elsewhere.asked
    assert first.headers["Authorization"].startswith("token ghp_")
    assert "Authorization" not in second.headers and "Cookie" not in second.headers
    assert second.url == "https://files.example.net/a.zip?sig=secret"


@pytest.mark.parametrize(
    ("elsewhere", "kind"),
    [
        (Elsewhere("http://files.example.net/a.zip"), Refused),
        (Elsewhere("file:///etc/passwd"), Refused),
        (Elsewhere("https://files.example.net/a", content=b"x" * 11), Refused),
        (Elsewhere("https://files.example.net/a?sig=secret", status=503), Unavailable),
        (Elsewhere("https://files.example.net/a?sig=secret", status=302), Unavailable),
    ],
)
def test_what_is_elsewhere_is_bounded_and_not_trusted(
    monkeypatch: pytest.MonkeyPatch, elsewhere: Elsewhere, kind: type[Exception]
) -> None:
    with pytest.raises(kind) as caught:
        fetched(monkeypatch, elsewhere)
    assert "secret" not in str(caught.value)
    assert not isinstance(caught.value, Missing)
