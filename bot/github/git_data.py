"""Branches and trees as they stand, read through GitHub's git data interface: no clone.

Source: https://docs.github.com/rest/git
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from pydantic import BaseModel

from bot.github.errors import refused, unavailable
from bot.github.git_objects import Entry, Mode, blob_id, tree_id
from bot.github.hub import Change, Missing, Refused
from bot.github.wire import Wire

_CHANGES = 30


class Named(BaseModel):
    """What has an id."""

    sha: str


class _Ref(BaseModel):
    object: Named


class CommitObject(BaseModel):
    """A commit, with the id of its tree."""

    sha: str
    tree: Named


class _TreeEntry(BaseModel):
    path: str
    mode: Mode
    sha: str
    size: int = 0


class Tree(BaseModel):
    """A tree as GitHub lists it."""

    sha: str
    tree: list[_TreeEntry]
    truncated: bool = False


class _Blob(BaseModel):
    content: str
    encoding: str


class _Author(BaseModel):
    login: str = ""


class _CommitText(BaseModel):
    message: str


class _Listed(BaseModel):
    sha: str
    commit: _CommitText
    author: _Author | None = None


@dataclass(frozen=True, slots=True)
class GitData:
    """The git side of a repository; `root` is where it is asked. Errors are those of `Wire`."""

    wire: Wire
    full_name: str
    root: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "root", f"/repos/{quote(self.full_name)}")

    def head_of(self, branch: str) -> str | None:
        """Return the commit that a branch points at; None where there is none."""
        asked = f"read the branch {branch} of {self.full_name}"
        found = self.wire.find(asked, f"{self.root}/git/ref/heads/{quote(branch)}", _Ref)
        return found.object.sha if found else None

    def changes(self, path: str, ref: str) -> tuple[Change, ...]:
        """Return the newest commits below `ref` that touched a path, newest first."""
        asked = f"list the commits of {path or 'the branch'} in {self.full_name}"
        parameters: dict[str, str | int] = {"sha": ref, "per_page": _CHANGES}
        if path:
            parameters["path"] = path
        pages = self.wire.pages(asked, f"{self.root}/commits", list[_Listed], **parameters)
        return tuple(
            Change(c.sha, c.author.login if c.author else "", c.commit.message)
            for c in next(pages, [])
        )

    def tree_of(self, path: str, ref: str) -> str | None:
        """Return git's id of a folder at a branch or commit; None where there is none."""
        entry = self.entry(path, self.tree_at(ref))
        return entry.sha if entry and entry.mode is Mode.FOLDER else None

    def read(self, path: str, ref: str, at_most: int) -> dict[str, bytes]:
        """Return a file, or all files below a folder, by path in the repository."""
        entry = self.entry(path, self.tree_at(ref))
        if entry is None:
            return {}
        asked = f"read {path} of {self.full_name}"
        _refuse_special(asked, path, entry.mode)
        if entry.mode is not Mode.FOLDER:
            return {path: self._blob(asked, entry.sha, at_most)}
        tree = self.tree(entry.sha, recursive=True)
        if tree.truncated:
            raise refused(asked, "the folder holds too many files")
        files = [e for e in tree.tree if e.mode is not Mode.FOLDER]
        for file in files:
            _refuse_special(asked, f"{path}/{file.path}", file.mode)
        if sum(file.size for file in files) > at_most:
            raise _too_large(asked, at_most)
        return {f"{path}/{f.path}": self._blob(asked, f.sha, at_most) for f in files}

    def tree_at(self, ref: str) -> str:
        """Return the tree of a branch or commit."""
        is_commit = len(ref) == 40 and all(c in "0123456789abcdef" for c in ref)
        sha = ref if is_commit else self.head_of(ref)
        if sha is None:
            raise Missing(f"There is no branch {ref} in {self.full_name}.")
        asked = f"read the commit {sha[:10]} of {self.full_name}"
        return self.wire.get(asked, f"{self.root}/git/commits/{sha}", CommitObject).tree.sha

    def tree(self, sha: str, recursive: bool = False) -> Tree:
        """Return a tree; with all below it where that is asked for."""
        asked = f"read the folder {sha[:10]} of {self.full_name}"
        if sha == tree_id(()):  # GitHub does not store it
            return Tree(sha=sha, tree=[])
        parameters = {"recursive": 1} if recursive else {}
        return self.wire.get(asked, f"{self.root}/git/trees/{sha}", Tree, **parameters)

    def entry(self, path: str, root: str) -> Entry | None:
        """Return what a path names below a tree."""
        entry: Entry | None = Entry("", Mode.FOLDER, root)
        for depth, part in enumerate(parts := PurePosixPath(path).parts):
            if entry is None or entry.mode is not Mode.FOLDER:
                break
            entry = next((e for e in self.entries(entry.sha) if e.name == part), None)
            if entry and depth < len(parts) - 1:
                _refuse_special(
                    f"read {path} of {self.full_name}", "/".join(parts[: depth + 1]), entry.mode
                )
                if entry.mode is not Mode.FOLDER:
                    return None
        return entry

    def entries(self, tree: str) -> Sequence[Entry]:
        """Return what a tree holds."""
        listed = self.tree(tree)
        if listed.truncated:
            raise refused(f"read a folder of {self.full_name}", "it holds too many files")
        return [Entry(e.path, e.mode, e.sha) for e in listed.tree]

    def _blob(self, asked: str, sha: str, at_most: int) -> bytes:
        blob = self.wire.get(asked, f"{self.root}/git/blobs/{sha}", _Blob)
        content = base64.b64decode(blob.content) if blob.encoding == "base64" else None
        if content is None or blob_id(content) != sha:
            raise unavailable(asked, "a file came with another content than its id says")
        if len(content) > at_most:
            raise _too_large(asked, at_most)
        return content


def _refuse_special(asked: str, path: str, mode: Mode) -> None:
    if mode is Mode.LINK:
        raise refused(asked, f"{path} is a symbolic link, which is not followed")
    if mode is Mode.SUBMODULE:
        raise refused(asked, f"{path} is a submodule, whose content is elsewhere")


def _too_large(asked: str, at_most: int) -> Refused:
    return refused(asked, f"it is larger than the {at_most} bytes that are read")
