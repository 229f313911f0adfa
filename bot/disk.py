"""The disk: tell one that is full from a fault of whoever wrote the code."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from bot.errors import Infrastructure
from bot.evidence import Evidence, Outcome

# Compilers, Python and HDF5 all pass on the C library's words; the first are those of LC_ALL=C.
_FULL = frozenset({"No space left on device", "Disk quota exceeded"}) | {
    os.strerror(number) for number in (errno.ENOSPC, errno.EDQUOT)
}
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def disk_watched(workdir: Path) -> Iterator[None]:
    """Turn the many errors that a full disk leads to into one that names the disk.

    Args:
        workdir: where results are kept; temporary files are the other ones that may not fit.

    Raises:
        Infrastructure: a disk is full; what was finished is kept.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise full_disk(workdir) from error
        raise
    except Infrastructure:
        raise
    except Exception as error:
        if speaks_of_full_disk(str(error)):
            raise full_disk(workdir) from error
        raise


def refuse_full_disk(evidence: Sequence[Evidence], workdir: Path) -> None:
    """Return unless a check failed only because a disk was full.

    Raises:
        Infrastructure: it did.
    """
    for item in evidence:
        if item.outcome is not Outcome.PASS and speaks_of_full_disk(item.detail):
            raise full_disk(workdir)


def speaks_of_full_disk(text: str) -> bool:
    """Say whether a message is that of a full disk."""
    return any(words in text for words in _FULL)


def full_disk(workdir: Path) -> Infrastructure:
    """Return the error that names the fuller one of the two places that are written to."""
    places = (Path(tempfile.gettempdir()), workdir)
    place = min(places, key=_free_bytes)
    hint = " (or set TMPDIR to a folder on another disk)" if place == places[0] else ""
    return Infrastructure(
        f"The disk that holds {place} is full. Nothing was published by half, and finished stages "
        f"are kept: free some space{hint} and run the same command again.",
        f"df -h {place}",
    )


def _free_bytes(place: Path) -> int:
    """Return the free bytes of the disk that holds a place, which need not exist yet."""
    for folder in (place, *place.parents):
        with suppress(OSError):
            return shutil.disk_usage(folder).free
    return 0
