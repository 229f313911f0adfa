"""Where the webhooks go: collects them, and hands them on to the app under test."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.github.emulator.seed import SECRET


@dataclass(frozen=True, slots=True)
class Delivery:
    """A webhook as it came in; header names in lower case."""

    headers: dict[str, str]
    raw: bytes
    is_signed: bool

    @property
    def event(self) -> str:
        return self.headers["x-github-event"]

    @property
    def guid(self) -> str:
        return self.headers["x-github-delivery"]

    @property
    def payload(self) -> dict[str, Any]:
        payload: dict[str, Any] = json.loads(self.raw)
        return payload

    @property
    def name(self) -> str:
        """Return event and action, such as `issues.opened`."""
        action = self.payload.get("action")
        return f"{self.event}.{action}" if action else self.event


class Receiver:
    """A web server that takes deliveries.

    `forward`, where given, answers each one with a status; else it is `status`.
    """

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.forward: Callable[[Delivery], int] | None = None
        self.status = 202
        receiver = self

        class Answer(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["content-length"]))
                headers = {k.lower(): v for k, v in self.headers.items()}
                status = receiver.take(headers, raw)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/webhook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def take(self, headers: dict[str, str], raw: bytes) -> int:
        """Keep a delivery and return the status to answer with."""
        digest = hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        signature = headers.get("x-hub-signature-256", "")
        signed = hmac.compare_digest(signature, f"sha256={digest}")
        delivery = Delivery(headers, raw, signed)
        self.deliveries.append(delivery)
        return self.forward(delivery) if self.forward else self.status

    def reset(self) -> None:
        """Forget what came, and hand nothing on."""
        self.deliveries.clear()
        self.forward, self.status = None, 202

    def close(self) -> None:
        """Stop taking deliveries."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
