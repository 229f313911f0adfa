"""A PostgreSQL of this machine's binaries, in a folder of its own, run by a user without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def binary(name: str) -> str | None:
    """Return a program of PostgreSQL; Debian keeps them out of PATH."""
    newest = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return shutil.which(name) or (str(newest[-1]) if newest else None)


@contextmanager
def postgres() -> Iterator[str]:
    """Give the URL of an empty database on loopback, gone after the block.

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
        create = [initdb, "-D", data, "-A", "trust", "-U", "boardwright", "-E", "UTF8"]
        subprocess.run(create, check=True, user=uid, cwd=folder, capture_output=True)
        process = subprocess.Popen(
            [server, "-D", data, "-p", str(port), "-k", folder, "-h", "127.0.0.1"],
            user=uid,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            asked = [ready, "-q", "-h", "127.0.0.1", "-p", str(port)]
            while subprocess.run(asked, check=False).returncode != 0:
                if process.poll() is not None:
                    raise RuntimeError(f"PostgreSQL ended with {process.returncode}")
                time.sleep(0.1)
            yield f"postgresql://boardwright@127.0.0.1:{port}/postgres"
        finally:
            process.send_signal(signal.SIGINT)  # "fast shutdown" of its manual
            process.wait(60)
