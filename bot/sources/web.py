"""Data on the web: `https://<host>/<file>`, `.csv`, `.npz`, or `.zip` with pictures or sounds.

What is fetched is read as if it stood beside the request. The records are then known by the address
with the hash of the content, so that the goal names what was learnt from, and no other content.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path, PurePosixPath

from bot.naming import slug
from bot.scratch import scratch
from bot.sources import csv_table, image_folder, npz_file, wav_folder
from bot.sources.address import Address, read_address
from bot.sources.download import Downloads, Fetched, fetch
from bot.sources.loaded import Loaded
from bot.sources.zip_folder import unpack


def load(uri: str, label_column: str | None, downloads: Downloads) -> Loaded:
    """Fetch a file and read its records.

    Raises:
        SourceError: the address, its host or the file cannot be used.
        Infrastructure: the host cannot be reached.
    """
    address = read_address(uri)
    fetched = fetch(address, downloads)
    with scratch() as folder:
        loaded = _read(address, fetched, label_column, folder)
    records = loaded.records.known_as(address.pinned(fetched.sha256, address.samples))
    name = slug(PurePosixPath(address.name).stem, loaded.name)
    return replace(loaded, records=records, name=name, fetched_bytes=fetched.size)


def _read(address: Address, fetched: Fetched, label_column: str | None, folder: Path) -> Loaded:
    """Read a fetched file under the name that it has on the web."""
    suffix = PurePosixPath(address.name).suffix.lower()
    if suffix != ".zip":
        shutil.copyfile(fetched.path, folder / address.name)
        load_file = csv_table.load if suffix == ".csv" else npz_file.load
        return load_file(address.name, label_column, folder)
    unpacked = folder / PurePosixPath(address.name).stem
    unpacked.mkdir()
    unpack(fetched.path, address.name, unpacked)
    sounds = any(path.suffix.lower() == ".wav" for path in unpacked.glob("*/*"))
    if sounds:
        length = "" if address.samples is None else str(address.samples)
        before = f"{address.pinned(fetched.sha256, None)}&samples="
        return wav_folder.read_clips(unpacked.name, length, label_column, folder, before)
    return image_folder.load(unpacked.name, label_column, folder)
