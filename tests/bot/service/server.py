"""A real `boardwright serve` on loopback, and what lies in its database."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from tests.bot.events.payloads import SECRET

REPOSITORY = Path(__file__).parents[3]


@dataclass
class Server:
    """A running server."""

    port: int
    process: subprocess.Popen[str]
    killed: bool = False

    def kill(self) -> None:
        """End it at once; twice does no harm."""
        self.process.kill()
        self.killed = True

    @property
    def peak_memory_mib(self) -> float:
        """Return the most memory that it held. Source: proc(5), VmHWM, in KiB."""
        status = Path(f"/proc/{self.process.pid}/status").read_text(encoding="ascii")
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    @property
    def processor_s(self) -> float:
        """Return the processor time that it took. Source: proc(5), stat, fields 14 and 15."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(database_url: str, folder: Path) -> Iterator[Server]:
    """Serve until the end of the block; fails unless it is killed, or SIGTERM ends it cleanly."""
    folder.mkdir(parents=True, exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "BOARDWRIGHT_TOKEN": "ghp_" + "t" * 36,
        "BOARDWRIGHT_WEBHOOK_SECRET": SECRET,
        "BOARDWRIGHT_STATE_FOLDER": str(folder / "state"),
        "BOARDWRIGHT_DATABASE_URL": database_url,
        "BOARDWRIGHT_LOG_FORMAT": "json",
    }
    log = folder / "serve.log"
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [sys.executable, "-m", "bot", "serve", "--port", "0"],
            cwd=REPOSITORY,
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        try:
            port = _port(process.stderr, log)
            # From here on the log goes to its file by a process that cannot fall behind.
            copying = subprocess.Popen(["cat"], stdin=process.stderr, stdout=stream)
            process.stderr.close()
            server = Server(port, process)
            yield server
        finally:
            process.send_signal(signal.SIGTERM)
            code = process.wait(60)
        copying.wait(60)
    assert code == (-signal.SIGKILL if server.killed else 0), log.read_text(encoding="utf-8")[
        -2000:
    ]


def _port(lines: Iterator[str], log: Path) -> int:
    said = []
    for line in lines:
        said.append(line)
        event = json.loads(line) if line.startswith("{") else {}
        if event.get("event") == "listening":
            return int(event["address"].rpartition(":")[2])
    raise AssertionError(f"it does not listen ({log}): {''.join(said)[-2000:]}")


def stored_deliveries(database_url: str) -> list[str]:
    """Return the ids of the deliveries that lie in a database."""
    if database_url.startswith("sqlite:///"):
        with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"))) as sqlite:
            return [row[0] for row in sqlite.execute("select id from boardwright_deliveries")]
    with psycopg.connect(database_url) as postgres:
        found = postgres.execute("select id from boardwright.deliveries")
        return [row[0] for row in found.fetchall()]
