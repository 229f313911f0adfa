"""Import a package that is ours to bring; only ever within a sandbox."""

from __future__ import annotations

import importlib
import sys
from typing import Any

from bot.sandbox.trouble import UNAVAILABLE


def need(package: str) -> Any:
    """Import a package, or end the process so that the machine, and no author, is blamed."""
    try:
        return importlib.import_module(package)
    except Exception as error:
        sys.stdout.write(f"\n{package}: {type(error).__name__}: {' '.join(str(error).split())}\n")
        raise SystemExit(UNAVAILABLE) from None
