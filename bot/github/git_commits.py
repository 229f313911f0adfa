"""Commits through GitHub's git data interface: no clone, no `git push`, no force.

Source: https://docs.github.com/rest/git
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from bot.github.errors import refused, unavailable
from bot.github.git_data import CommitObject, GitData, Named, Tree
from bot.github.git_objects import Entry, Mode, check_path, folder_trees, tree_id
from bot.github.hub import Commit, Refused
from bot.github.wire import Nothing

_INLINE_MAX_BYTES = 500_000  # a text up to this size travels inside the tree: one write less


@dataclass(frozen=True, slots=True)
class Commits:
    """Commits to a repository; errors are those of `Wire`."""

    git: GitData

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
        asked = f"write {folder} to the branch {branch} of {self.git.full_name}"
        head = self.git.head_of(branch)
        trees = folder_trees(files)
        root = self.git.tree_at(head or base_sha)
        held = self.git.entry(folder, root)
        if head and held and held.mode is Mode.FOLDER and held.sha == tree_id(trees[""]):
            return Commit(head, made=False)
        if expected_sha is not None and head != expected_sha:
            there = f"it points at {head[:10]}" if head else "it is gone"
            raise refused(asked, f"the branch was at {expected_sha[:10]} when it was read; {there}")
        known = self._known(held)
        tree = self._put_outer(asked, root, folder, self._put_folder(asked, trees, files, known))
        body = {"message": message, "tree": tree, "parents": [head or base_sha]}
        made = self.git.wire.send("POST", asked, f"{self.git.root}/git/commits", body, CommitObject)
        if made.tree.sha != tree:
            raise unavailable(asked, "the commit that it made holds another tree")
        self._move(asked, branch, made.sha, head)
        return Commit(made.sha, made=True)

    def _known(self, held: Entry | None) -> frozenset[str]:
        """Return the ids of all that the folder holds, which need not be sent again."""
        if held is None or held.mode is not Mode.FOLDER:
            return frozenset()
        return frozenset(entry.sha for entry in self.git.tree(held.sha, recursive=True).tree)

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
            held = self.git.entry(path, root)
            if held is not None and held.mode is not Mode.FOLDER:
                raise refused(asked, f"{path} is a file there, where a folder is needed")
            entries = list(self.git.entries(held.sha)) if held else []
            kept = [e for e in entries if e.name != parts[depth]]
            tree = self._put_tree(asked, [*kept, Entry(parts[depth], Mode.FOLDER, tree)], {})
        return tree

    def _put_tree(
        self, asked: str, entries: Sequence[Entry], contents: Mapping[str, bytes | None]
    ) -> str:
        """Store one tree and compare its id; `contents` are the new files in it, by name."""
        rows = [self._row(asked, entry, contents.get(entry.name)) for entry in entries]
        stored = self.git.wire.send(
            "POST", asked, f"{self.git.root}/git/trees", {"tree": rows}, Tree
        )
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
        stored = self.git.wire.send("POST", asked, f"{self.git.root}/git/blobs", body, Named)
        if stored.sha != entry.sha:
            raise refused(asked, f"GitHub stored another content of {entry.name}")
        return {**row, "sha": entry.sha}

    def _move(self, asked: str, branch: str, sha: str, head: str | None) -> None:
        """Let the branch point at a commit, without force."""
        refs = f"{self.git.root}/git/refs"
        try:
            if head is None:
                body: dict[str, object] = {"ref": f"refs/heads/{branch}", "sha": sha}
                self.git.wire.send("POST", asked, refs, body, Nothing)
            else:
                body = {"sha": sha, "force": False}
                self.git.wire.send("PATCH", asked, f"{refs}/heads/{quote(branch)}", body, Nothing)
        except Refused as error:
            there = self.git.head_of(branch)
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
