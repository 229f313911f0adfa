"""How much a folder holds that hostile code fills while it is measured."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from bot.sandbox.job import Limits, Reason

_BLOCK_BYTES = 512  # the unit of st_blocks, whatever the file system's own. Source: stat(2)
_DEEPEST = 64


def output_quota(folder: Path, limits: Limits) -> Callable[[], Reason | None]:
    """Return a probe that finds more in a folder than the limits allow."""

    def look() -> Reason | None:
        return None if within_quota(folder, limits) else Reason.DISK

    return look


def within_quota(folder: Path, limits: Limits) -> bool:
    """Say whether a folder's files and folders are within the limits.

    What is nested so deep that it cannot be looked at counts as too much: it might hide anything.
    """
    size = entries = 0
    todo = [(str(folder), 0)]
    while todo:
        path, depth = todo.pop()
        try:
            with os.scandir(path) as listing:
                for entry in listing:
                    entries += 1
                    status = entry.stat(follow_symlinks=False)
                    size += status.st_blocks * _BLOCK_BYTES
                    if entries > limits.output_entries or size > limits.output_bytes:
                        return False
                    if entry.is_dir(follow_symlinks=False):
                        todo.append((entry.path, depth + 1))
        except (FileNotFoundError, NotADirectoryError):
            continue  # it was removed or replaced meanwhile
        except OSError:
            return False
        if depth > _DEEPEST:
            return False
    return True
