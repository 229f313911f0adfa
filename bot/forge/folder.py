"""A folder of texts that appears, and changes, all at once.

`<root>/<name>` is a symbolic link to a folder in `<root>/.versions/` that is named for its content
and never changes. Replacing the link is the one atomic step; who is killed before it leaves the old
folder.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bot.errors import RequestError

_VERSIONS = ".versions"
_UNFINISHED = ".new-"


def replace_folder(root: Path, name: str, files: Mapping[str, bytes]) -> bool:
    """Make `<root>/<name>` hold exactly `files`; the caller holds the lock on `root`.

    Returns:
        Whether anything changed.

    Raises:
        RequestError: something that is not ours stands there.
        OSError: it cannot be written; the old folder is untouched.
    """
    link = root / name
    if not link.is_symlink() and link.exists():
        raise RequestError(
            f"`{link}` stands where the texts of this proposal belong.", "Move it away."
        )
    target = Path(_VERSIONS) / f"{name}-{_digest(files)}"
    if link.is_symlink() and link.readlink() == target and (root / target).is_dir():
        return False
    if not (root / target).is_dir():
        (root / _VERSIONS).mkdir(exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=root))
        for path, content in files.items():
            place = unfinished / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        unfinished.chmod(0o755)
        unfinished.rename(root / target)
    new_link = root / f"{_UNFINISHED}{name}"
    new_link.unlink(missing_ok=True)
    new_link.symlink_to(target)
    new_link.replace(link)
    return True


def sweep(root: Path) -> None:
    """Remove what a killed process left, and versions that no link names; the lock is held."""
    for left in root.glob(f"{_UNFINISHED}*"):
        if left.is_symlink() or not left.is_dir():
            left.unlink(missing_ok=True)
        else:
            shutil.rmtree(left, ignore_errors=True)
    named = {str(link.readlink()) for link in root.iterdir() if link.is_symlink()}
    for version in (root / _VERSIONS).glob("*"):
        if f"{_VERSIONS}/{version.name}" not in named:
            shutil.rmtree(version, ignore_errors=True)


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for path, content in sorted(files.items()):
        whole.update(f"{len(path.encode())}:{path}:{len(content)}:".encode() + content)
    return whole.hexdigest()[:16]
