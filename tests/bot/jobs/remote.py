"""The GitHub in memory, reached from another process over a socket."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import Any

from bot.github.fake import FakeGitHub

AUTHORITY = b"tests"
Around = Callable[[str, bool], None]


class HubServer:
    """Answers calls of a `Hub`; `around(method, done)` is told before and after each."""

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
            name, method, arguments = connection.recv()
            self._around(method, False)
            try:
                answer = (True, getattr(self._github.open(name), method)(*arguments))
            except Exception as error:
                answer = (False, error)
            self._around(method, True)
            connection.send(answer)
        except (EOFError, OSError):
            return
        finally:
            connection.close()


class RemoteHubs:
    """`Hubs` of a `HubServer`."""

    login = "boardwright[bot]"

    def __init__(self, address: str) -> None:
        self._address = address

    def open(self, full_name: str, installation_id: int | None) -> Any:
        return _RemoteHub(partial(self._call, full_name))

    def _call(self, full_name: str, method: str, *arguments: object) -> Any:
        with Client(self._address, "AF_UNIX", authkey=AUTHORITY) as connection:
            connection.send((full_name, method, arguments))
            good, answer = connection.recv()
        if good:
            return answer
        raise answer


class _RemoteHub:
    def __init__(self, call: Callable[..., Any]) -> None:
        self._call = call

    def __getattr__(self, method: str) -> Any:
        return partial(self._call, method)
