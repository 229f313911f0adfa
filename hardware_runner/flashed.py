"""What was last written into the board of a place, so that it need not be written again.

A board says itself which build runs, but a firmware may say anything: it is believed only where
this host also remembers having written exactly these bytes there.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from hardware_runner.atomic import write_text
from hardware_runner.lease import default_lock_dir
from hardware_runner.tools.flasher import Image


def digest(image: Image) -> str:
    """Return the SHA-256 of an image and where it goes."""
    return hashlib.sha256(b"%d:" % image.origin + image.path.read_bytes()).hexdigest()


def is_remembered(place: str, image: Image, folder: Path | None = None) -> bool:
    """Say whether the image was the last that was written there."""
    try:
        record = json.loads(_record(place, folder).read_text())
    except (OSError, ValueError):
        return False
    return isinstance(record, dict) and record.get("image") == digest(image)


def remember(place: str, image: Image, folder: Path | None = None) -> None:
    """Note that the image was written and verified."""
    write_text(_record(place, folder), json.dumps({"image": digest(image)}))


def forget(place: str, folder: Path | None = None) -> None:
    """Note that nobody knows what is there; before each writing and erasing."""
    _record(place, folder).unlink(missing_ok=True)


def _record(place: str, folder: Path | None) -> Path:
    folder = folder or default_lock_dir()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{place}.flashed.json"
