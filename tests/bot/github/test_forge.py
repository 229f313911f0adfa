"""Publishing to GitHub: what appears, what stays, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.forge import Origin
from bot.github.fake import FakeGitHub, Fault
from bot.github.fake_repository import FakeRepository
from bot.github.forge import CHECK, Draft, GitHubForge, conclude
from bot.github.hub import Conclusion, HubError, Level, Person, Refused, Unavailable
from bot.jobs.activities import Activities, Room
from bot.jobs.publishing import Publisher
from bot.rendering.marker import BODY_MAX_CHARACTERS, marker
from bot.work.outcome import Built, Line
from tests.bot.github.worlds import REPOSITORY, RemoteWorld, fake_world

ADA = Person("ada", 7)
FOLDER = "tinyml/fruit"
KEY = "issue-1-fruit"
BRANCH = f"boardwright/{KEY}"


def built(missed: int = 1, unproven: int = 0, *, draft: bool = True) -> Built:
    return Built(
        folder=FOLDER,
        title="Three fruits",
        draft=draft,
        missed=missed,
        unproven=unproven,
        headline="1 limit missed.",
        summary="| claim | measured |",
        lines=(Line(path="train.py", line=3, title="Accuracy", message="0.8 < 0.9"),),
    )


def draft(tmp_path: Path, number: int, **files: bytes) -> Draft:
    held = {"train.py": b"print()\n", "data/plot.png": b"\x89PNG\xff", **files}
    for path, content in held.items():
        place = tmp_path / "publication" / "files" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    texts = {
        "title.txt": "Three fruits\n",
        "body.md": f"{marker(KEY)}\n# Three fruits\n",
        "status.md": "not for the pull request",
        "comments/host.md": f"{marker(KEY, 'host')}\nIt answers.\n",
        "comments/mps2-an386.md": f"{marker(KEY, 'mps2-an386')}\nSo does it.\n",
    }
    for path, text in texts.items():
        place = tmp_path / "publication" / path
        place.parent.mkdir(exist_ok=True)
        place.write_text(text, encoding="utf-8")
    return Draft(tmp_path / "publication", built(), Origin(KEY, number))


@pytest.fixture
def github() -> FakeGitHub:
    return fake_world().github


@pytest.fixture
def there(github: FakeGitHub) -> FakeRepository:
    with github.calling(REPOSITORY, "repository") as there:
        return there


def test_a_pull_request_has_the_label_by_which_it_was_asked_for(
    github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    issue = there.add_issue("ada", "Fruit", "", ("ml please",))
    acts = Activities(github, tmp_path, label="ml please")
    Publisher(acts, Room(REPOSITORY, 1, issue), KEY, ADA).invite(issue)
    assert there.issues[issue].labels == ("ml please", "boardwright")


def forge(github: FakeGitHub) -> GitHubForge:
    return GitHubForge(github.open(REPOSITORY), ADA)


def test_everything_appears_once(github: FakeGitHub, there: FakeRepository, tmp_path: Path) -> None:
    issue = there.add_issue("ada", "Fruit", "")
    first = forge(github).publish(draft(tmp_path, issue))
    again = forge(github).publish(draft(tmp_path, issue))
    assert first.commit.made and not again.commit.made
    assert again.commit.sha == first.commit.sha
    assert (again.pull.number, again.check) == (first.pull.number, first.check)
    pull = there.pulls[first.pull.number]
    assert pull.is_draft and pull.title == "Three fruits" and pull.head_branch == BRANCH
    assert pull.body.endswith(f"Closes #{issue}\n") and marker(KEY) in pull.body
    assert there.requested[pull.number] == ["ada"]
    assert there.issues[pull.number].labels == ("tinyml", "boardwright")
    assert [c.body.splitlines()[-1] for c in there.comments[pull.number]] == [
        "It answers.",
        "So does it.",
    ]
    assert there.comments[issue] == []
    (check,) = there.checks.values()
    assert (check.name, check.conclusion, check.head_sha) == (
        CHECK,
        Conclusion.NEUTRAL,
        first.commit.sha,
    )
    (remark,) = check.annotations
    assert (remark.path, remark.start_line, remark.level) == (
        f"{FOLDER}/train.py",
        3,
        Level.WARNING,
    )


def test_the_commit_names_person_key_and_tree(
    github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    commit = forge(github).commit(draft(tmp_path, 1))
    message = there.commits[commit.sha].message
    assert message == (
        f"{FOLDER}: add the measured project\n\n1 limit missed.\n\n"
        f"Boardwright-Key: {KEY}\n"
        f"Boardwright-Tree: {there.tree_of(FOLDER, commit.sha)}\n"
        "Co-authored-by: ada <7+ada@users.noreply.github.com>\n"
    )


def test_another_round_goes_on_top_of_peoples_commits_elsewhere(
    github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    forge(github).commit(draft(tmp_path, 1))
    theirs = there.push("ada", BRANCH, {"notes.md": b"mine"})
    second = forge(github).commit(draft(tmp_path, 1, **{"train.py": b"# 2\n"}))
    assert there.commits[second.sha].parents == (theirs,)
    assert there.commits[second.sha].files["notes.md"] == b"mine"
    assert there.commits[second.sha].message.startswith(f"{FOLDER}: update the measured project")


def test_peoples_changes_to_the_folder_are_not_lost(
    github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    forge(github).commit(draft(tmp_path, 1))
    theirs = there.push("ada", BRANCH, {f"{FOLDER}/train.py": b"# better\n"})
    new = draft(tmp_path, 1, **{"train.py": b"# ours\n"})
    with pytest.raises(Refused, match=f"Somebody changed {FOLDER} on the branch {BRANCH}"):
        forge(github).commit(new)
    assert there.branches[BRANCH] == theirs
    assert there.commits[forge(github).commit(new, seen_head=theirs).sha].parents == (theirs,)


def test_a_commit_of_ours_that_people_amended_is_theirs(
    github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    ours = there.commits[forge(github).commit(draft(tmp_path, 1)).sha]
    files = {**ours.files, f"{FOLDER}/train.py": b"# amended\n"}
    there.commit("ada", BRANCH, files, ours.message, ours.parents)
    with pytest.raises(Refused, match="Somebody changed"):
        forge(github).commit(draft(tmp_path, 1, **{"train.py": b"# ours\n"}))


def test_a_branch_of_somebody_else_is_left(
    github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    theirs = there.push("ada", BRANCH, {"notes.md": b"mine"}, "Boardwright-Key: of another\n")
    with pytest.raises(Refused, match="was not made for this request"):
        forge(github).commit(draft(tmp_path, 1))
    assert there.branches[BRANCH] == theirs


def test_a_head_that_is_no_longer_seen_is_not_built_upon(
    github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    seen = forge(github).commit(draft(tmp_path, 1)).sha
    there.push("ada", BRANCH, {"notes.md": b"mine"})
    with pytest.raises(Refused, match="points at"):
        forge(github).commit(draft(tmp_path, 1, **{"train.py": b"# 2\n"}), seen_head=seen)


def test_a_renamed_project_goes_on_on_its_branch(
    github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    old = draft(tmp_path, 1)
    forge(github).commit(old)
    new = Draft(old.folder, old.built.model_copy(update={"folder": "tinyml/pears"}), old.origin)
    assert forge(github).commit(new).made


@pytest.mark.parametrize(
    ("missed", "unproven", "is_draft", "expected"),
    [
        (0, 0, False, Conclusion.SUCCESS),
        (0, 0, True, Conclusion.SUCCESS),
        (1, 0, True, Conclusion.NEUTRAL),
        (0, 1, True, Conclusion.NEUTRAL),
        (0, 1, False, Conclusion.NEUTRAL),
        (1, 1, False, Conclusion.FAILURE),
    ],
)
def test_a_check_fails_only_for_what_was_measured(
    missed: int, unproven: int, is_draft: bool, expected: Conclusion
) -> None:
    outcome = built(missed, unproven, draft=bool(missed or unproven))
    assert conclude(outcome, is_draft=is_draft) is expected


def test_nothing_measured_is_no_success() -> None:
    assert conclude(built(0, 0, draft=True), is_draft=True) is Conclusion.NEUTRAL


def test_without_the_right_to_checks_the_rest_is_published(
    github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    issue = there.add_issue("ada", "Fruit", "")
    github.fail(Fault("put_check", Refused("You must authenticate via a GitHub App.")))
    assert forge(github).publish(draft(tmp_path, issue)).check is None


def test_the_words_that_close_the_issue_survive_a_long_text(
    github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    issue = there.add_issue("ada", "Fruit", "")
    long = draft(tmp_path, issue)
    (long.folder / "body.md").write_text(f"{marker(KEY)}\n" + "x" * BODY_MAX_CHARACTERS)
    forge(github).commit(long)
    body = forge(github).propose(long).body
    assert len(body) <= BODY_MAX_CHARACTERS
    assert body.startswith(marker(KEY)) and body.rstrip().endswith(f"Closes #{issue}")


METHODS = (
    "head_of", "repository", "commit", "put_pull", "put_comment", "add_labels", "request_review",
    "put_check",
)  # fmt: skip


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_publishing_again_after_a_failure_completes_it(
    method: str, after: bool, github: FakeGitHub, there: FakeRepository, tmp_path: Path
) -> None:
    issue = there.add_issue("ada", "Fruit", "")
    github.fail(Fault(method, Unavailable("GitHub is away", 3.0), after=after))
    with pytest.raises(HubError):
        forge(github).publish(draft(tmp_path, issue))
    done = forge(github).publish(draft(tmp_path, issue))
    assert list(there.pulls) == [done.pull.number]
    assert len(there.comments[done.pull.number]) == 2
    assert len(there.checks) == 1
    assert there.branches[BRANCH] == done.commit.sha
    assert len(list(there.history(there.branches[BRANCH]))) == 2
    assert there.requested[done.pull.number] == ["ada"]


def test_it_publishes_to_an_emulated_github(remote: RemoteWorld, tmp_path: Path) -> None:
    issue = remote.issue("maint", "Fruit", "")
    person = Person("maint", 2)
    first = GitHubForge(remote.hub, person).publish(draft(tmp_path, issue))
    again = GitHubForge(remote.hub, person).publish(draft(tmp_path, issue))
    assert (again.commit.sha, again.pull, again.check) == (
        first.commit.sha,
        remote.hub.pull(first.pull.number),
        first.check,
    )
    assert remote.requested(first.pull.number) == ["maint"]
    assert len(remote.hub.comments(first.pull.number)) == 2
    (check,) = remote.checks(first.commit.sha)
    assert (check.conclusion, check.annotations) == ("neutral", ("0.8 < 0.9",))
    remote.push("maint", BRANCH, {f"{FOLDER}/train.py": b"# better\n"})
    with pytest.raises(Refused, match="Somebody changed"):
        GitHubForge(remote.hub, person).publish(draft(tmp_path, issue, **{"train.py": b"2"}))
