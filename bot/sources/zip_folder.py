"""Folders of pictures or sounds in a `.zip` file: `<label>/<file>`, below any folders they share.

Only plain files are taken out, each below a folder of our own; sizes are counted while unpacking,
since what an archive says of itself need not be so.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from bot.errors import SourceError
from bot.rendering.text import code
from bot.sources.folder import ALL_MAX_BYTES, FILE_MAX_BYTES, FILES_MAX

_CHUNK = 1024 * 1024
_LEFT_OUT = ("__MACOSX",)


def unpack(archive_path: Path, name: str, into: Path) -> None:
    """Unpack the files of all labels as `<into>/<label>/<file>`.

    Args:
        archive_path: the archive.
        name: what it is called, for people.
        into: an empty folder.

    Raises:
        SourceError: it is no archive, holds what is no plain file, or too much.
    """
    try:
        with zipfile.ZipFile(archive_path) as archive:
            entries = [e for e in archive.infolist() if _is_taken(e, name)]
            if len(entries) > FILES_MAX:
                raise _refused(
                    name, f"holds {len(entries):,} files; at most {FILES_MAX:,} are read"
                )
            left = ALL_MAX_BYTES
            for entry, place in _placed(entries, name):
                path = into.joinpath(*place.parts)
                path.parent.mkdir(exist_ok=True)
                left -= _unpack_one(archive, entry, path, min(left, FILE_MAX_BYTES), name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise _refused(name, f"cannot be unpacked: {error or 'it ends too early'}") from None


def _is_taken(entry: zipfile.ZipInfo, name: str) -> bool:
    """Say whether an entry is a file to take out; refuse those that are no plain files."""
    parts = PurePosixPath(entry.filename).parts
    mode = entry.external_attr >> 16
    shown = code(entry.filename[:80])
    if entry.filename.startswith("/") or ".." in parts or set(entry.filename) & set("\\:\0"):
        raise _refused(name, f"holds {shown}, a path that leads out of it")
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _refused(name, f"holds {shown}, which is no plain file")
    if entry.flag_bits & 1:
        raise _refused(name, f"holds {shown}, which is encrypted")
    hidden = any(part.startswith(".") or part in _LEFT_OUT for part in parts)
    return not entry.is_dir() and not hidden


def _placed(
    entries: list[zipfile.ZipInfo], name: str
) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    """Return each file with its place, `<label>/<file>`; what lies beside the labels is left."""
    paths = [PurePosixPath(entry.filename) for entry in entries]
    deepest = max((len(path.parts) for path in paths), default=0)
    labelled = [(e, p) for e, p in zip(entries, paths, strict=True) if len(p.parts) == deepest]
    if deepest < 2 or len({p.parts[:-2] for _, p in labelled}) != 1:
        raise _refused(name, "holds no folders of labels side by side")
    placed = [(entry, PurePosixPath(*path.parts[-2:])) for entry, path in labelled]
    if len({place for _, place in placed}) < len(placed):
        raise _refused(name, "holds two files of the same name")
    return placed


def _unpack_one(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, most: int, name: str
) -> int:
    """Write one file and return its size."""
    size = 0
    with archive.open(entry) as packed, path.open("wb") as file:
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size > most:
                raise _refused(
                    name,
                    f"unpacks to too much; at most {FILE_MAX_BYTES // 1024**2} MB a file and "
                    f"{ALL_MAX_BYTES // 1024**2} MB in all are read",
                )
            file.write(chunk)
    return size


def _refused(name: str, problem: str) -> SourceError:
    return SourceError(
        f"{code(name)} {problem}.",
        "Pack plain files anew, in one folder for each label: `<label>/<file>`.",
        "Data",
    )
