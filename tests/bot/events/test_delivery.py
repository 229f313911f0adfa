"""From payloads to events: small payloads that show each rule, and the recorded ones."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.events.delivery import HEEDED_EVENTS, is_delivery_id, is_signed, looks_signed, read
from bot.events.event import (
    EVENT,
    Closed,
    Commanded,
    Commented,
    Event,
    Labelled,
    Place,
    Rerun,
    Reviewed,
    Withdrawn,
)
from bot.events.heeded import Heeded, Ignored
from bot.events.payload import Malformed
from tests.bot.events.payloads import (
    BOT,
    PERSON,
    comment,
    issue,
    labelled,
    of,
    pull,
    recorded,
    signed,
)

HEEDED = Heeded("tinyml", own_login="board-account")
PLACE = Place(repository="octo-org/fruit_sorter.c", installation_id=3, number=5)


def heard(name: str, payload: Any, heeded: Heeded = HEEDED) -> Event | Ignored:
    return read(name, json.dumps(payload).encode(), heeded)


def test_a_label_asks_for_work_with_the_issue_as_it_stands() -> None:
    event = heard("issues", labelled())
    assert isinstance(event, Labelled)
    assert (event.place, event.sender.login, event.sender.is_bot) == (PLACE, "ada", False)
    assert (event.title, event.body) == ("Sort fruit", "please")


def test_an_issue_that_is_opened_with_the_label_says_the_same_as_the_label() -> None:
    opened = of("opened", issue=issue(labels=[{"name": "bug"}, {"name": "TinyML"}]))
    assert heard("issues", opened) == heard("issues", labelled())


@pytest.mark.parametrize(
    "payload",
    [
        of("labeled", issue=issue(), label={"name": "bug"}),
        of("labeled", issue=issue(state="closed"), label={"name": "tinyml"}),
        of("opened", issue=issue()),
        of("unlabeled", issue=issue(), label={"name": "tinyml"}),
        of("edited", issue=issue(labels=[{"name": "tinyml"}])),
        labelled() | {"sender": BOT},
        labelled() | {"sender": PERSON | {"login": "sneaky[bot]"}},
        labelled() | {"sender": PERSON | {"type": "Organization"}},
        labelled() | {"sender": PERSON | {"login": "Board-Account"}},
    ],
)
def test_other_issues_are_ignored(payload: dict[str, Any]) -> None:
    assert isinstance(heard("issues", payload), Ignored)


def test_a_body_that_is_null_is_empty() -> None:
    event = heard("issues", of("labeled", issue=issue(body=None), label={"name": "tinyml"}))
    assert isinstance(event, Labelled)
    assert event.body == ""


def test_a_comment_is_a_command_or_an_answer() -> None:
    command = heard("issue_comment", comment("/boardwright build\nplease"))
    answer = heard("issue_comment", comment("An apple is red.", pull_request={"url": "x"}))
    assert isinstance(command, Commanded)
    assert isinstance(answer, Commented)
    assert (command.command, command.title, command.on_pull) == (
        "/boardwright build\nplease",
        "Sort fruit",
        False,
    )
    assert (answer.text, answer.on_pull, answer.comment_id) == ("An apple is red.", True, 21)


@pytest.mark.parametrize(
    "payload",
    [
        comment("/boardwright build") | {"action": "edited"},
        comment("/boardwright build") | {"action": "deleted"},
        comment("/boardwright build") | {"sender": BOT},
        comment("/boardwright build") | {"sender": PERSON | {"login": "board-account"}},
        comment("### Working\n<!-- boardwright:key=issue-5-sort-fruit -->"),
    ],
)
def test_bots_edits_and_own_words_are_no_comments(payload: dict[str, Any]) -> None:
    assert isinstance(heard("issue_comment", payload), Ignored)


def test_who_quotes_us_is_heard() -> None:
    quoting = comment("> <!-- boardwright:key=issue-5 -->\n> Which column?\n\nthe last one")
    assert isinstance(heard("issue_comment", quoting), Commented)


def test_closing_counts_whoever_does_it() -> None:
    event = heard("issues", of("closed", issue=issue(), sender=BOT))
    merged = pull("closed")
    merged["pull_request"]["merged"] = True
    pulled = heard("pull_request", merged)
    assert isinstance(event, Closed)
    assert isinstance(pulled, Closed)
    assert (event.is_pull, event.merged, event.head_branch) == (False, False, "")
    assert (pulled.is_pull, pulled.merged) == (True, True)
    assert pulled.head_branch == "boardwright/issue-5-sort-fruit"


def test_a_review_is_read() -> None:
    event = heard(
        "pull_request_review", pull("submitted", review={"id": 31, "state": "CHANGES_REQUESTED"})
    )
    assert isinstance(event, Reviewed)
    assert (event.review_id, event.state, event.place.number) == (31, "changes_requested", 6)


@pytest.mark.parametrize("head_repository", [12, None])
def test_branches_of_forks_are_not_ours_whatever_their_names(head_repository: int | None) -> None:
    reviewed = pull("submitted", head_repository, review={"id": 31, "state": "commented"})
    assert isinstance(heard("pull_request_review", reviewed), Ignored)
    assert isinstance(heard("pull_request", pull("closed", head_repository)), Ignored)


def test_a_check_is_wanted_again() -> None:
    run = {"external_id": "issue-5-sort-fruit/evidence", "head_sha": "a" * 40}
    event = heard("check_run", of("rerequested", check_run=run))
    strange = heard("check_run", of("rerequested", check_run=run | {"external_id": ""}))
    assert isinstance(event, Rerun)
    assert (event.key, event.head_sha) == ("issue-5-sort-fruit/evidence", "a" * 40)
    assert isinstance(strange, Ignored)


@pytest.mark.parametrize(
    ("name", "payload", "repositories"),
    [
        ("installation", of("deleted"), ()),
        ("installation", of("suspend"), ()),
        (
            "installation_repositories",
            of("removed", repositories_removed=[{"full_name": "o/a"}, {"full_name": "o/b"}]),
            ("o/a", "o/b"),
        ),
        ("repository", of("deleted"), ("octo-org/fruit_sorter.c",)),
        ("repository", of("archived"), ("octo-org/fruit_sorter.c",)),
        ("repository", of("privatized"), ("octo-org/fruit_sorter.c",)),
        (
            "repository",
            of("renamed", changes={"repository": {"name": {"from": "old"}}}),
            ("octo-org/old",),
        ),
        (
            "repository",
            of("transferred", changes={"owner": {"from": {"user": {"login": "bob"}}}}),
            ("bob/fruit_sorter.c",),
        ),
        (
            "repository",
            of("transferred", changes={"owner": {"from": {"organization": {"login": "acme"}}}}),
            ("acme/fruit_sorter.c",),
        ),
    ],
)
def test_what_is_withdrawn_is_named_as_it_was_known(
    name: str, payload: dict[str, Any], repositories: tuple[str, ...]
) -> None:
    event = heard(name, payload | {"sender": BOT})
    assert isinstance(event, Withdrawn)
    assert event.repositories == repositories
    assert event.installation_id == 3


@pytest.mark.parametrize("removed", [[], None])
def test_nothing_removed_is_not_everything_withdrawn(removed: object) -> None:
    event = heard("installation_repositories", of("removed", repositories_removed=removed))
    assert isinstance(event, Ignored)


@pytest.mark.parametrize("name", ["ping", "push", "star", "workflow_job", "x" * 80, ""])
def test_other_events_are_ignored_without_a_look(name: str) -> None:
    assert isinstance(heard(name, {"zen": "Keep it logically awesome."}), Ignored)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe{}",
        b'"text"',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"action": "opened", "n": ' + b"9" * 5000 + b"}",
    ],
    ids=lambda body: body[:12].decode("latin-1"),
)
def test_what_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(Malformed):
        read("issues", body, HEEDED)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("action",), None),
        (("sender",), None),
        (("sender", "login"), "../x"),
        (("sender", "id"), True),
        (("sender", "id"), -1),
        (("sender", "id"), 2**64),
        (("sender", "type"), ["User"]),
        (("repository", "full_name"), "o/.."),
        (("repository", "full_name"), "o/r/x"),
        (("repository", "full_name"), "o/r\n"),
        (("repository", "full_name"), "o/<b>"),
        (("issue", "number"), 5.0),
        (("issue", "number"), "5"),
        (("issue", "title"), 5),
        (("issue", "body"), "x" * 300_000),
        (("label", "name"), None),
        (("installation",), "3"),
        (("installation", "id"), 0),
    ],
)
def test_odd_values_are_refused_by_their_place(path: tuple[str, ...], value: object) -> None:
    payload = labelled()
    inner: Any = payload
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(Malformed, match=path[-1]):
        heard("issues", payload)


def test_texts_can_be_stored_whatever_they_hold() -> None:
    body = b'"\\u0000 \\ud83d \\ude00 \\ud83d\\ude00"'
    raw = json.dumps(labelled()).encode().replace(b'"please"', body)
    event = read("issues", raw, HEEDED)
    assert isinstance(event, Labelled)
    assert event.body == "\ufffd \ufffd \ufffd \U0001f600"
    assert EVENT.validate_json(EVENT.dump_json(event)) == event


@pytest.mark.parametrize("value", ["", " ", "a b", "é", "x" * 65, "a\n", "-a", "a/b"])
def test_odd_delivery_ids_are_none(value: str) -> None:
    assert not is_delivery_id(value)


def test_a_guid_is_a_delivery_id() -> None:
    assert is_delivery_id("72d3162e-cc78-11e3-81ab-4c9367dc0958")


def test_a_signature_is_right_in_every_digit() -> None:
    # Source: https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries,
    # "Testing the webhook payload validation".
    secret, body = b"It's a Secret to Everybody", b"Hello, World!"
    right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    assert looks_signed(right)
    assert is_signed(body, right, secret)
    for position in range(len("sha256="), len(right)):
        other = "0" if right[position] != "0" else "1"
        assert not is_signed(body, right[:position] + other + right[position + 1 :], secret)
    for bit in range(8 * len(body)):
        flipped = bytearray(body)
        flipped[bit // 8] ^= 1 << bit % 8
        assert not is_signed(bytes(flipped), right, secret)


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", "sha1=" + "0" * 40, "sha256=" + "0" * 63, "sha256=" + "A" * 64, "é" * 71],
)
def test_what_cannot_be_a_signature_is_none(signature: str) -> None:
    assert not looks_signed(signature)
    assert not is_signed(b"", signature, b"secret")


def test_the_signature_helper_agrees() -> None:
    assert is_signed(b"{}", signed(b"{}", "s"), b"s")


# What was recorded


def test_every_recorded_delivery_is_read() -> None:
    counts: dict[str, int] = {}
    for name, payload in recorded():
        event = heard(name, payload, Heeded("bug"))
        kind = "ignored" if isinstance(event, Ignored) else event.kind
        counts[kind] = counts.get(kind, 0) + 1
        if not isinstance(event, Ignored):
            assert payload["sender"]
            assert EVENT.validate_json(EVENT.dump_json(event)) == event
    assert sum(counts.values()) == 329
    assert {"labelled", "commented", "reviewed", "closed", "withdrawn"} <= counts.keys()


def _paths(value: Any, before: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if before:
        yield before
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for key, inner in items:
            yield from _paths(inner, (*before, key))


_JUNK: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 7, 1.5, 10**30, "", "x", "\ud83d", "\0", "o/../x", "é" * 300),
    *([], {}, [[]], [None], {"login": None}, {"id": "7"}, float("nan")),
)


def mutated(random: Random) -> tuple[str, Any]:
    """Return a recorded delivery of a kind that is heeded, broken in up to three places."""
    heeded = [(name, payload) for name, payload in recorded() if name in HEEDED_EVENTS]
    name, original = random.choice(heeded)
    payload = copy.deepcopy(original)
    for _ in range(random.randint(1, 3)):
        depth = random.choice([1, 2, 3, 9])
        paths = [path for path in _paths(payload) if len(path) <= depth]
        if not paths:
            break
        path = random.choice(paths)
        inner = payload
        for key in path[:-1]:
            inner = inner[key]
        if random.random() < 0.5:
            del inner[path[-1]]
        else:
            inner[path[-1]] = copy.deepcopy(random.choice(_JUNK))
    return name, payload


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 2**32))
def test_broken_deliveries_are_events_or_clearly_refused(seed: int) -> None:
    recorded()
    name, payload = mutated(Random(seed))  # noqa: S311
    try:
        event = heard(name, payload, Heeded("bug"))
    except Malformed as error:
        assert str(error)
        return
    if not isinstance(event, Ignored):
        sender = payload["sender"]
        assert isinstance(sender["login"], str)
        assert isinstance(sender["id"], int)
        EVENT.dump_json(event)
