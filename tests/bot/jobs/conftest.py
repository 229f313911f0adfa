"""Databases for the real engine: SQLite always, PostgreSQL where its programs are."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.jobs.plant import Plant


def _programs() -> Path | None:
    """Return the folder of PostgreSQL's programs; Debian keeps it out of PATH."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return versions[-1].parent if versions else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """Start a server of our own, as a user without rights, on a socket; return its address."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    user = "nobody" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    run_as = {"user": user} if os.getuid() == 0 else {}
    folder = Path(tempfile.mkdtemp(prefix="boardwright-pg-"))
    if run_as:
        shutil.chown(folder, user)
    data = folder / "data"

    def run(*command: object) -> None:
        subprocess.run(
            [str(part) for part in command],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
            **run_as,  # type: ignore[call-overload]
        )

    run(programs / "initdb", "-D", data, "-U", "boardwright", "-A", "trust", "-N")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    run(
        *(programs / "pg_ctl", "-D", data, "-l", folder / "log"),
        *("-o", options, "-w", "start"),
    )
    try:
        yield f"postgresql://boardwright@/{{name}}?host={folder}"
    finally:
        run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _fresh(postgres: str, name: str) -> str:
    import psycopg

    with psycopg.connect(postgres.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f'drop database if exists "{name}" with (force)')
        connection.execute(f'create database "{name}"')
    return postgres.format(name=name)


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/jobs.sqlite"
    return _fresh(request.getfixturevalue("postgres"), "jobs")


@pytest.fixture
def plant(url: str, tmp_path: Path) -> Iterator[Plant]:
    """Return a service without workers, which ends with the test."""
    made = Plant(url, tmp_path)
    yield made
    made.stop()
