"""PostgreSQL of this machine's binaries: a cluster for a whole session, a database for each test.

    def test_it_is_kept(postgres: Cluster) -> None:
        url = postgres.fresh()

The cluster is run by a user without rights, on loopback, in a folder of its own that goes with it.
What is kept in it need not outlive the machine, so tests go without waiting for the disk.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

HASTY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
"""Settings with which the machine's end, though not a process's, may lose what was kept."""


@dataclass(slots=True)
class Cluster:
    """A running server.

    Attributes:
        port: on loopback.
        made: how many databases were made here.
    """

    port: int
    made: int = 0

    def fresh(self) -> str:
        """Return the URL of an empty database that no test before had.

        Its name is new, too: a process left behind by another test must not come back to it.
        """
        self.made += 1
        name = f"test_{self.made}"
        with psycopg.connect(self._url("postgres"), autocommit=True) as connection:
            connection.execute(f'create database "{name}"'.encode())
        return self._url(name)

    def _url(self, name: str) -> str:
        return f"postgresql://boardwright@127.0.0.1:{self.port}/{name}"


def binary(name: str) -> str | None:
    """Return a program of PostgreSQL; Debian keeps them out of PATH."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(newest[-1]) if newest else None)


@contextmanager
def cluster(settings: Sequence[str] = ()) -> Iterator[Cluster]:
    """Run a server for as long as the block lasts.

    Args:
        settings: of the server, such as `fsync=off`.

    Raises:
        FileNotFoundError: PostgreSQL is not installed.
    """
    initdb, server, ready = binary("initdb"), binary("postgres"), binary("pg_isready")
    if not (initdb and server and ready):
        raise FileNotFoundError("initdb, postgres or pg_isready is not installed")
    # PostgreSQL refuses to run as root.
    user = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
    uid = user.pw_uid if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory(prefix="bw-pg-", ignore_cleanup_errors=True) as folder:
        os.chown(folder, user.pw_uid, user.pw_gid)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        data = f"{folder}/data"
        create = [initdb, "-D", data, "-A", "trust", "-U", "boardwright", "-E", "UTF8", "-N"]
        subprocess.run(create, check=True, user=uid, cwd=folder, capture_output=True)
        options = [part for setting in settings for part in ("-c", setting)]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(
                [server, "-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1", *options],
                user=uid,
                cwd=folder,
                stdout=log,
                stderr=log,
            )
        try:
            asked = [ready, "-q", "-h", "127.0.0.1", "-p", str(port)]
            while subprocess.run(asked, check=False).returncode != 0:
                if process.poll() is not None:
                    said = Path(folder, "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL ended with {process.returncode}: {said}")
                time.sleep(0.1)
            yield Cluster(port)
        finally:
            process.send_signal(signal.SIGINT)  # "fast shutdown" of its manual
            process.wait(60)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """Return the one cluster of a session."""
    if binary("initdb") is None:
        pytest.skip("initdb of PostgreSQL is not installed")
    with cluster(HASTY) as made:
        yield made
