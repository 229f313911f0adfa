"""git's own names for contents, computed here, so that what GitHub stored can be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import PurePosixPath


class Mode(Enum):
    """What an entry of a tree is.

    Source: git 2.39, Documentation/technical/index-format.txt, and GitHub REST, "Create a tree".
    """

    FILE = "100644"
    EXECUTABLE = "100755"
    LINK = "120000"
    FOLDER = "040000"
    SUBMODULE = "160000"

    @property
    def kind(self) -> str:
        """Return the type of the object, as GitHub calls it."""
        return {"040000": "tree", "160000": "commit"}.get(self.value, "blob")


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a tree, and the object that it names."""

    name: str
    mode: Mode
    sha: str


def blob_id(content: bytes) -> str:
    """Return git's name of a file's content."""
    return _object_id("blob", content)


def tree_id(entries: Iterable[Entry]) -> str:
    """Return git's name of a tree. git sorts folders as if their names ended in a slash."""
    ordered = sorted(entries, key=lambda e: e.name.encode() + b"/" * (e.mode is Mode.FOLDER))
    rows = (
        f"{e.mode.value.lstrip('0')} {e.name}\0".encode() + bytes.fromhex(e.sha) for e in ordered
    )
    return _object_id("tree", b"".join(rows))


def folder_trees(files: Mapping[str, bytes]) -> dict[str, tuple[Entry, ...]]:
    """Return the entries of a folder and of all folders in it, by path, the innermost first.

    The folder itself is "" and comes last. `files` maps paths relative to it to contents.

    Raises:
        ValueError: a path is a file and a folder.
    """
    children: dict[str, dict[str, Entry]] = {"": {}}
    for path, content in files.items():
        parents = [str(p) for p in PurePosixPath(path).parents]
        for parent in parents:
            children.setdefault("" if parent == "." else parent, {})
        folder, _, name = path.rpartition("/")
        children[folder][name] = Entry(name, Mode.FILE, blob_id(content))
    inner = sorted((p for p in children if p), key=lambda p: (-p.count("/"), p))
    trees: dict[str, tuple[Entry, ...]] = {}
    for path in [*inner, ""]:
        trees[path] = tuple(children[path].values())
        if path:
            folder, _, name = path.rpartition("/")
            if name in children[folder]:
                raise ValueError(f"{path!r} is a file and a folder")
            children[folder][name] = Entry(name, Mode.FOLDER, tree_id(trees[path]))
    return trees


def check_path(path: str) -> None:
    """Raise ValueError for what is no plain path below a folder."""
    parts = PurePosixPath(path).parts
    if (
        not parts
        or path != "/".join(parts)
        or not path.isprintable()
        or any(part in ("..", "/") or part.lower().startswith(".git") for part in parts)
    ):
        raise ValueError(f"{path!r} is no path inside a project")


def _object_id(kind: str, content: bytes) -> str:
    return hashlib.sha1(
        f"{kind} {len(content)}\0".encode() + content, usedforsecurity=False
    ).hexdigest()
