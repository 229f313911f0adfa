"""Paths that a request names: relative to its folder, and never out of it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from bot.errors import SourceError
from bot.rendering.text import code


def inside(name: str, base_dir: Path, example: str) -> Path:
    """Return the path of a file or folder that a request names, whether it is there or not.

    Args:
        name: what the request says.
        base_dir: the folder of the request.
        example: a source that would be right, such as `csv:data/fruit.csv`.

    Raises:
        SourceError: the path is empty, absolute, or leaves the folder.
    """
    kind = example.partition(":")[0]
    if not name or "\0" in name or len(name) > 255:
        raise SourceError(
            "The data field names no file.", f"Write `{kind}:` and a path, such as `{example}`."
        )
    windows = PureWindowsPath(name)
    leaves = PurePosixPath(name).is_absolute() or windows.drive or windows.root
    path = base_dir / name
    if leaves or ".." in windows.parts or not path.resolve().is_relative_to(base_dir.resolve()):
        raise SourceError(
            f"{code(name)} lies outside the folder of the request.",
            f"Name a path inside it, relative and without `..`, such as `{example}`.",
            "Data",
        )
    return path


def required_file(name: str, base_dir: Path, example: str, suffix: str, most_bytes: int) -> Path:
    """Return the path of a file that is there and not too large.

    Args:
        name, base_dir, example: as in `inside`.
        suffix: what files of the kind end with; such files nearby are named in the cure.
        most_bytes: the largest file that is read.

    Raises:
        SourceError: as `inside`, or there is no such file, or it is too large.
    """
    path = inside(name, base_dir, example)
    if path.is_dir():
        raise SourceError(f"{code(name)} is a folder.", f"Name the `{suffix}` file in it.", "Data")
    if not path.is_file():
        raise SourceError(
            f"There is no file {code(name)}.", _siblings(path, base_dir, example, suffix), "Data"
        )
    size = path.stat().st_size
    if size > most_bytes:
        raise SourceError(
            f"{code(name)} has {size / 1024**2:.0f} MB; at most {most_bytes // 1024**2} MB are "
            "read.",
            "Take a part of the records.",
            "Data",
        )
    return path


def _siblings(path: Path, base_dir: Path, example: str, suffix: str) -> str:
    """Say which files of the kind stand where one was looked for."""
    kind = example.partition(":")[0]
    folder = path.parent if path.parent.is_dir() else base_dir
    found = sorted(p.relative_to(base_dir).as_posix() for p in folder.glob(f"*{suffix}"))[:5]
    if found:
        return f"There is {', '.join(code(f'{kind}:{other}') for other in found)}."
    return (
        "Paths are relative to the file that holds the request; put the file there, or mend the "
        "path."
    )
