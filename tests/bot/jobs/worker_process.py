"""A worker on the real engine, whose GitHub is in the process of the test.

It is forked from a process that has all this imported, so that a new one costs little.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from dbos._dbos import _get_or_create_dbos_registry
from dbos._sys_db import SystemDatabase

from bot.errors import Infrastructure
from bot.jobs import engine as engine_module
from bot.jobs.activities import Activities
from bot.jobs.client import DELIVER, JOB
from bot.jobs.durable import Json, Queue
from bot.jobs.engine import Engine, EngineSettings
from bot.jobs.worker import make_engine, run_until_asked
from tests.bot.jobs import fake_work
from tests.bot.jobs.remote import RemoteHubs
from tests.bot.jobs.world import render

OFTEN_S = 0.05
_FORKS = multiprocessing.get_context("forkserver")


def start_worker(url: str, folder: Path, socket: Path, name: str, log: Path) -> BaseProcess:
    """Start a worker; it is a process like any other, and may be killed as such."""
    _FORKS.set_forkserver_preload(["__main__", __name__])
    process = _FORKS.Process(target=_run, args=(url, folder, str(socket), name, log), name=name)
    process.start()
    return process


def _run(url: str, folder: Path, socket: str, name: str, log: Path) -> None:
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    threading.Thread(target=_end_with_the_test, daemon=True).start()
    logging.basicConfig(level=logging.INFO)
    _hurry()
    hubs = RemoteHubs(socket, os.getpid())
    os.environ |= {fake_work.ADDRESS: socket, fake_work.WORKER: str(os.getpid())}
    acts = Activities(hubs, folder, render)
    settings = EngineSettings(url, name, builds_at_once=2, poll_s=OFTEN_S, failover_s=0.3)
    command = (sys.executable, str(Path(fake_work.__file__)))
    engine = make_engine(settings, acts, command, every_s=0.0)
    _announce(engine, hubs)
    try:
        run_until_asked(engine)
    except Infrastructure as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(3)


def _end_with_the_test() -> None:
    """End at once where the process of the test ended without a word."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _hurry() -> None:
    """Let the engine look often at what came, and at what a killed worker left."""
    configured = engine_module._configuration

    def hurried(settings: EngineSettings) -> Any:
        return {**configured(settings), "notification_listener_polling_interval_sec": OFTEN_S}

    engine_module._configuration = hurried
    # After a lost connection, messages are looked for each minute.
    SystemDatabase._notification_fallback_polling_interval = 1.0
    _get_or_create_dbos_registry().get_internal_queue()._polling_interval_sec = OFTEN_S


def _announce(engine: Engine, hubs: RemoteHubs) -> None:
    """Let be known when a delivery is taken, and a job is begun, is sent a message, or works."""
    client: Any = engine._client

    def around(call: Callable[..., Any], name: Callable[[Any], str]) -> Callable[..., Any]:
        def announced(*arguments: Any, **named: Any) -> Any:
            hubs.announce(name(arguments[0]), False)
            result = call(*arguments, **named)
            hubs.announce(name(arguments[0]), True)
            return result

        return announced

    class Announced(engine_module.Run):
        async def start(self, child: str, queue: Queue, partition: str, task: Json) -> None:
            if await self.is_new(child):
                await asyncio.to_thread(hubs.announce, "start", False)
                await super().start(child, queue, partition, task)
                await asyncio.to_thread(hubs.announce, "start", True)
            else:  # it is answered from the record, or was cut off behind the queue
                await super().start(child, queue, partition, task)

        async def is_new(self, child: str) -> bool:
            return not await asyncio.to_thread(client.list_workflows, workflow_ids=[child])

    names = {DELIVER: "take", JOB: "begin"}
    client.enqueue = around(client.enqueue, lambda options: names[options["workflow_name"]])
    client.send = around(client.send, lambda job: "send")
    engine_module.Run = Announced  # type: ignore[misc]
