"""Each request of each operation goes wrong once: the right error, and no second thing afterwards.

The faults happen below PyGithub, before the request or after it was done for real on the emulator.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from requests.adapters import HTTPAdapter

from bot.github.fake_repository import Remark
from bot.github.hub import (
    Annotation,
    Check,
    Conclusion,
    HubError,
    Level,
    Missing,
    Reaction,
    Refused,
    Unavailable,
)
from bot.rendering.marker import marker
from tests.bot.github.wires import Cut, Interruption
from tests.bot.github.worlds import RemoteWorld
from tests.github.emulator.server import HubServer

MARK = marker("issue-1-fruit")
BRANCH = "boardwright/issue-1-fruit"
FILES = {"train.py": b"print()\n", "data/plot.png": b"\x89PNG\xff"}

KIND: dict[Cut, type[HubError]] = {
    Cut.FORBIDDEN: Refused,
    Cut.ABSENT: Missing,
    Cut.INVALID: Refused,
    Cut.SLOW_DOWN: Unavailable,
    Cut.SECONDARY: Unavailable,
    Cut.BROKEN: Unavailable,
    Cut.GATEWAY: Unavailable,
    Cut.UNHEARD: Unavailable,
    Cut.UNANSWERED: Unavailable,
    Cut.HALVED: Unavailable,
}
# A request that only reads does the same harm by any of the errors of a kind.
READING = (Cut.FORBIDDEN, Cut.HALVED)


@dataclass(frozen=True, slots=True)
class Ground:
    """What is there before each operation: an issue, a branch and its pull request."""

    world: RemoteWorld
    issue: int
    main: str

    def commit(self, files: dict[str, bytes]) -> str:
        message = f"add for #{self.issue}\n"  # so that no commit is one of another ground
        return self.world.hub.commit(BRANCH, self.main, "tinyml/fruit", files, message).sha


@dataclass(frozen=True, slots=True)
class Operation:
    """`prepare` returns what `do` needs; `census` counts what is there afterwards."""

    prepare: Callable[[Ground], object]
    do: Callable[[Ground, object], object]
    census: Callable[[Ground, object], object]


def _nothing(_: Ground) -> None:
    return None


def _comment(g: Ground, _: object) -> None:
    g.world.hub.put_comment(g.issue, MARK, f"{MARK}\nhello")


def _edit(g: Ground, _: object) -> None:
    g.world.hub.put_comment(g.issue, MARK, f"{MARK}\nchanged")


def _comments(g: Ground, _: object) -> object:
    return [c.body for c in g.world.hub.comments(g.issue)]


def _react(g: Ground, _: object) -> None:
    g.world.hub.react(g.issue, None, Reaction.DONE)


def _seen(g: Ground) -> None:
    g.world.hub.react(g.issue, None, Reaction.SEEN)


def _label(g: Ground, _: object) -> None:
    g.world.hub.add_labels(g.issue, [f"of-{g.issue}"])


def _commit(g: Ground, _: object) -> None:
    g.commit(FILES)


def _branch(g: Ground, _: object) -> object:
    there = g.world.hub.changes("", BRANCH)
    return len(there), g.world.hub.read("tinyml", BRANCH, 1000)


def _pull(g: Ground, _: object) -> None:
    g.world.hub.put_pull(BRANCH, "main", "Fruit", f"{MARK}\nbody", MARK)


def _pulls(g: Ground, _: object) -> object:
    return [(p.title, p.body, p.is_draft) for p in g.world.hub.pulls_of(BRANCH) if p.is_open]


def _check(g: Ground, sha: object) -> None:
    rows = tuple(Annotation("a", n, n, Level.WARNING, "t", f"m{n}") for n in range(1, 61))
    done = Conclusion.NEUTRAL
    g.world.hub.put_check(
        Check("evidence", str(sha), "key", "t", "s", conclusion=done, annotations=rows)
    )


def _checks(g: Ground, sha: object) -> object:
    return [(c.conclusion, sorted(c.annotations)) for c in g.world.checks(str(sha))]


def _thread(g: Ground) -> object:
    g.commit(FILES)
    number = g.world.hub.put_pull(BRANCH, "main", "Fruit", MARK, MARK).number
    remark = Remark("tinyml/fruit/train.py", 1, "Why?")
    g.world.review("maint", number, "changes_requested", [remark])
    return number, g.world.hub.threads(number)[0]


def _reply(g: Ground, pair: object) -> None:
    assert isinstance(pair, tuple)
    g.world.hub.reply(pair[0], pair[1], MARK, f"{MARK}\nDone.")


def _replies(g: Ground, pair: object) -> object:
    assert isinstance(pair, tuple)
    return [[c.body for c in t.comments] for t in g.world.hub.threads(pair[0])]


OPERATIONS = {
    "comment": Operation(_nothing, _comment, _comments),
    "edit": Operation(lambda g: _comment(g, None), _edit, _comments),
    "react": Operation(_seen, _react, lambda g, _: g.world.reactions(g.issue)),
    "label": Operation(_nothing, _label, lambda g, _: len(g.world.hub.issue(g.issue).labels)),
    "first commit": Operation(_nothing, _commit, _branch),
    "next commit": Operation(lambda g: g.commit({"old.py": b""}), _commit, _branch),
    "pull": Operation(lambda g: g.commit(FILES), _pull, _pulls),
    "check": Operation(lambda g: g.commit(FILES), _check, _checks),
    "reply": Operation(_thread, _reply, _replies),
}


@pytest.mark.slow  # some 200 operations over HTTP
@pytest.mark.parametrize("name", OPERATIONS)
def test_whatever_goes_wrong_is_told_and_made_good_by_doing_it_again(
    name: str, remote: RemoteWorld, hub_server: HubServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation, real = OPERATIONS[name], HTTPAdapter.send
    found: list[str] = []

    def run(nth: int, cut: Cut) -> tuple[HubError | None, object, Interruption]:
        """Do the operation on a new ground, then again without a fault; return what came of it."""
        number, branch = remote.issue("maint", "Fruit", ""), remote.hub.head_of(BRANCH)
        if branch:
            remote.delete_branch(BRANCH)
        ground = Ground(remote, number, remote.hub.head_of("main") or "")
        needed = operation.prepare(ground)
        interruption = Interruption(real, nth, cut)
        monkeypatch.setattr(HTTPAdapter, "send", interruption.method)
        error = None
        try:
            operation.do(ground, needed)
        except HubError as caught:
            error = caught
        monkeypatch.setattr(HTTPAdapter, "send", real)
        operation.do(ground, needed)
        return error, operation.census(ground, needed), interruption

    error, expected, interruption = run(0, Cut.BROKEN)
    lines = interruption.lines
    assert error is None
    assert any(not line.startswith("GET") for line in lines)
    first = {re.sub("[0-9a-f]{40}", "ID", line): n for n, line in reversed([*enumerate(lines, 1)])}
    for line, nth in first.items():
        for cut in READING if line.startswith("GET") else Cut:
            error, census, interruption = run(nth, cut)
            told = f"{line}: {cut.value}"
            if census != expected:
                found.append(f"{told} left {census}")
            if error is not None and type(error) is not KIND[cut]:
                found.append(f"{told} was told as {error!r}")
            if error is None and KIND[cut] is Unavailable and interruption.hit:
                found.append(f"{told} was not told")
            if cut in (Cut.SLOW_DOWN, Cut.SECONDARY) and isinstance(error, Unavailable):
                assert error.retry_after_s == 7
    assert not found, "\n".join(found)
    assert hub_server.problems == []


def test_a_line_that_is_cut_is_told_and_made_good(
    remote: RemoteWorld, hub_server: HubServer
) -> None:
    number = remote.issue("maint", "Fruit", "")
    hub_server.fault("^POST .*/comments$", cut=True, performed=True)
    with pytest.raises(Unavailable, match=f"write a comment on acme/widget#{number}"):
        remote.hub.put_comment(number, MARK, MARK)
    made = remote.hub.put_comment(number, MARK, MARK)
    assert [c.id for c in remote.hub.comments(number)] == [made.id]


def test_a_token_that_ended_early_is_replaced(remote: RemoteWorld, hub_server: HubServer) -> None:
    number = remote.issue("maint", "Fruit", "")
    remote.hub.put_comment(number, MARK, MARK)
    hub_server.expire_tokens()
    remote.hub.put_comment(number, MARK, f"{MARK}\nagain")
    assert [c.body for c in remote.hub.comments(number)] == [f"{MARK}\nagain"]
