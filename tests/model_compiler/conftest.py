"""One folder for the objects of kernels in all tests of a session."""

from __future__ import annotations

import os

import pytest

from tests.model_compiler.objects import KEPT


@pytest.fixture(autouse=True, scope="session")
def _kept_objects(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Have each kernel built once; workers of pytest-xdist share the folder above their own."""
    base = tmp_path_factory.getbasetemp()
    KEPT.folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "objects"
    KEPT.folder.mkdir(exist_ok=True)
