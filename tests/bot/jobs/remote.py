"""The GitHub in memory, reached from another process over a socket.

A worker also announces what it does apart from GitHub, so that it can be killed there, too.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Listener
from pathlib import Path
from typing import Any

from bot.github.fake import FakeGitHub
from tests.bot.jobs.fake_work import ANNOUNCED, AUTHORITY, call

Around = Callable[[int, str, bool], bool]


class HubServer:
    """Answers calls of a `Hub`.

    `around(pid, method, done)` is told before and after each; where it says no, the call came to
    nothing, or its answer is lost.
    """

    def __init__(self, github: FakeGitHub, address: Path, around: Around) -> None:
        self._github, self._around, self._address = github, around, address
        self._listener = Listener(str(address), "AF_UNIX", backlog=64, authkey=AUTHORITY)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except Exception:
                if not self._address.exists():
                    return
                continue  # who connected was killed while doing so
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: Any) -> None:
        try:
            pid, name, method, arguments = connection.recv()
            if name == ANNOUNCED:
                if self._around(pid, method, *arguments):
                    connection.send((True, None))
                return
            if not self._around(pid, method, False):
                return
            try:
                answer = (True, getattr(self._github.open(name), method)(*arguments))
            except Exception as error:
                answer = (False, error)
            if self._around(pid, method, True):
                connection.send(answer)
        except (EOFError, OSError):
            return
        finally:
            connection.close()


class RemoteHubs:
    """`Hubs` of a `HubServer`."""

    login = "boardwright[bot]"

    def __init__(self, address: str, pid: int) -> None:
        self._address, self._pid = address, pid

    def open(self, full_name: str, installation_id: int | None) -> Any:
        return _RemoteHub(partial(call, self._address, self._pid, full_name))

    def announce(self, method: str, done: bool) -> None:
        call(self._address, self._pid, ANNOUNCED, method, done)


class _RemoteHub:
    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __getattr__(self, method: str) -> Any:
        return partial(self._call, method)
