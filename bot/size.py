"""Size: which network a run begins with, as a person may ask for it."""

from __future__ import annotations

from enum import Enum


class Size(Enum):
    """Which network is tried first, from what a person said about the plan."""

    USUAL = "usual"
    SMALLER = "smaller"
    LARGER = "larger"
