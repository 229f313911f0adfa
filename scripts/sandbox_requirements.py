"""Print the part of a lock file that an image needs; run while it is built, so without imports.

Usage: sandbox_requirements.py [--service] requirements.lock
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
_DIRECT = re.compile(r"^    #(?: via)? +boardwright \(pyproject\.toml\)$", re.M)
_VIA = re.compile(r"^    #(?: via)? +([A-Za-z0-9._-]+)", re.M)


def needed(lock: str, *, service: bool = False) -> str:
    """Return the blocks of a lock file that the roots and all that they depend on stand in.

    The roots of the service are all that it depends on itself, the tools of its developers not.
    """
    starts = [match.start() for match in _NAME.finditer(lock)] + [len(lock)]
    # A list: a package may stand there in several versions, for several versions of Python.
    blocks = [lock[begin:end] for begin, end in pairwise(starts)]
    direct = {_name(block) for block in blocks if _DIRECT.search(block)}
    chosen = direct if service else set(ROOTS)
    while more := {_name(b) for b in blocks if chosen & set(_VIA.findall(b))} - chosen:
        chosen |= more
    return "".join(block for block in blocks if _name(block) in chosen)


def _name(block: str) -> str:
    found = _NAME.match(block)
    assert found is not None  # noqa: S101  (blocks begin with one)
    return found[1]


if __name__ == "__main__":
    *flags, name = sys.argv[1:]
    sys.stdout.write(needed(Path(name).read_text(), service="--service" in flags))
