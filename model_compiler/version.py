"""Version of the compiler, as the generated files state it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

try:
    COMPILER_VERSION = version("boardwright")
except PackageNotFoundError:  # run from a source tree that was not installed
    COMPILER_VERSION = "(not installed)"
