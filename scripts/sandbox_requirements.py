"""Print the part of a lock file that code in the sandbox needs; for the image, so without imports.

Usage: sandbox_requirements.py requirements.lock
"""

from __future__ import annotations

import re
import sys
from itertools import pairwise
from pathlib import Path

# What authored code may import, and what the harness imports beside it.
ROOTS = frozenset(
    {
        *("numpy", "scipy", "scikit-learn", "pandas", "keras", "tensorflow", "tensorflow-cpu"),
        *("tflite-micro", "pydantic", "pyelftools", "pyserial", "filelock"),
    }
)
_NAME = re.compile(r"^([A-Za-z0-9._-]+)==", re.M)
_VIA = re.compile(r"^    #(?: via)? +([A-Za-z0-9._-]+)", re.M)


def needed(lock: str) -> str:
    """Return the blocks of a lock file that the roots and all that they depend on stand in."""
    starts = [match.start() for match in _NAME.finditer(lock)] + [len(lock)]
    # A list: a package may stand there in several versions, for several versions of Python.
    blocks = [lock[begin:end] for begin, end in pairwise(starts)]
    chosen = set(ROOTS)
    while more := {_name(b) for b in blocks if chosen & set(_VIA.findall(b))} - chosen:
        chosen |= more
    return "".join(block for block in blocks if _name(block) in chosen)


def _name(block: str) -> str:
    found = _NAME.match(block)
    assert found is not None  # noqa: S101  (blocks begin with one)
    return found[1]


if __name__ == "__main__":
    sys.stdout.write(needed(Path(sys.argv[1]).read_text()))
