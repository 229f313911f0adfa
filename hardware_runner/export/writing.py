"""Writing: an export into its folder, whole or not at all, without harm to what is not ours."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from hardware_runner.atomic import write_bytes
from hardware_runner.errors import ProjectError
from hardware_runner.export.job import Files

MANIFEST = "boardwright.json"
_MANIFEST_BYTES_MAX = 1_000_000


def write_export(files: Files, about: Mapping[str, object], folder: Path, *, force: bool) -> None:
    """Write files into a folder, and a manifest of them.

    Args:
        files: Contents by path.
        about: What else the manifest says.
        folder: Where they go. A new or empty one appears at once and whole.
        force: Write also into a folder that holds files. What is not of an export stays; so does
            what is of an older one but was changed, unless this one has a file of that name.

    Raises:
        ProjectError: the folder holds files, and nobody said that this is meant.
    """
    if folder.exists() and not folder.is_dir():
        raise ProjectError(f"{folder} is a file. Name a folder for the export.")
    listed = {name: _sha256(content) for name, content in sorted(files.items())}
    manifest = json.dumps({**about, "files": listed}, indent=2).encode() + b"\n"
    whole = {**files, MANIFEST: manifest}
    if not folder.is_dir() or not any(folder.iterdir()):
        _write_new(whole, folder)
    elif force:
        _write_over(whole, folder)
    else:
        raise ProjectError(
            f"{folder} is not empty. Name a new folder, or use --force: files of the export are "
            "then written anew, and yours stay."
        )


def _write_new(files: Files, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as scratch:
        ready = Path(scratch) / "export"
        for name, content in files.items():
            path = ready / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        ready.replace(folder)


def _write_over(files: Files, folder: Path) -> None:
    before = _listed(folder / MANIFEST)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_bytes(path, content)
    for name, sha256 in before.items():
        path = folder / name
        if name not in files and path.is_file() and _sha256(path.read_bytes()) == sha256:
            path.unlink()


def _listed(manifest: Path) -> dict[str, str]:
    """Return the files of an older export by path, with their SHA-256; none where it is damaged."""
    try:
        with manifest.open("rb") as stream:
            listed = json.loads(stream.read(_MANIFEST_BYTES_MAX))["files"]
        return {name: str(listed[name]) for name in listed if _is_below(name)}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _is_below(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
