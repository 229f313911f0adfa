"""A branch that holds a proposal: made from objects, moved in one step; no work tree is touched."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bot.errors import Infrastructure, RequestError
from bot.forge import Origin
from bot.forge.git import Git, GitError

TRAILER = "Boardwright-Key"
_NO_COMMIT = "0" * 40


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit of a branch; `made` is false where the branch held the files already."""

    name: str
    made: bool


def commit_folder(
    git: Git, scratch: Path, origin: Origin, folder: str, files: Mapping[str, bytes]
) -> Commit:
    """Make the origin's branch hold exactly `files` in `folder`, everything else as it was.

    A new branch begins at the base branch; one that was published before gets one commit on top,
    or none where the folder's tree is the same.

    Args:
        git: in the top folder of the repository; the caller holds the lock.
        scratch: an empty folder for temporary files, in the repository's file system.
        origin: names the branch; its key is a trailer of each commit.
        folder: relative to the repository.
        files: content by path relative to `folder`.

    Raises:
        RequestError: work of somebody else would be lost.
        Infrastructure: git cannot write; the message names the cure.
    """
    branch, key = origin.branch, origin.key
    ref = f"refs/heads/{branch}"
    tip = git.ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
    parent = tip or _base(git)
    tree = _tree(git, scratch, parent, folder, files)
    if tip and git.line("rev-parse", f"{tip}^{{tree}}") == tree and _last_of_ours(git, tip, key):
        return Commit(tip, made=False)
    if tip:
        _refuse_to_overwrite(git, tip, branch, key, folder)
    _refuse_checked_out(git, ref, branch)
    message = f"{folder}: {'update' if tip else 'add'} the measured project\n\n{TRAILER}: {key}\n"
    commit = git.line(
        "commit-tree", tree, "-p", parent, stdin=message.encode(), variables=identity(git)
    )
    move(git, ref, commit, tip or _NO_COMMIT, scratch.parent)
    return Commit(commit, made=True)


def identity(git: Git) -> dict[str, str]:
    """Return variables that name author and committer; empty where git's configuration does."""
    if git.ask("config", "user.name") and git.ask("config", "user.email"):
        return {}
    name, mail = "Boardwright", "boardwright@localhost"
    return {
        "GIT_AUTHOR_NAME": name,
        "GIT_AUTHOR_EMAIL": mail,
        "GIT_COMMITTER_NAME": name,
        "GIT_COMMITTER_EMAIL": mail,
    }


def move(git: Git, ref: str, commit: str, old: str, root: Path) -> None:
    """Let `ref` name `commit` if it still names `old`: the one step that publishes.

    git guards it with `<ref>.lock`, which stays where git is killed in between. So the intent is
    noted in `root` before; who finds the note, and holds the lock of `root`, knows that the file is
    a leftover.
    """
    note = root / ".moving"
    common = Path(git.line("rev-parse", "--path-format=absolute", "--git-common-dir"))
    lock = common / f"{ref}.lock"
    if note.is_file() and note.read_text() == ref:
        lock.unlink(missing_ok=True)
    elif lock.exists():
        # Not ours: let git wait for it, and say who holds it.
        note.unlink(missing_ok=True)
        git.run("update-ref", "-m", "boardwright: publish", ref, commit, old)
        return
    note.write_text(ref)
    try:
        git.run("update-ref", "-m", "boardwright: publish", ref, commit, old)
    except GitError as error:
        raise Infrastructure(
            f"git could not move the branch: {error} Publish again; if it stays so, look at the "
            "branches whose names begin alike.",
            "git branch --list 'boardwright*'",
        ) from None
    finally:
        note.unlink(missing_ok=True)


def _base(git: Git) -> str:
    for name in ("refs/heads/main", "refs/heads/master", "HEAD"):
        if commit := git.ask("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}"):
            return commit
    raise RequestError(
        f"The repository {git.folder} has no commit that a branch could begin at.",
        "Make a first commit in it: `git commit --allow-empty -m 'Begin'`.",
    )


def _tree(git: Git, scratch: Path, parent: str, folder: str, files: Mapping[str, bytes]) -> str:
    """Return the tree of `parent` with `folder` replaced, built in an index of its own."""
    index = {"GIT_INDEX_FILE": str(scratch / "index")}
    git.run("read-tree", parent, variables=index)
    for outer in map(str, tuple(PurePosixPath(folder).parents)[:-1]):
        held = git.run("ls-files", "-z", "--", f":(literal){outer}", variables=index)
        if held == f"{outer}\0".encode():
            raise RequestError(
                f"`{outer}` is a file in the repository; the project needs a folder of that name.",
                "Rename it on the base branch.",
            )
    old = git.run("ls-files", "-z", "--", f":(literal){folder}", variables=index).split(b"\0")
    removed = [b"0 " + _NO_COMMIT.encode() + b"\t" + path for path in old if path]
    added = [
        f"100644 {blob}\t{folder}/{path}".encode()
        for path, blob in _blobs(git, scratch, files).items()
    ]
    entries = b"".join(entry + b"\0" for entry in (*removed, *added))
    git.run("update-index", "-z", "--index-info", stdin=entries, variables=index)
    return git.line("write-tree", variables=index)


def _blobs(git: Git, scratch: Path, files: Mapping[str, bytes]) -> dict[str, str]:
    """Store the files as objects and return their names by path."""
    paths = sorted(files)
    numbered = [scratch / f"blob-{number}" for number, _ in enumerate(paths)]
    for path, place in zip(paths, numbered, strict=True):
        _check_path(path)
        place.write_bytes(files[path])
    names = git.line(
        "hash-object",
        "-w",
        "--no-filters",
        "--stdin-paths",
        stdin="".join(f"{place}\n" for place in numbered).encode(),
    )
    return dict(zip(paths, names.split(), strict=True))


def _check_path(path: str) -> None:
    parts = PurePosixPath(path).parts
    if (
        path != "/".join(parts)
        or not path.isprintable()
        or any(part in ("..", "/") or part.lower().startswith(".git") for part in parts)
    ):
        raise ValueError(f"{path!r} is no path inside a project")


def _last_of_ours(git: Git, tip: str, key: str) -> str | None:
    """Return the newest commit at or below `tip` that was published for `key`."""
    found = git.line("log", "-1", "--format=%H", "--fixed-strings", f"--grep={TRAILER}: {key}", tip)
    return found or None


def _refuse_to_overwrite(git: Git, tip: str, branch: str, key: str, folder: str) -> None:
    ours = _last_of_ours(git, tip, key)
    if ours is None:
        raise RequestError(
            f"The branch `{branch}` exists and was not made for this request.",
            f"Rename it: `git branch -m {branch} another-name`.",
        )
    here, there = (git.ask("rev-parse", f"{commit}:{folder}") for commit in (tip, ours))
    if here != there:
        raise RequestError(
            f"The branch `{branch}` holds changes to `{folder}` that somebody made after it was "
            "published; they would be lost.",
            f"Merge them, or keep them under another name: `git branch -m {branch} another-name`.",
        )


def _refuse_checked_out(git: Git, ref: str, branch: str) -> None:
    worktree = ""
    for line in git.line("worktree", "list", "--porcelain").splitlines():
        if line.startswith("worktree "):
            worktree = line.removeprefix("worktree ")
        if line == f"branch {ref}":
            raise RequestError(
                f"The branch `{branch}` is checked out in `{worktree}`; a new commit would make "
                "that work tree look changed.",
                "Switch to another branch there: `git switch main`.",
            )
