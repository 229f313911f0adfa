"""Databases for the real engine: SQLite always, PostgreSQL where its programs are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.jobs.plant import Plant
from tests.postgres import Cluster


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/jobs.sqlite"
    cluster: Cluster = request.getfixturevalue("postgres")
    return cluster.fresh()


@pytest.fixture
def plant(url: str, tmp_path: Path) -> Iterator[Plant]:
    """Return a service without workers, which ends with the test."""
    made = Plant(url, tmp_path)
    yield made
    made.stop()
