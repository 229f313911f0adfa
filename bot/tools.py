"""Tools: what of the machine a result depends on, in which version."""

from __future__ import annotations

import json
import platform
import shutil
from functools import cache
from importlib import metadata
from pathlib import Path

from bot.evidence import Stage

PACKAGES = (
    "boardwright",
    "numpy",
    "keras",
    "tensorflow-cpu",
    "tensorflow",
    "scikit-learn",
    "tflite-micro",
)
_PROGRAMS = {
    Stage.FEATURES: ("gcc", "arm-none-eabi-gcc"),
    Stage.CONVERT: ("gcc",),
    Stage.FIRMWARE: ("gcc", "arm-none-eabi-gcc", "qemu-system-arm"),
}


@cache
def package_versions() -> dict[str, str]:
    """Return the installed ones of `PACKAGES` with their versions."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def fingerprint(stage: Stage) -> bytes:
    """Return bytes that change where a tool that a stage uses was replaced or upgraded."""
    programs = [_file(name) for name in _PROGRAMS.get(stage, ())]
    return json.dumps([platform.python_version(), package_versions(), programs]).encode()


def _file(name: str) -> tuple[str, int, int] | None:
    path = shutil.which(name)
    if path is None:
        return None
    status = Path(path).stat()
    return str(Path(path).resolve()), status.st_size, status.st_mtime_ns
