"""Data sources: where records come from. One module per kind: `KINDS`, and `web` for addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bot.errors import SourceError
from bot.goal import DataSource
from bot.rendering.text import code
from bot.sources import bundled, csv_table, image_folder, npz_file, wav_folder, web
from bot.sources.download import Downloads, cache_folder
from bot.sources.loaded import Load, Loaded

KINDS: Mapping[str, Load] = {
    "sklearn": bundled.load,
    "csv": csv_table.load,
    "npz": npz_file.load,
    "images": image_folder.load,
    "wav": wav_folder.load,
}


def load(source: DataSource, base_dir: Path, allowed_hosts: Sequence[str] = ()) -> Loaded:
    """Read all records of a source and say what they are.

    Args:
        source: what the request names.
        base_dir: the folder that paths are relative to.
        allowed_hosts: from which data may be fetched, as `boardwright.toml` lists them.

    Raises:
        SourceError: there is no such source, or its data cannot be used as they stand.
        Infrastructure: they are on the web, and cannot be fetched now.
    """
    if source.uri.startswith("https://"):
        downloads = Downloads(tuple(allowed_hosts), cache_folder())
        return web.load(source.uri, source.label_column, downloads)
    kind, _, rest = source.uri.partition(":")
    if kind not in KINDS:
        known = ", ".join(f"`{name}:`" for name in KINDS)
        raise SourceError(
            f"{code(source.uri)} is no known kind of data.", f"Known are {known}.", "Data"
        )
    return KINDS[kind](rest.strip(), source.label_column, base_dir)
