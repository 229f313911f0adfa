"""A local git repository as a forge: a branch, and the texts of the pull request beside it."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bot.errors import Infrastructure, RequestError
from bot.forge import Origin, Published
from bot.forge.branch import commit_folder, identity
from bot.forge.folder import replace_folder, sweep
from bot.forge.git import Git, GitError
from bot.forge.lock import locked
from bot.proposal import Proposal
from bot.rendering.publication import Publication, render
from bot.rendering.text import file_name, inline
from bot.workspace import write_atomically

OURS = ".boardwright"  # folder in the repository; excluded from git
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class LocalForge:
    """Publishes to a git repository on this machine.

    The checked-out branch, the index and the work tree stay as they are. A process that is killed
    leaves the old state or the new one; publishing again completes it.
    """

    def __init__(self, repository: Path) -> None:
        self._repository = repository.absolute()

    def check(self) -> None:
        """Raise what `publish` would, where the folder is somebody else's; writes nothing.

        Raises:
            RequestError: the message says what to do.
        """
        _refuse_foreign(self._repository)

    def publish(self, proposal: Proposal, origin: Origin) -> Published:
        """Write the branch, then the texts to `.boardwright/<key>/`.

        A missing or empty folder becomes a repository with one empty commit on `main`.

        Raises:
            RequestError: somebody else's work is in the way; the message says what to do.
            Infrastructure: the disk is full, or a lock is held.
        """
        publication = render(proposal, origin)
        with _disk_errors(self._repository):
            _refuse_foreign(self._repository)
            root = self._repository / OURS
            root.mkdir(parents=True, exist_ok=True)
            with locked(root / ".lock") as descriptor:
                sweep(root)
                return self._publish(publication, origin, Git(self._repository, descriptor))

    def _publish(self, publication: Publication, origin: Origin, git: Git) -> Published:
        root = self._repository / OURS
        if not (self._repository / ".git").exists():
            _create(git, root)
        _exclude(git)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=root) as scratch:
            commit = commit_folder(
                git,
                Path(scratch),
                origin,
                publication.folder,
                publication.files,
            )
        texts = _texts(publication)
        replace_folder(root, origin.key, {path: text.encode() for path, text in texts.items()})
        body, *comments = (root / origin.key / path for path in texts)
        return Published(
            branch=origin.branch,
            commit=commit.name,
            body_path=body,
            comment_paths=tuple(comments),
            adopted=not commit.made,
            draft=publication.draft,
        )


def _texts(publication: Publication) -> dict[str, str]:
    """Return the texts by path; the pull request's comes first."""
    title = f"{'Draft: ' if publication.draft else ''}{inline(publication.title)}"
    texts = {
        "pull-request.md": f"# {title}\n\n{publication.body}",
        "comments/00-status.md": publication.status,
    }
    for number, comment in enumerate(publication.comments, start=1):
        texts[f"comments/{number:02}-{file_name(comment.board)}.md"] = comment.text
    return texts


def _refuse_foreign(repository: Path) -> None:
    if repository.is_file():
        raise RequestError(f"`{repository}` is a file.", "Name a folder for the repository.")
    if not repository.exists() or (repository / ".git").exists():
        return
    if (repository / "HEAD").is_file() and (repository / "objects").is_dir():
        raise RequestError(
            f"`{repository}` is a bare repository; the texts have no place in it.",
            "Name a clone of it with a work tree.",
        )
    held = sorted(entry.name for entry in repository.iterdir() if entry.name != OURS)
    if held:
        raise RequestError(
            f"`{repository}` holds files (`{held[0]}`) and is no git repository, or not the top "
            "folder of one.",
            "Name the top folder of a repository, or a new folder.",
        )


def _create(git: Git, root: Path) -> None:
    """Make the repository beside its place and move it there in one step."""
    with tempfile.TemporaryDirectory(prefix=".new-", dir=root) as scratch:
        new = Git(Path(scratch), git.keep_open)
        new.run("init", "--quiet", "--initial-branch=main")
        tree = new.line("mktree")
        commit = new.line(
            "commit-tree", tree, stdin=b"Begin the repository\n", variables=identity(new)
        )
        new.run("update-ref", "refs/heads/main", commit)
        (Path(scratch) / ".git").rename(git.folder / ".git")


def _exclude(git: Git) -> None:
    """List our folder in `.git/info/exclude`, so that `git status` does not show it."""
    path = Path(git.line("rev-parse", "--path-format=absolute", "--git-path", "info/exclude"))
    held = path.read_text(encoding="utf-8", errors="surrogateescape") if path.exists() else ""
    if f"/{OURS}/" not in held.splitlines():
        gap = "" if not held or held.endswith("\n") else "\n"
        text = f"{held}{gap}/{OURS}/\n"
        write_atomically(path, text.encode("utf-8", "surrogateescape"))


@contextmanager
def _disk_errors(repository: Path) -> Iterator[None]:
    try:
        yield
    except GitError as error:
        raise Infrastructure(f"git refused in {repository}: {error}") from error
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise Infrastructure(
                f"The disk that holds {repository} is full. Nothing was published by half; free "
                "some space and publish again.",
                f"df -h {repository}",
            ) from error
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            raise Infrastructure(
                f"{error.filename or repository} cannot be written: {error.strerror}. Name a "
                "repository that you may write to."
            ) from error
        raise
