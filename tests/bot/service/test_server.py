"""A real server process: what it loads, what it keeps under load, how it starts and ends."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.bot.service.load import deliver_many
from tests.bot.service.server import REPOSITORY, serving, stored_deliveries
from tests.postgres import Cluster

_IMPORTS = """
import sys
import bot.commands.serve, bot.app, bot.jobs.client, bot.service.logs, bot.service.telemetry
heavy = ("numpy", "tensorflow", "keras", "pandas", "matplotlib", "github", "openai", "docker")
print([name for name in heavy if name in sys.modules])
"""


def test_the_web_process_loads_nothing_of_the_work() -> None:
    command = [sys.executable, "-c", _IMPORTS]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _nothing_is_lost_or_doubled(url: str, folder: Path) -> None:
    with serving(url, folder) as server:
        measured = deliver_many(server.port, 300, connections=16)
        again = deliver_many(server.port, 300, connections=16)
    assert measured.answers == again.answers == {202: 299, 401: 1}
    stored = stored_deliveries(url)
    assert len(stored) == len(set(stored))
    assert set(stored) == measured.acknowledged == again.acknowledged


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_on_sqlite(tmp_path: Path) -> None:
    _nothing_is_lost_or_doubled(f"sqlite:///{tmp_path}/jobs.sqlite", tmp_path)


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_on_postgres(postgres: Cluster, tmp_path: Path) -> None:
    _nothing_is_lost_or_doubled(postgres.fresh(), tmp_path)


def _acknowledged_is_stored(url: str, folder: Path) -> None:
    with serving(url, folder) as server:
        deliver = partial(deliver_many, server.port, 300, 16)
        measured = deliver(heard=lambda acknowledged: acknowledged >= 100 and server.kill())
    stored = stored_deliveries(url)
    assert 100 <= len(measured.acknowledged) < 280, "it was killed in the midst"
    assert set(stored) >= measured.acknowledged
    assert len(stored) == len(set(stored))


@pytest.mark.slow
def test_what_was_acknowledged_outlives_a_kill_on_sqlite(tmp_path: Path) -> None:
    _acknowledged_is_stored(f"sqlite:///{tmp_path}/jobs.sqlite", tmp_path)


@pytest.mark.slow
def test_what_was_acknowledged_outlives_a_kill_on_postgres(
    tmp_path: Path, postgres: Cluster
) -> None:
    _acknowledged_is_stored(postgres.fresh(), tmp_path)


def _serve(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", "serve", *arguments],
        cwd=REPOSITORY,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_it_does_not_start_without_settings_and_says_which() -> None:
    done = _serve()
    assert done.returncode == 3
    for variable in ("BOARDWRIGHT_APP_ID", "BOARDWRIGHT_TOKEN", "BOARDWRIGHT_WEBHOOK_SECRET"):
        assert variable in done.stderr
    assert "Traceback" not in done.stderr


def test_it_does_not_start_at_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = _serve(
            "--port",
            str(taken.getsockname()[1]),
            BOARDWRIGHT_TOKEN="ghp_" + "t" * 36,
            BOARDWRIGHT_WEBHOOK_SECRET="s" * 32,
            BOARDWRIGHT_STATE_FOLDER=str(tmp_path),
        )
    assert done.returncode == 3
    assert "BOARDWRIGHT_PORT" in done.stderr
    assert "Traceback" not in done.stderr
