"""Archive: a bundle as the zip that GitHub hands out, unpacked member by member."""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
import zlib
from pathlib import Path

from hardware_runner.bundle.contents import shown
from hardware_runner.bundle.manifest import (
    BOARDS_MAX,
    BUNDLE_BYTES_MAX,
    BUNDLE_FILE,
    FILE_BYTES_MAX,
)
from hardware_runner.errors import BundleRefused

_MEMBER = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}(/[a-z0-9][a-z0-9_-]{0,60})?\.[a-z0-9]{2,4}")
_FOLDER = re.compile(r"[a-z0-9][a-z0-9_-]{0,60}/")
_MEMBERS_MAX = 2 + 3 * BOARDS_MAX
_PIECE = 1024 * 1024
_ENCRYPTED = 1


def unpack(archive: Path, folder: Path, sha256: str) -> None:
    """Unpack a bundle into a new folder, once its digest is known to be right.

    Args:
        archive: The zip as it was downloaded.
        folder: Where to; must not exist.
        sha256: Of the zip, from whoever keeps it; 64 hexadecimal digits.

    Raises:
        BundleRefused: it is another file than was asked for, or a zip that no bundle is in.
    """
    if archive.stat().st_size > BUNDLE_BYTES_MAX:
        raise BundleRefused(f"The archive holds more than {BUNDLE_BYTES_MAX:,} bytes.")
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != sha256:
        raise BundleRefused(
            f"The archive's SHA-256 is {digest}, and {shown(sha256)} was asked for: "
            "it changed on its way. Download it again."
        )
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _checked(opened)
            folder.mkdir(parents=True)
            left = BUNDLE_BYTES_MAX
            for member in members:
                left -= _extract(opened, member, folder / member.filename, left)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as error:
        raise BundleRefused(f"The archive is damaged: {shown(str(error))}.") from error


def _checked(opened: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the files of an archive; folders, which some packers name too, come with them."""
    listed = opened.infolist()
    if len(listed) > _MEMBERS_MAX:
        raise BundleRefused(f"The archive holds more than {_MEMBERS_MAX} files.")
    members = [one for one in listed if one.file_size or not _FOLDER.fullmatch(one.filename)]
    names = [member.filename for member in members]
    for member in members:
        kind = stat.S_IFMT(member.external_attr >> 16)
        if (
            not (member.filename == BUNDLE_FILE or _MEMBER.fullmatch(member.filename))
            or kind not in (0, stat.S_IFREG)
            or member.flag_bits & _ENCRYPTED
            or names.count(member.filename) > 1
        ):
            raise BundleRefused(f"{shown(member.filename)} does not belong into a bundle.")
    return members


def _extract(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int) -> int:
    """Write a member and return its size, counted here: what the zip says of it may be wrong."""
    target.parent.mkdir(exist_ok=True)
    written = 0
    with opened.open(member) as source, target.open("xb") as file:
        while piece := source.read(_PIECE):
            written += len(piece)
            if written > min(left, FILE_BYTES_MAX):
                raise BundleRefused(f"{shown(member.filename)} unfolds to more than is allowed.")
            file.write(piece)
    return written
