"""Import a package that is ours to bring; only ever within a sandbox."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bot.sandbox.trouble import UNAVAILABLE

# Keras imports these, where they are, for wrappers and galleries that no stage uses: a third of
# the time that it takes to start. Source: keras/src/wrappers/fixes.py, keras/src/visualization/.
_UNUSED = ("sklearn", "matplotlib")


def need(package: str) -> Any:
    """Import a package, or end the process so that the machine, and no author, is blamed."""
    try:
        with _hidden(_UNUSED):
            return importlib.import_module(package)
    except Exception as error:
        sys.stdout.write(f"\n{package}: {type(error).__name__}: {' '.join(str(error).split())}\n")
        raise SystemExit(UNAVAILABLE) from None


@contextmanager
def _hidden(packages: tuple[str, ...]) -> Iterator[None]:
    """Let packages seem not installed for a while, unless they are imported already."""
    modules: dict[str, Any] = sys.modules
    hidden = [name for name in packages if name not in modules]
    modules.update(dict.fromkeys(hidden))  # None: it cannot be imported
    try:
        yield
    finally:
        for name in hidden:
            del modules[name]
