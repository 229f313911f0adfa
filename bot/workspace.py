"""Workspace: the files of one project, and which of them each stage may write."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bot.evidence import Stage

AUTHORED_PATHS: Mapping[Stage, tuple[str, ...]] = {
    Stage.DATA: ("data.py",),
    Stage.FEATURES: ("features.h", "features.c"),
    Stage.TRAIN: ("train.py",),
    Stage.CONVERT: ("convert.py",),
    Stage.FIRMWARE: ("app.c",),
}


class UnexpectedFilesError(Exception):
    """An author wrote other files than the stage's own; the author must act."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The files of a project by path relative to its folder. A new value for each change."""

    files: Mapping[str, bytes] = field(default_factory=dict)

    def with_files(self, files: Mapping[str, bytes]) -> Workspace:
        """Return a workspace in which `files` are added or replaced."""
        return Workspace({**self.files, **files})

    def with_authored(self, stage: Stage, files: Mapping[str, str]) -> Workspace:
        """Return a workspace with the files that an author wrote for `stage`.

        Raises:
            UnexpectedFilesError: a file is missing, or is not one of the stage's.
        """
        expected = AUTHORED_PATHS[stage]
        if set(files) != set(expected):
            raise UnexpectedFilesError(
                f"the {stage.value} stage consists of {', '.join(expected)}; "
                f"the author wrote {', '.join(sorted(files)) or 'nothing'}"
            )
        return self.with_files({path: text.encode() for path, text in files.items()})

    def select(self, *paths: str) -> dict[str, bytes]:
        """Return the named files.

        Raises:
            KeyError: a file is not there.
        """
        return {path: self.files[path] for path in paths}

    def write_to(self, folder: Path) -> None:
        """Write every file below `folder`, each at once or not at all."""
        for path, content in self.files.items():
            write_atomically(folder / path, content)


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that a reader, or a crash, sees the old content or all of the new."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
