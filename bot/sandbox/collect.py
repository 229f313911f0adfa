"""Collect results by name from a folder that hostile code may have filled."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path


class RefusedOutputError(Exception):
    """A result is missing, too large, or not a plain file."""


def collect(folder: Path, wanted: Mapping[str, int]) -> dict[str, bytes]:
    """Read the wanted files of a folder; no link is followed, no pipe is waited for.

    Args:
        folder: where the job was told to leave its results.
        wanted: file name to the largest size in bytes.

    Raises:
        RefusedOutputError: a file is missing, larger, or anything but a regular file with one name.
    """
    try:
        directory = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError as error:  # it was closed from within
        raise RefusedOutputError(
            f"the folder of results: {os.strerror(error.errno or 0)}"
        ) from None
    try:
        return {name: _read(directory, name, most) for name, most in wanted.items()}
    finally:
        os.close(directory)


def _read(directory: int, name: str, most: int) -> bytes:
    try:
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    except OSError as error:
        raise RefusedOutputError(f"result '{name}': {os.strerror(error.errno or 0)}") from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise RefusedOutputError(f"result '{name}' is not a plain file")
        if status.st_size > most:
            raise RefusedOutputError(f"result '{name}' has {status.st_size} bytes, {most} allowed")
        with os.fdopen(handle, "rb", closefd=False) as stream:
            content = stream.read(most + 1)
        if len(content) > most:
            raise RefusedOutputError(f"result '{name}' grew beyond {most} bytes")
        return content
    finally:
        os.close(handle)
