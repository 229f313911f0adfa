import errno
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import Infrastructure, RequestError
from bot.forge import Origin, Published
from bot.forge import folder as folder_module
from bot.forge.branch import TRAILER
from bot.forge.folder import replace_folder, sweep
from bot.forge.local import OURS, LocalForge
from bot.forge.lock import locked
from bot.proposal import Proposal
from bot.rendering.publication import Publication, render
from tests.bot import proposals

ORIGIN = Origin("digits", 7)


@pytest.fixture(autouse=True)
def plain_git(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take the machine's git configuration out of the tests."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", os.devnull)


@pytest.fixture(autouse=True)
def drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the plots of equal proposals once: these tests are about git."""
    known: dict[tuple[object, ...], Publication] = {}

    def render_once(proposal: Proposal, origin: Origin) -> Publication:
        key = (proposal.files["app.c"], proposal.missed, origin)
        if key not in known:
            known[key] = render(replace(proposal, figures=None), origin)
        return known[key]

    monkeypatch.setattr("bot.forge.local.render", render_once)


def git(repository: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-c", "user.name=Ann", "-c", "user.email=ann@localhost", *arguments],
        cwd=repository,
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()


def begin(repository: Path) -> Path:
    """Make a repository with a file, a change in the index and one in the work tree."""
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")
    (repository / "a.txt").write_text("a\n")
    git(repository, "add", "a.txt")
    git(repository, "commit", "-q", "-m", "Begin")
    return repository


def publish(repository: Path, proposal: Proposal | None = None) -> Published:
    return LocalForge(repository).publish(proposal or proposals.passing(), ORIGIN)


def changed(text: bytes = b"/* another */\n") -> Proposal:
    good = proposals.passing()
    return replace(good, files={**good.files, "app.c": text})


@pytest.mark.parametrize("exists", [False, True])
def test_an_empty_or_missing_folder_becomes_a_repository(tmp_path: Path, exists: bool) -> None:
    repository = tmp_path / "new" / "repo"
    if exists:
        repository.mkdir(parents=True)
    published = publish(repository)
    assert not published.adopted
    assert git(repository, "rev-list", "--count", "main") == "1"
    assert git(repository, "rev-list", "--count", published.branch) == "2"
    assert git(repository, "status", "--porcelain") == ""
    assert git(repository, "log", "-1", "--format=%an <%ae>", published.branch) == (
        "Boardwright <boardwright@localhost>"
    )
    assert git(repository, "fsck", "--strict") == ""


def test_files_stand_on_the_branch_byte_for_byte(tmp_path: Path) -> None:
    published = publish(tmp_path / "repo")
    expected = render(replace(proposals.passing(), figures=None), ORIGIN).files
    for path, content in expected.items():
        stored = subprocess.run(
            ["git", "show", f"{published.branch}:tinyml/digits/{path}"],
            cwd=tmp_path / "repo",
            capture_output=True,
            check=True,
        ).stdout
        assert stored == content


def test_texts_stand_beside_the_branch(tmp_path: Path) -> None:
    published = publish(tmp_path / "repo", proposals.missed())
    assert published.body_path == tmp_path / "repo" / OURS / "digits" / "pull-request.md"
    assert published.body_path.read_text().startswith("# Draft: Read handwritten digits\n")
    assert [path.name for path in published.comment_paths] == [
        "00-status.md",
        "01-host.md",
        "02-mps2-an386.md",
    ]
    assert all(path.is_file() for path in published.comment_paths)


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    first = publish(tmp_path / "repo")
    inodes = {path: path.stat().st_ino for path in (first.body_path, *first.comment_paths)}
    second = publish(tmp_path / "repo")
    assert second.adopted
    assert second.commit == first.commit
    assert {path: path.stat().st_ino for path in inodes} == inodes


def test_other_files_make_one_commit_on_top(tmp_path: Path) -> None:
    first = publish(tmp_path / "repo")
    second = publish(tmp_path / "repo", changed())
    assert not second.adopted
    assert git(tmp_path / "repo", "rev-parse", f"{second.branch}^") == first.commit
    assert publish(tmp_path / "repo", changed()).adopted


def test_a_file_that_is_gone_goes_from_the_branch(tmp_path: Path) -> None:
    publish(tmp_path / "repo")
    good = proposals.passing()
    fewer = {path: content for path, content in good.files.items() if path != "train.csv"}
    published = publish(tmp_path / "repo", replace(good, files=fewer | {"app.c": b"int other;\n"}))
    listed = git(tmp_path / "repo", "ls-tree", "-r", "--name-only", published.branch)
    assert "tinyml/digits/train.csv" not in listed
    assert "tinyml/digits/app.c" in listed


def test_work_tree_index_and_branch_stay(tmp_path: Path) -> None:
    repository = begin(tmp_path / "repo")
    git(repository, "switch", "-q", "-c", "mine")
    (repository / "a.txt").write_text("staged\n")
    git(repository, "add", "a.txt")
    (repository / "a.txt").write_text("changed\n")
    (repository / "untracked").write_text("u\n")
    index = (repository / ".git" / "index").read_bytes()
    before = git(repository, "status", "--porcelain=v2", "--branch")
    published = publish(repository)
    assert (repository / ".git" / "index").read_bytes() == index
    assert git(repository, "status", "--porcelain=v2", "--branch") == before
    assert git(repository, "show", f"{published.branch}:a.txt") == "a"
    assert git(repository, "rev-parse", f"{published.branch}^") == git(
        repository, "rev-parse", "main"
    )


def test_a_configured_identity_is_used(tmp_path: Path) -> None:
    repository = begin(tmp_path / "repo")
    git(repository, "config", "user.name", "Ann")
    git(repository, "config", "user.email", "ann@localhost")
    published = publish(repository)
    assert git(repository, "log", "-1", "--format=%an %cn", published.branch) == "Ann Ann"


def test_hooks_and_conversions_of_the_repository_do_not_run(tmp_path: Path) -> None:
    repository = begin(tmp_path / "repo")
    git(repository, "config", "core.autocrlf", "true")
    hook = repository / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    published = publish(repository)
    assert "\r" not in git(repository, "show", f"{published.branch}:tinyml/digits/app.c")


def test_a_git_that_the_environment_points_elsewhere_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = begin(tmp_path / "elsewhere")
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(elsewhere / ".git" / "index"))
    publish(tmp_path / "repo")
    monkeypatch.undo()
    assert git(elsewhere, "branch", "--list", "boardwright/*") == ""


def _file(repository: Path) -> None:
    repository.write_text("x")


def _files(repository: Path) -> None:
    repository.mkdir()
    (repository / "notes.txt").write_text("x")


def _bare(repository: Path) -> None:
    repository.mkdir()
    git(repository, "init", "-q", "--bare")


def _unborn(repository: Path) -> None:
    repository.mkdir()
    git(repository, "init", "-q", "-b", "main")


def _checked_out(repository: Path) -> None:
    publish(repository, changed())
    git(repository, "switch", "-q", "boardwright/digits")


def _taken(repository: Path) -> None:
    git(begin(repository), "branch", "boardwright/digits")


def _tinyml_is_a_file(repository: Path) -> None:
    begin(repository)
    (repository / "tinyml").write_text("x")
    git(repository, "add", "tinyml")
    git(repository, "commit", "-q", "-m", "File")


def _edited(repository: Path) -> None:
    publish(repository, changed())
    git(repository, "switch", "-q", "boardwright/digits")
    (repository / "tinyml/digits/app.c").write_text("int edited;\n")
    git(repository, "commit", "-q", "-am", "Edit")
    git(repository, "switch", "-q", "main")


@pytest.mark.parametrize(
    ("arrange", "message"),
    [
        (_file, "is a file"),
        (_files, r"holds files \(`notes.txt`\)"),
        (_bare, "bare repository"),
        (_unborn, "no commit"),
        (_checked_out, "checked out"),
        (_taken, "not made for this request"),
        (_tinyml_is_a_file, "`tinyml` is a file"),
        (_edited, "would be lost"),
    ],
)
def test_what_is_somebody_elses_is_refused(
    tmp_path: Path, arrange: Callable[[Path], None], message: str
) -> None:
    repository = tmp_path / "repo"
    arrange(repository)
    has_commits = (repository / ".git").exists() and arrange is not _unborn
    refs = git(repository, "show-ref") if has_commits else ""
    with pytest.raises(RequestError, match=message) as caught:
        publish(repository)
    assert caught.value.cure
    if refs:
        assert git(repository, "show-ref") == refs


def test_commits_of_others_outside_the_project_are_kept(tmp_path: Path) -> None:
    repository = tmp_path / "repo"
    publish(repository)
    git(repository, "switch", "-q", "boardwright/digits")
    (repository / "notes.txt").write_text("mine\n")
    git(repository, "add", "notes.txt")
    git(repository, "commit", "-q", "-m", "Note")
    git(repository, "switch", "-q", "main")
    assert publish(repository).adopted
    published = publish(repository, changed())
    assert git(repository, "show", f"{published.branch}:notes.txt") == "mine"


def test_a_held_lock_is_named(tmp_path: Path) -> None:
    repository = begin(tmp_path / "repo")
    lock = repository / ".git/refs/heads/boardwright/digits.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    with pytest.raises(Infrastructure, match="Another git process holds") as caught:
        publish(repository)
    assert str(lock) in caught.value.remedy
    assert lock.exists()
    lock.unlink()
    assert not publish(repository).adopted


def test_a_lock_that_our_killed_git_left_is_cleared(tmp_path: Path) -> None:
    repository = begin(tmp_path / "repo")
    lock = repository / ".git/refs/heads/boardwright/digits.lock"
    lock.parent.mkdir(parents=True)
    lock.touch()
    (repository / OURS).mkdir()
    (repository / OURS / ".moving").write_text("refs/heads/boardwright/digits")
    assert not publish(repository).adopted


def test_a_branch_in_the_way_is_explained(tmp_path: Path) -> None:
    repository = begin(tmp_path / "repo")
    git(repository, "branch", "boardwright")
    with pytest.raises(Infrastructure, match="could not move the branch"):
        publish(repository)


def test_what_git_says_reaches_the_person(tmp_path: Path) -> None:
    repository = begin(tmp_path / "repo")
    (repository / ".git" / "config").write_text("not a configuration")
    with pytest.raises(Infrastructure, match=r"git refused .* bad config"):
        publish(repository)


def test_two_publishers_wait_for_each_other(tmp_path: Path) -> None:
    (tmp_path / OURS).mkdir()
    path = tmp_path / OURS / ".lock"
    with locked(path), pytest.raises(Infrastructure, match="Another Boardwright"), locked(path, 0):
        pass
    with locked(path, 0):
        pass


def test_unfinished_folders_and_old_versions_are_swept(tmp_path: Path) -> None:
    assert replace_folder(tmp_path, "a", {"x/y": b"1"})
    assert not replace_folder(tmp_path, "a", {"x/y": b"1"})
    assert replace_folder(tmp_path, "a", {"x/y": b"2"})
    (tmp_path / ".new-dead").mkdir()
    sweep(tmp_path)
    assert (tmp_path / "a/x/y").read_bytes() == b"2"
    assert len(list((tmp_path / ".versions").iterdir())) == 1
    assert not (tmp_path / ".new-dead").exists()


def test_a_full_disk_leaves_the_old_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository = tmp_path / "repo"
    first = publish(repository)
    old = first.body_path.read_bytes()

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(folder_module.Path, "write_bytes", full)
        with pytest.raises(Infrastructure, match="disk") as caught:
            publish(repository, changed())
    assert caught.value.remedy.startswith("df -h")
    assert first.body_path.read_bytes() == old
    assert git(repository, "rev-parse", first.branch) == first.commit
    assert not publish(repository, changed()).adopted


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Yield a file system of 256 KB."""
    place = tmp_path / "small"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(place)],
        capture_output=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("mount: only root may make a tmpfs, and not in every container")
    yield place
    subprocess.run(["umount", str(place)], check=True)


def test_a_disk_that_is_really_full(small_disk: Path) -> None:
    repository = begin(small_disk / "repo")
    heads = git(repository, "show-ref")
    big = changed(os.urandom(400_000))
    with pytest.raises(Infrastructure, match="full"):
        publish(repository, big)
    assert git(repository, "show-ref") == heads
    assert not list((repository / OURS).glob(".new-*"))
    assert git(repository, "status", "--porcelain") == ""


def test_a_log_names_the_request(tmp_path: Path) -> None:
    published = publish(tmp_path / "repo")
    message = git(tmp_path / "repo", "log", "-1", "--format=%B", published.branch)
    assert f"{TRAILER}: digits" in message


def test_no_temporary_file_stays(tmp_path: Path) -> None:
    publish(tmp_path / "repo")
    publish(tmp_path / "repo", changed())
    left = [path.name for path in (tmp_path / "repo" / OURS).iterdir()]
    assert sorted(left) == [".lock", ".versions", "digits"]
    assert not list(Path(tempfile.gettempdir()).glob("boardwright-forge*"))
