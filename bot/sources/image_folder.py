"""Pictures in folders: `images:<folder>`, one folder for each label, all pictures of one size.

Pictures that are all grey become `[height, width]`, others `[height, width, 3]` in red, green and
blue; uint8 in both cases. Decoded with Pillow, as an authored `load()` does it.
"""

from __future__ import annotations

import io
from collections import Counter
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.errors import SourceError
from bot.goal import RawInput, RawType, Task
from bot.records import FileRecords
from bot.rendering.text import code
from bot.sources.folder import Entry, read_folder
from bot.sources.loaded import Loaded, check_classes

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp")
SIDE_MAX = 512
_GREY = ("1", "L")
_MODES = (*_GREY, "LA", "P", "RGB", "RGBA")  # of 8 bits a channel at most


def load(name: str, label_column: str | None, base_dir: Path) -> Loaded:
    """Read a folder of pictures.

    Raises:
        SourceError: the folder, a picture or their sizes cannot be used.
    """
    refuse_label_column(label_column)
    name = name.rstrip("/")
    entries = read_folder(name, base_dir, "images:data/pictures", SUFFIXES)
    modes = [_header(entry) for entry in entries]
    _check_sizes(name, [size for _, size in modes])
    grey = all(mode in _GREY for mode, _ in modes)
    values = np.stack([_decode(entry, grey) for entry in entries])
    records = FileRecords(
        tuple(entry.name for entry in entries),
        tuple(entry.content for entry in entries),
        values,
        f"images:{name}",
        "unknown",
    )
    unit = "grey level, 0 to 255" if grey else "red, green, blue, 0 to 255"
    raw = RawInput(shape=values.shape[1:], dtype=RawType.UINT8, unit=unit)
    labels = check_classes(records)
    return Loaded(records, Task.IMAGE_CLASSIFICATION, raw, labels, PurePosixPath(name).name)


def refuse_label_column(label_column: str | None) -> None:
    """Refuse a label column for a source whose labels are the names of folders.

    Raises:
        SourceError: one is named.
    """
    if label_column is not None:
        raise SourceError(
            f"There is no label column {code(label_column)}: labels are the names of the folders.",
            "Leave the field empty.",
            "Label column",
        )


def _header(entry: Entry) -> tuple[str, tuple[int, int]]:
    """Return the mode and the size of a picture, without decoding it."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415  (an optional package)

    try:
        with Image.open(io.BytesIO(entry.content)) as image:
            if image.mode not in _MODES:
                raise ValueError(f"its pixels are of the kind {image.mode}")
            return image.mode, image.size
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise _unreadable(entry, error) from None


def _decode(entry: Entry, grey: bool) -> npt.NDArray[Any]:
    from PIL import Image  # noqa: PLC0415  (an optional package)

    try:
        with Image.open(io.BytesIO(entry.content)) as image:
            return np.asarray(image.convert("L" if grey else "RGB"), dtype=np.uint8)
    except (OSError, ValueError, SyntaxError) as error:
        raise _unreadable(entry, error) from None


def _unreadable(entry: Entry, error: Exception) -> SourceError:
    return SourceError(
        f"{code(entry.name)} cannot be read as a picture: {str(error)[:120]}.",
        "Replace the file, or remove it.",
        "Data",
    )


def _check_sizes(name: str, sizes: list[tuple[int, int]]) -> None:
    counted = Counter(sizes).most_common()
    (width, height), _ = counted[0]
    if len(counted) > 1:
        found = ", ".join(f"{w} x {h} ({n})" for (w, h), n in counted[:4])
        raise SourceError(
            f"The pictures in {code(name)} have {len(counted)} sizes: {found}.",
            "Bring all to the size that the camera delivers, for example with "
            f"`mogrify -resize {width}x{height}! */*`.",
            "Data",
        )
    if max(width, height) > SIDE_MAX:
        raise SourceError(
            f"The pictures in {code(name)} are {width} x {height}; at most {SIDE_MAX} x "
            f"{SIDE_MAX} are read.",
            "Scale them down to what a microcontroller can hold, such as 96 x 96.",
            "Data",
        )
