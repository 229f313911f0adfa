"""Branches, trees and commits through GitHub's git data interface: no clone, no `git push`.

Source: https://docs.github.com/rest/git
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from urllib.parse import quote

from pydantic import BaseModel

from bot.github.errors import refused, unavailable
from bot.github.git_objects import Entry, Mode, blob_id, check_path, folder_trees, tree_id
from bot.github.hub import Change, Commit, Missing, Refused
from bot.github.wire import Nothing, Wire

_INLINE_MAX_BYTES = 500_000  # a text up to this size travels inside the tree: one write less
_CHANGES = 30


class _Named(BaseModel):
    sha: str


class _Ref(BaseModel):
    object: _Named


class _CommitObject(BaseModel):
    sha: str
    tree: _Named


class _TreeEntry(BaseModel):
    path: str
    mode: Mode
    sha: str
    size: int = 0


class _Tree(BaseModel):
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
    """The git side of a repository; errors are those of `Wire`."""

    wire: Wire
    full_name: str
    _root: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_root", f"/repos/{quote(self.full_name)}")

    def head_of(self, branch: str) -> str | None:
        """Return the commit that a branch points at; None where there is none."""
        asked = f"read the branch {branch} of {self.full_name}"
        found = self.wire.find(asked, f"{self._root}/git/ref/heads/{quote(branch)}", _Ref)
        return found.object.sha if found else None

    def changes(self, path: str, ref: str) -> tuple[Change, ...]:
        """Return the newest commits below `ref` that touched a path, newest first."""
        asked = f"list the commits of {path or 'the branch'} in {self.full_name}"
        parameters: dict[str, str | int] = {"sha": ref, "per_page": _CHANGES}
        if path:
            parameters["path"] = path
        pages = self.wire.pages(asked, f"{self._root}/commits", list[_Listed], **parameters)
        return tuple(
            Change(c.sha, c.author.login if c.author else "", c.commit.message)
            for c in next(pages, [])
        )

    def tree_of(self, path: str, ref: str) -> str | None:
        """Return git's id of a folder at a branch or commit; None where there is none."""
        entry = self._entry(path, self._tree_at(ref))
        return entry.sha if entry and entry.mode is Mode.FOLDER else None

    def read(self, path: str, ref: str, at_most: int) -> dict[str, bytes]:
        """Return a file, or all files below a folder, by path in the repository."""
        entry = self._entry(path, self._tree_at(ref))
        if entry is None:
            return {}
        asked = f"read {path} of {self.full_name}"
        _refuse_special(asked, path, entry.mode)
        if entry.mode is not Mode.FOLDER:
            return {path: self._blob(asked, entry.sha, at_most)}
        tree = self._tree(entry.sha, recursive=True)
        if tree.truncated:
            raise refused(asked, "the folder holds too many files")
        files = [e for e in tree.tree if e.mode is not Mode.FOLDER]
        for file in files:
            _refuse_special(asked, f"{path}/{file.path}", file.mode)
        if sum(file.size for file in files) > at_most:
            raise _too_large(asked, at_most)
        return {f"{path}/{f.path}": self._blob(asked, f.sha, at_most) for f in files}

    def commit(
        self,
        branch: str,
        base_sha: str,
        folder: str,
        files: Mapping[str, bytes],
        message: str,
        expected_sha: str | None,
    ) -> Commit:
        """Let a branch hold exactly `files` in `folder`; see `Hub.commit`."""
        for path in (folder, *files):
            check_path(path)
        asked = f"write {folder} to the branch {branch} of {self.full_name}"
        head = self.head_of(branch)
        trees = folder_trees(files)
        root = self._tree_at(head or base_sha)
        held = self._entry(folder, root)
        if head and held and held.mode is Mode.FOLDER and held.sha == tree_id(trees[""]):
            return Commit(head, made=False)
        if expected_sha is not None and head != expected_sha:
            there = f"it points at {head[:10]}" if head else "it is gone"
            raise refused(asked, f"the branch was at {expected_sha[:10]} when it was read; {there}")
        known = self._known(held)
        tree = self._put_outer(asked, root, folder, self._put_folder(asked, trees, files, known))
        body = {"message": message, "tree": tree, "parents": [head or base_sha]}
        made = self.wire.send("POST", asked, f"{self._root}/git/commits", body, _CommitObject)
        if made.tree.sha != tree:
            raise unavailable(asked, "the commit that it made holds another tree")
        self._move(asked, branch, made.sha, head)
        return Commit(made.sha, made=True)

    def _tree_at(self, ref: str) -> str:
        """Return the tree of a branch or commit."""
        is_commit = len(ref) == 40 and all(c in "0123456789abcdef" for c in ref)
        sha = ref if is_commit else self.head_of(ref)
        if sha is None:
            raise Missing(f"There is no branch {ref} in {self.full_name}.")
        asked = f"read the commit {sha[:10]} of {self.full_name}"
        return self.wire.get(asked, f"{self._root}/git/commits/{sha}", _CommitObject).tree.sha

    def _tree(self, sha: str, recursive: bool = False) -> _Tree:
        asked = f"read the folder {sha[:10]} of {self.full_name}"
        if sha == tree_id(()):  # GitHub does not store it
            return _Tree(sha=sha, tree=[])
        parameters = {"recursive": 1} if recursive else {}
        return self.wire.get(asked, f"{self._root}/git/trees/{sha}", _Tree, **parameters)

    def _entry(self, path: str, root: str) -> Entry | None:
        """Return what a path names below a tree."""
        entry: Entry | None = Entry("", Mode.FOLDER, root)
        for depth, part in enumerate(parts := PurePosixPath(path).parts):
            if entry is None or entry.mode is not Mode.FOLDER:
                break
            entry = next((e for e in self._entries(entry.sha) if e.name == part), None)
            if entry and depth < len(parts) - 1:
                _refuse_special(
                    f"read {path} of {self.full_name}", "/".join(parts[: depth + 1]), entry.mode
                )
                if entry.mode is not Mode.FOLDER:
                    return None
        return entry

    def _entries(self, tree: str) -> Sequence[Entry]:
        listed = self._tree(tree)
        if listed.truncated:
            raise refused(f"read a folder of {self.full_name}", "it holds too many files")
        return [Entry(e.path, e.mode, e.sha) for e in listed.tree]

    def _blob(self, asked: str, sha: str, at_most: int) -> bytes:
        blob = self.wire.get(asked, f"{self._root}/git/blobs/{sha}", _Blob)
        content = base64.b64decode(blob.content) if blob.encoding == "base64" else None
        if content is None or blob_id(content) != sha:
            raise unavailable(asked, "a file came with another content than its id says")
        if len(content) > at_most:
            raise _too_large(asked, at_most)
        return content

    def _known(self, held: Entry | None) -> frozenset[str]:
        """Return the ids of all that the folder holds, which need not be sent again."""
        if held is None or held.mode is not Mode.FOLDER:
            return frozenset()
        return frozenset(entry.sha for entry in self._tree(held.sha, recursive=True).tree)

    def _put_folder(
        self,
        asked: str,
        trees: Mapping[str, Sequence[Entry]],
        files: Mapping[str, bytes],
        known: frozenset[str],
    ) -> str:
        """Store the trees of the folder, the innermost first, and return the outermost's id."""
        for path, entries in trees.items():
            if tree_id(entries) in known:
                continue
            paths = {e: f"{path}/{e.name}" if path else e.name for e in entries}
            contents = {e.name: files.get(p) for e, p in paths.items() if e.sha not in known}
            self._put_tree(asked, entries, contents)
        return tree_id(trees[""])

    def _put_outer(self, asked: str, root: str, folder: str, tree: str) -> str:
        """Store the trees from the folder's parent up to the root; return the root's id."""
        parts = PurePosixPath(folder).parts
        for depth in range(len(parts) - 1, -1, -1):
            path = "/".join(parts[:depth])
            held = self._entry(path, root)
            if held is not None and held.mode is not Mode.FOLDER:
                raise refused(asked, f"{path} is a file there, where a folder is needed")
            entries = list(self._entries(held.sha)) if held else []
            kept = [e for e in entries if e.name != parts[depth]]
            tree = self._put_tree(asked, [*kept, Entry(parts[depth], Mode.FOLDER, tree)], {})
        return tree

    def _put_tree(
        self, asked: str, entries: Sequence[Entry], contents: Mapping[str, bytes | None]
    ) -> str:
        """Store one tree and compare its id; `contents` are the new files in it, by name."""
        rows = [self._row(asked, entry, contents.get(entry.name)) for entry in entries]
        stored = self.wire.send("POST", asked, f"{self._root}/git/trees", {"tree": rows}, _Tree)
        expected = tree_id(entries)
        if stored.sha != expected:
            raise refused(
                asked,
                f"a folder was stored as {stored.sha[:10]} where git says {expected[:10]}, so that "
                "the branch was left as it was",
            )
        return expected

    def _row(self, asked: str, entry: Entry, content: bytes | None) -> dict[str, str]:
        row = {"path": entry.name, "mode": entry.mode.value, "type": entry.mode.kind}
        if content is None:
            return {**row, "sha": entry.sha}
        if len(content) <= _INLINE_MAX_BYTES and (text := _text(content)):
            return {**row, "content": text}
        body = {"content": base64.b64encode(content).decode(), "encoding": "base64"}
        stored = self.wire.send("POST", asked, f"{self._root}/git/blobs", body, _Named)
        if stored.sha != entry.sha:
            raise refused(asked, f"GitHub stored another content of {entry.name}")
        return {**row, "sha": entry.sha}

    def _move(self, asked: str, branch: str, sha: str, head: str | None) -> None:
        """Let the branch point at a commit, without force."""
        refs = f"{self._root}/git/refs"
        try:
            if head is None:
                body: dict[str, object] = {"ref": f"refs/heads/{branch}", "sha": sha}
                self.wire.send("POST", asked, refs, body, Nothing)
            else:
                body = {"sha": sha, "force": False}
                self.wire.send("PATCH", asked, f"{refs}/heads/{quote(branch)}", body, Nothing)
        except Refused as error:
            there = self.head_of(branch)
            if there == sha:
                return
            if there != head:
                raise refused(asked, "somebody moved or deleted the branch meanwhile") from error
            raise


def _text(content: bytes) -> str | None:
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def _refuse_special(asked: str, path: str, mode: Mode) -> None:
    if mode is Mode.LINK:
        raise refused(asked, f"{path} is a symbolic link, which is not followed")
    if mode is Mode.SUBMODULE:
        raise refused(asked, f"{path} is a submodule, whose content is elsewhere")


def _too_large(asked: str, at_most: int) -> Refused:
    return refused(asked, f"it is larger than the {at_most} bytes that are read")
