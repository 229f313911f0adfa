"""A folder with one folder for each label, and in it one file for each sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.errors import SourceError
from bot.rendering.text import code
from bot.sources.paths import inside

FILES_MAX = 20_000
FILE_MAX_BYTES = 16 * 1024 * 1024
ALL_MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, `<label>/<file>`."""

    name: str
    content: bytes


def read_folder(name: str, base_dir: Path, example: str, suffixes: Sequence[str]) -> list[Entry]:
    """Return the files of all labels, sorted by name. Files beside the labels' folders are left.

    Args:
        name, base_dir, example: as in `inside`.
        suffixes: what the files may end with, in lower case.

    Raises:
        SourceError: there is no such folder, no file in it, or one that is not as it must be.
    """
    folder = inside(name, base_dir, example)
    if not folder.is_dir():
        raise SourceError(
            f"There is no folder {code(name)}.",
            f"Name a folder with one folder for each label, such as {code(example)}.",
            "Data",
        )
    paths = [
        path
        for label in sorted(folder.iterdir())
        if label.is_dir() and not label.name.startswith(".")
        for path in sorted(label.iterdir())
        if not path.name.startswith(".")
    ]
    if not paths:
        raise SourceError(
            f"{code(name)} holds no folder with files.",
            f"Put the files into one folder for each label: `{name}/<label>/<file>{suffixes[0]}`.",
            "Data",
        )
    total = 0
    for path in paths:
        shown = code(path.relative_to(base_dir).as_posix())
        if path.is_symlink() or path.parent.is_symlink() or not path.is_file():
            raise SourceError(f"{shown} is no plain file.", "Remove it from the folder.", "Data")
        if path.suffix.lower() not in suffixes:
            raise SourceError(
                f"{shown} is none of {', '.join(suffixes)}.",
                "Remove it from the folder, or convert it.",
                "Data",
            )
        size = path.stat().st_size
        total += size
        if size > FILE_MAX_BYTES:
            raise SourceError(
                f"{shown} has {size / 1024**2:.0f} MB; at most {FILE_MAX_BYTES // 1024**2} MB are "
                "read.",
                "Make it smaller.",
                "Data",
            )
    if len(paths) > FILES_MAX or total > ALL_MAX_BYTES:
        raise SourceError(
            f"{code(name)} holds {len(paths):,} files with {total / 1024**2:,.0f} MB; at most "
            f"{FILES_MAX:,} files and {ALL_MAX_BYTES // 1024**2} MB are read.",
            "Take a part of them.",
            "Data",
        )
    return [Entry(f"{path.parent.name}/{path.name}", path.read_bytes()) for path in paths]
