"""The promises of `Hub`, held against the repository in memory and against an emulated GitHub."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from bot.github.fake_repository import Remark
from bot.github.hub import (
    Annotation,
    Check,
    Conclusion,
    Level,
    Missing,
    Permission,
    Reaction,
    Refused,
)
from bot.rendering.marker import BODY_MAX_CHARACTERS, marker
from tests.bot.github.worlds import PEOPLE, STRANGER, World

MARK = marker("issue-1-fruit")
BRANCH = "boardwright/issue-1-fruit"
FOLDER = "tinyml/fruit"
FILES = {
    "README.md": b"# Fruit\n",
    "train.py": "# Äpfel\r\nprint()\n".encode(),
    "data/plot.png": b"\x89PNG\r\n\x1a\n\x00\xff",
    "data/deep/nul.txt": b"a\x00b",
    "data.py": b"",
}


def head(world: World) -> str:
    found = world.hub.head_of("main")
    assert found is not None
    return found


def commit(world: World, files: dict[str, bytes] | None = None, expected: str | None = None) -> str:
    message = "tinyml/fruit: add\n\nBoardwright-Key: issue-1-fruit\n"
    made = world.hub.commit(
        BRANCH, head(world), FOLDER, FILES if files is None else files, message, expected
    )
    return made.sha


def test_repository_and_issue_are_read(world: World) -> None:
    number = world.issue(STRANGER, "Fruit", "Tell apples from pears.")
    issue = world.hub.issue(number)
    assert (issue.title, issue.body, issue.author) == (
        "Fruit",
        "Tell apples from pears.",
        STRANGER,
    )
    assert issue.is_open and not issue.is_pull and issue.labels == ()
    assert world.hub.repository().default_branch == "main"
    with pytest.raises(Missing, match="999"):
        world.hub.issue(999)


@pytest.mark.parametrize(
    ("login", "expected"),
    [*PEOPLE.items(), (STRANGER, Permission.READ), ("nobody-at-all", Permission.NONE)],
)
def test_everybody_has_a_permission(world: World, login: str, expected: Permission) -> None:
    assert world.hub.permission(login) is expected
    assert expected.may_start_work == (login in ("owner", "maint"))


def test_a_comment_put_twice_is_one(world: World) -> None:
    number = world.issue(STRANGER, "Fruit", "")
    first = world.hub.put_comment(number, MARK, f"{MARK}\nworking")
    again = world.hub.put_comment(number, MARK, f"{MARK}\nworking")
    edited = world.hub.put_comment(number, MARK, f"{MARK}\ndone")
    other = world.hub.put_comment(number, marker("issue-1-fruit", "host"), "another one")
    assert first.id == again.id == edited.id != other.id
    there = world.hub.comments(number)
    assert [c.id for c in there] == [first.id, other.id]
    assert there[0].body == f"{MARK}\ndone"
    assert marker("issue-1-fruit", "host") in there[1].body


def test_a_marker_that_others_quote_is_not_adopted(world: World) -> None:
    number = world.issue(STRANGER, "Fruit", MARK)
    world.say("maint", number, f"> {MARK}\nlook at this")
    ours = world.hub.put_comment(number, MARK, f"{MARK}\nours")
    there = world.hub.comments(number)
    assert [c.author for c in there] == ["maint", world.ours]
    assert there[0].body.endswith("look at this") and there[1].id == ours.id


def test_a_long_comment_is_cut_and_keeps_its_marker(world: World) -> None:
    number = world.issue(STRANGER, "Fruit", "")
    made = world.hub.put_comment(number, MARK, "x" * 70_000 + MARK)
    assert len(made.body) == BODY_MAX_CHARACTERS
    assert MARK in made.body and "cut" in made.body
    assert world.hub.put_comment(number, MARK, "x" * 70_000 + MARK).id == made.id


def test_a_comment_is_folded_away(world: World) -> None:
    number = world.issue(STRANGER, "Fruit", "")
    world.hub.put_comment(number, MARK, MARK)
    (there,) = world.hub.comments(number)
    assert world.hub.minimise(there) and world.hub.minimise(there)
    assert [c.body for c in world.hub.comments(number)] == [there.body]


def test_exactly_one_reaction_is_ours(world: World) -> None:
    number = world.issue(STRANGER, "Fruit", "")
    for reaction in (Reaction.SEEN, Reaction.SEEN, Reaction.DONE):
        world.hub.react(number, None, reaction)
    assert world.reactions(number) == [(world.ours, "rocket")]
    comment = world.hub.put_comment(number, MARK, MARK)
    world.hub.react(number, comment.id, Reaction.FAILED)
    with pytest.raises(Missing):
        world.hub.react(number, 987_654, Reaction.FAILED)


def test_labels_are_made_and_added_once(world: World) -> None:
    number = world.issue(STRANGER, "Fruit", "")
    for _ in range(2):
        world.hub.add_labels(number, ["tinyml", "boardwright"])
    assert sorted(world.hub.issue(number).labels) == ["boardwright", "tinyml"]


def test_a_commit_holds_exactly_the_files(world: World) -> None:
    first = commit(world)
    assert world.hub.head_of(BRANCH) == first
    expected = {f"{FOLDER}/{path}": content for path, content in FILES.items()}
    assert world.hub.read(FOLDER, BRANCH, 10_000) == expected
    again = world.hub.commit(BRANCH, head(world), FOLDER, FILES, "again\n")
    assert (again.sha, again.made) == (first, False)
    second = commit(world, {"README.md": b"# Less\n"}, expected=first)
    assert world.hub.read(FOLDER, second, 10_000) == {f"{FOLDER}/README.md": b"# Less\n"}
    assert world.hub.head_of("main") != second
    assert [change.sha for change in world.hub.changes(FOLDER, BRANCH)] == [second, first]


@pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
def test_trees_have_the_ids_that_git_gives_them(world: World, tmp_path: Path) -> None:
    files = {**FILES, "data-2/x": b"1", "data.d/x": b"2", "ä ö": b"3"}
    sha = commit(world, files)
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)

    def git(*arguments: str) -> str:
        command = ["git", "-c", "core.autocrlf=false", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, check=True, capture_output=True, text=True
        ).stdout.strip()

    git("init", "-q")
    git("add", "-A")
    assert world.hub.tree_of(FOLDER, sha) == git("write-tree")


def test_what_people_committed_elsewhere_stays(world: World) -> None:
    commit(world)
    theirs = world.push("maint", BRANCH, {"notes.md": b"keep\n", f"{FOLDER}/own.txt": b"gone"})
    commit(world, expected=theirs)
    assert world.hub.read("notes.md", BRANCH, 100) == {"notes.md": b"keep\n"}
    assert f"{FOLDER}/own.txt" not in world.hub.read(FOLDER, BRANCH, 10_000)


def test_a_branch_that_moved_is_not_written(world: World) -> None:
    seen = commit(world)
    moved = world.push("maint", BRANCH, {f"{FOLDER}/train.py": b"# better\n"})
    with pytest.raises(Refused, match=moved[:10]):
        commit(world, {"README.md": b"ours\n"}, expected=seen)
    assert world.hub.head_of(BRANCH) == moved


def test_a_branch_that_was_forced_elsewhere_is_not_written(world: World) -> None:
    seen = commit(world)
    world.point(BRANCH, head(world))
    with pytest.raises(Refused, match="points at"):
        commit(world, {"README.md": b"ours\n"}, expected=seen)
    assert world.hub.head_of(BRANCH) == head(world)


def test_a_branch_that_was_deleted_is_made_again_only_where_nothing_was_expected(
    world: World,
) -> None:
    seen = commit(world)
    world.delete_branch(BRANCH)
    assert world.hub.head_of(BRANCH) is None
    with pytest.raises(Refused, match="gone"):
        commit(world, {"README.md": b"ours\n"}, expected=seen)
    assert world.hub.head_of(BRANCH) is None
    assert world.hub.head_of(BRANCH) != commit(world)
    with pytest.raises(Missing):
        world.hub.read(FOLDER, "no/such/branch", 100)


def test_reading_is_bounded(world: World) -> None:
    commit(world)
    assert world.hub.read(f"{FOLDER}/nothing", BRANCH, 100) == {}
    assert world.hub.read(f"{FOLDER}/README.md", BRANCH, 8) == {f"{FOLDER}/README.md": b"# Fruit\n"}
    for path in (FOLDER, f"{FOLDER}/README.md"):
        with pytest.raises(Refused, match="larger than the 7 bytes"):
            world.hub.read(path, BRANCH, 7)
    assert world.hub.tree_of(f"{FOLDER}/README.md", BRANCH) is None


@pytest.mark.parametrize("path", ["../x", "/x", "a/../b", ".github/workflows/x.yml", ""])
def test_no_file_leaves_the_folder(world: World, path: str) -> None:
    with pytest.raises(ValueError, match="no path inside"):
        commit(world, {path: b""})
    assert world.hub.head_of(BRANCH) is None


def test_a_pull_request_put_twice_is_one_draft(world: World) -> None:
    sha = commit(world)
    hub = world.hub
    first = hub.put_pull(BRANCH, "main", "Fruit", f"{MARK}\nbody", MARK)
    again = hub.put_pull(BRANCH, "main", "Fruit", f"{MARK}\nbody", MARK)
    edited = hub.put_pull(BRANCH, "main", "Fruit 2", f"{MARK}\nother", MARK)
    assert first == again and first.is_draft and first.head_sha == sha
    assert (edited.number, edited.title, edited.body) == (
        first.number,
        "Fruit 2",
        f"{MARK}\nother",
    )
    assert hub.pulls_of(BRANCH) == (edited,) == (hub.pull(first.number),)
    assert hub.pulls_of("main") == ()
    with pytest.raises(Refused):
        hub.put_pull("no-such-branch", "main", "x", MARK, MARK)


def test_a_review_is_asked_for_once(world: World) -> None:
    commit(world)
    pull = world.hub.put_pull(BRANCH, "main", "Fruit", MARK, MARK)
    for _ in range(2):
        world.hub.request_review(pull.number, "maint")
    assert world.requested(pull.number) == ["maint"]
    world.hub.request_review(pull.number, world.ours)


def test_a_review_and_its_threads_are_answered_once(world: World) -> None:
    commit(world)
    hub = world.hub
    pull = hub.put_pull(BRANCH, "main", "Fruit", MARK, MARK)
    remarks = [Remark(f"{FOLDER}/train.py", 1, "Why?"), Remark(f"{FOLDER}/train.py", 2, MARK)]
    number = world.review("maint", pull.number, "changes_requested", remarks)
    review = hub.review(pull.number, number)
    assert (review.author, review.state, review.body) == (
        "maint",
        "changes_requested",
        "Please look.",
    )
    threads = hub.threads(pull.number)
    assert [t.comments[0].body for t in threads] == ["Why?", MARK]
    assert {t.comments[0].review_id for t in threads} == {number}
    assert threads[0].comments[0].path == f"{FOLDER}/train.py"
    for thread in (*threads, *threads):
        hub.reply(pull.number, thread, MARK, f"{MARK}\nDone.")
    assert all(hub.resolve(thread) for thread in threads[:1])
    after = hub.threads(pull.number)
    assert [len(t.comments) for t in after] == [2, 2]
    assert [t.comments[1].author for t in after] == [world.ours] * 2
    assert [t.is_resolved for t in after] == [True, False]


def test_a_check_put_twice_is_one_with_all_annotations(world: World) -> None:
    sha = commit(world)
    rows = tuple(
        Annotation(f"{FOLDER}/train.py", n, n, Level.WARNING, "Limit", f"message {n}")
        for n in range(1, 61)
    )
    begun = Check("Boardwright / evidence", sha, "issue-1-fruit", "Measuring", "…")
    done = Check(
        "Boardwright / evidence", sha, "issue-1-fruit", "1 limit missed", "| a |",
        conclusion=Conclusion.NEUTRAL, annotations=rows,
    )  # fmt: skip
    numbers = {world.hub.put_check(check) for check in (begun, done, done)}
    assert len(numbers) == 1
    (check,) = world.checks(sha)
    assert (check.name, check.key, check.conclusion) == (
        "Boardwright / evidence",
        "issue-1-fruit",
        "neutral",
    )
    assert sorted(check.annotations) == sorted(row.message for row in rows)
