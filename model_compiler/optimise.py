"""What a compilation is optimised for, where flash and instructions pull apart."""

from __future__ import annotations

from enum import StrEnum


class Optimise(StrEnum):
    """What the C of a model may pay with.

    The answers are the same bytes at every level, and so is the plan of the arena's tensors.
    """

    SIZE = "size"
    """Fewest bytes of flash: built for size; a small model does without the largest of the
    special kernels."""

    BALANCED = "balanced"
    """Special kernels and rearranged weights, which cost few bytes for what they save."""

    SPEED = "speed"
    """Fewest instructions: the same C, built with what unrolls loops."""

    @property
    def flag(self) -> str:
        """Return the option with which the C compiler is to build the model's files."""
        return _FLAGS[self]


_FLAGS = {Optimise.SIZE: "-Os", Optimise.BALANCED: "-O2", Optimise.SPEED: "-O3"}
