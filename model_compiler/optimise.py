"""What a compilation is optimised for, where flash and instructions pull apart."""

from __future__ import annotations

from enum import Enum


class Optimise(Enum):
    """What operators may pay with when they are emitted.

    The answers are the same bytes at every level, and so is the plan of the arena's tensors.
    """

    SIZE = "size"
    """Fewest bytes of flash: one general kernel instead of several special ones, no widened
    weights."""

    BALANCED = "balanced"
    """Special kernels and rearranged weights where they cost few bytes for what they save."""

    SPEED = "speed"
    """Fewest instructions: flash may be spent on kernels and on weights that unpack faster."""
