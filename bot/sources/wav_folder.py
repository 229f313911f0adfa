"""Sounds in folders: `wav:<folder>`, one folder for each label; mono, 16 bits, one rate.

Clips of one length are taken as they are. `wav:<folder>#16000` takes 16,000 samples of each: longer
clips lose their end, shorter ones get zeros behind.
"""

from __future__ import annotations

import io
import wave
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
from bot.sources.image_folder import refuse_label_column
from bot.sources.loaded import Loaded, check_classes

LENGTH_MAX = 65_536


def load(name: str, label_column: str | None, base_dir: Path) -> Loaded:
    """Read a folder of sounds.

    Raises:
        SourceError: the folder, a clip, or their lengths and rates cannot be used.
    """
    folder, _, wanted = name.partition("#")
    folder = folder.strip().rstrip("/")
    return read_clips(folder, wanted.strip(), label_column, base_dir, f"wav:{folder}#")


def read_clips(
    folder: str, wanted: str, label_column: str | None, base_dir: Path, before_length: str
) -> Loaded:
    """Read a folder of sounds of which the length is said apart.

    Args:
        folder: its name.
        wanted: how many samples of each clip are taken; empty for all.
        label_column: None, as there is none.
        base_dir: the folder that holds it.
        before_length: how a request names the source, up to the length.

    Raises:
        SourceError: the folder, a clip, or their lengths and rates cannot be used.
    """
    refuse_label_column(label_column)
    entries = read_folder(folder, base_dir, "wav:data/words", (".wav",))
    clips, rates = zip(*(_decode(entry) for entry in entries), strict=True)
    rate = _only_rate(folder, rates)
    length = _length(folder, wanted, [len(clip) for clip in clips], before_length)
    values = np.stack([np.pad(clip[:length], (0, max(0, length - len(clip)))) for clip in clips])
    records = FileRecords(
        tuple(entry.name for entry in entries),
        tuple(entry.content for entry in entries),
        values,
        f"wav:{folder}" + (f"#{length}" if wanted else ""),
        "unknown",
    )
    raw = RawInput(
        shape=(length,),
        dtype=RawType.INT16,
        unit=f"sound pressure, 16 bits, {rate:,} samples a second",
        rate_hz=rate,
    )
    labels = check_classes(records)
    return Loaded(records, Task.KEYWORD_SPOTTING, raw, labels, PurePosixPath(folder).name)


def _decode(entry: Entry) -> tuple[npt.NDArray[Any], int]:
    """Return the samples and the rate of a clip."""
    try:
        with wave.open(io.BytesIO(entry.content)) as clip:
            channels, width, rate, frames = clip.getparams()[:4]
            data = clip.readframes(frames)
    except (wave.Error, EOFError, ValueError) as error:
        raise SourceError(
            f"{code(entry.name)} cannot be read as WAV: {error or 'it ends too early'}.",
            "Replace the file, or remove it.",
            "Data",
        ) from None
    if (channels, width) != (1, 2):
        raise SourceError(
            f"{code(entry.name)} has {channels} channel(s) of {8 * width} bits.",
            "Convert all clips to mono with 16 bits, for example with "
            "`sox in.wav -b 16 -c 1 out.wav`.",
            "Data",
        )
    return np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.int16), rate


def _only_rate(name: str, rates: tuple[int, ...]) -> int:
    counted = Counter(rates).most_common()
    if len(counted) > 1:
        found = ", ".join(f"{rate:,} Hz ({n})" for rate, n in counted[:4])
        raise SourceError(
            f"The clips in {code(name)} have {len(counted)} rates: {found}.",
            f"Convert all to one, for example with `sox in.wav -r {counted[0][0]} out.wav`.",
            "Data",
        )
    return counted[0][0]


def _length(name: str, wanted: str, lengths: list[int], before: str) -> int:
    """Return how many samples each clip shall have."""
    shortest, longest = min(lengths), max(lengths)
    if wanted:
        if not wanted.isdigit() or not 1 <= int(wanted) <= LENGTH_MAX:
            raise SourceError(
                f"{code('#' + wanted[:20])} is no number of samples.",
                f"Write 1 to {LENGTH_MAX:,}, such as {code(f'{before}{longest}')}.",
                "Data",
            )
        return int(wanted)
    if shortest != longest or longest > LENGTH_MAX or not longest:
        raise SourceError(
            f"The clips in {code(name)} have {shortest:,} to {longest:,} samples; all must have "
            f"one length, at most {LENGTH_MAX:,}.",
            "Say how many samples of each to take, for example "
            f"{code(f'{before}{min(longest, 16_000)}')}: longer clips lose their end, shorter "
            "ones get zeros behind.",
            "Data",
        )
    return longest
