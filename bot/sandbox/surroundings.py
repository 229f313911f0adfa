"""What a job is told of its surroundings, and which of Boardwright's own packages it may import."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

PACKAGE_ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("bot", "hardware_runner", "model_compiler", "templates")

INSIDE_PACKAGES = "/opt/boardwright"
"""Where an isolating sandbox shows our packages."""

SANDBOX_ID = 10001
"""User and group of authored code wherever Boardwright itself runs as root."""


def environment(home: str, path: str, packages: str) -> dict[str, str]:
    """Return all variables that a job gets; nothing of ours is passed on."""
    return {
        "PATH": path,
        "HOME": home,
        "TMPDIR": home,
        "LANG": "C.UTF-8",
        "PYTHONPATH": packages,
        "PYTHONHASHSEED": "0",
        "CUDA_VISIBLE_DEVICES": "-1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
        "TF_ENABLE_ONEDNN_OPTS": "0",
    }


def isolated_environment(path: str) -> dict[str, str]:
    """Return the variables inside an isolating sandbox, where only `/tmp` can be written."""
    return environment("/tmp", path, INSIDE_PACKAGES) | {  # noqa: S108
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
    }


def lay_out(folder: Path, inputs: Mapping[str, bytes]) -> None:
    """Make the folders `in`, with a job's inputs, and `out`."""
    (folder / "out").mkdir()
    (folder / "in").mkdir()
    for path, content in inputs.items():
        target = folder / "in" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)


def prepare(folder: Path, inputs: Mapping[str, bytes]) -> None:
    """Lay out the folders `in`, with a job's inputs, and `out`, for whoever the job runs as.

    Where we are root that is another user, and the folders become that user's alone.
    """
    lay_out(folder, inputs)
    if os.geteuid() == 0:
        for given in (folder / "out", folder / "in", *(folder / "in").rglob("*")):
            os.chown(given, SANDBOX_ID, SANDBOX_ID)
    for name in ("in", "out"):
        (folder / name).chmod(0o700)
