"""Import an authored Python file; only ever within a sandbox."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType


def load_module(path: Path) -> ModuleType:
    """Import one file as a module of its own.

    Raises:
        ImportError: it is not there or is no Python file.
    """
    spec = importlib.util.spec_from_file_location(f"authored_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be imported")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
