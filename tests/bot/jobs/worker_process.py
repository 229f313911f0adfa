"""A worker on the real engine, whose GitHub is in the process of the test.

python -m tests.bot.jobs.worker_process URL FOLDER SOCKET NAME
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from bot.errors import Infrastructure
from bot.jobs.activities import Activities
from bot.jobs.engine import EngineSettings
from bot.jobs.worker import make_engine, run_until_asked
from tests.bot.jobs import fake_work
from tests.bot.jobs.remote import RemoteHubs
from tests.bot.jobs.world import render


def main(url: str, folder: str, socket: str, name: str) -> int:
    logging.basicConfig(level=logging.INFO)
    acts = Activities(RemoteHubs(socket), Path(folder), render)
    settings = EngineSettings(url, name, builds_at_once=2, poll_s=0.1, failover_s=0.3)
    command = (sys.executable, str(Path(fake_work.__file__)))
    engine = make_engine(settings, acts, command, every_s=0.0)
    try:
        run_until_asked(engine)
    except Infrastructure as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 3
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
