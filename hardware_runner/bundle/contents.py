"""Contents: the files of a bundle's folder, and nothing that only looks like a file."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from hardware_runner.bundle.manifest import BOARDS_MAX, BUNDLE_BYTES_MAX, FILE_BYTES_MAX
from hardware_runner.errors import BundleRefused

_ENTRIES_MAX = 2 + 4 * BOARDS_MAX


def read_files(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder by their paths, with `/` between the parts.

    Raises:
        BundleRefused: a link, a pipe, a device, a file too large, too many of them, or no folder.
    """
    try:
        if not stat.S_ISDIR(folder.lstat().st_mode):
            raise BundleRefused(f"{folder} is no folder.")
        found: dict[str, bytes] = {}
        total = 0
        for name in _names(folder):
            found[name] = _read(folder / name, name)
            total += len(found[name])
            if total > BUNDLE_BYTES_MAX:
                raise BundleRefused(f"The bundle holds more than {BUNDLE_BYTES_MAX:,} bytes.")
    except OSError as error:
        raise BundleRefused(f"The bundle cannot be read: {error}.") from error
    return found


def _names(folder: Path) -> list[str]:
    """Return the names of what is in a folder and in its folders, one deep."""
    names: list[str] = []
    entries = 0
    for prefix, place in ((Path(), folder), *((Path(d), folder / d) for d in _folders(folder))):
        with os.scandir(place) as scanned:
            for entry in scanned:
                entries += 1
                if entries > _ENTRIES_MAX:
                    raise BundleRefused(f"The bundle holds more than {_ENTRIES_MAX} files.")
                if place == folder and entry.is_dir(follow_symlinks=False):
                    continue
                names.append((prefix / entry.name).as_posix())
    return sorted(names)


def _folders(folder: Path) -> list[str]:
    found: list[str] = []
    with os.scandir(folder) as scanned:
        for entry in scanned:
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.name)
            if len(found) > _ENTRIES_MAX:
                raise BundleRefused(f"The bundle holds more than {_ENTRIES_MAX} folders.")
    return found


def _read(path: Path, name: str) -> bytes:
    """Read a regular file; a pipe does not stop this, and a link is not followed."""
    if not stat.S_ISREG(path.lstat().st_mode):
        raise BundleRefused(f"{shown(name)} is no regular file.")
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        raise BundleRefused(f"{shown(name)} holds more than {FILE_BYTES_MAX:,} bytes.")
    return content


def shown(text: str, most: int = 80) -> str:
    """Return a text of somebody else so that it can do no harm where it is shown."""
    return ascii(text[:most])
