"""An OpenAI-compatible server on a loopback port whose every answer a test scripts.

    with ScriptedServer() as server:
        server.reply("features", '{"files": ...}')          # one answer, used once, in order
        server.reply("train", Reply(status=500), times=2)   # then what was scripted after it
        server.reply(lambda asked: "led" in asked.user, lambda asked: ..., times=None)  # always
        ...                                                 # real SDK against server.base_url
        server.requests                                     # what was asked, in order

A request that no script foresees is answered by status 418, which nobody tries again.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.bot.llm import wire
from tests.bot.llm.wire import Reply

__all__ = ["Asked", "Reply", "ScriptedServer", "read_request"]


@dataclass(frozen=True)
class Asked:
    """One request as it came in."""

    endpoint: str  # "responses" or "chat/completions"
    purpose: str
    system: str
    user: str
    model: str
    format: str  # "json_schema", "json_object" or "text"
    schema: Mapping[str, Any] | None
    max_output_tokens: int | None
    stream: bool
    headers: Mapping[str, str]
    body: Mapping[str, Any]


What = str | Reply | Callable[[Asked], str | Reply]
When = str | Callable[[Asked], bool]


@dataclass
class _Rule:
    when: When
    what: What
    times: int | None

    def fits(self, asked: Asked) -> bool:
        if isinstance(self.when, str):
            return self.when in ("*", asked.purpose)
        return self.when(asked)


class ScriptedServer:
    """The server; use it as a context manager.

    Args:
        responses: whether it has the Responses API; Chat Completions it always has.
        json_schema, json_object: which structured outputs it has; the others answer 400.
        models: the names that it knows; None: all.
        key: the key that it wants; None: none.
        error_shape: 'openai', 'detail' (FastAPI, as vLLM and LiteLLM) or 'plain' text.
    """

    def __init__(
        self,
        *,
        responses: bool = True,
        json_schema: bool = True,
        json_object: bool = True,
        models: frozenset[str] | None = None,
        key: str | None = None,
        error_shape: str = "openai",
    ) -> None:
        self.requests: list[Asked] = []
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._json = {"json_schema": json_schema, "json_object": json_object, "text": True}
        self._models = models
        self._key = key
        self._error_shape = error_shape
        routes = [Route("/v1/chat/completions", self._answer, methods=["POST"])]
        if responses:
            routes.append(Route("/v1/responses", self._answer, methods=["POST"]))
        config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="critical")
        config.timeout_graceful_shutdown = 1
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._ready = threading.Event()
        self._closing = asyncio.Event()

    def reply(self, when: When, what: What, times: int | None = 1) -> None:
        """Script an answer.

        Args:
            when: the purpose it is for ('*' for any), or a predicate.
            what: the text, a `Reply`, or a function that makes either of the request.
            times: how often it is given before the next script for such requests is; None: always.
        """
        with self._lock:
            self._rules.append(_Rule(when, what, times))

    def forget(self, when: When) -> None:
        """Forget what was scripted for such requests."""
        with self._lock:
            self._rules = [rule for rule in self._rules if rule.when != when]

    @property
    def base_url(self) -> str:
        """Return what the client is given."""
        return f"{self.origin}/v1"

    @property
    def origin(self) -> str:
        """Return scheme, host and port."""
        (socket,) = self._server.servers[0].sockets
        return f"http://127.0.0.1:{socket.getsockname()[1]}"

    def asked(self, purpose: str) -> list[Asked]:
        """Return the requests for one purpose."""
        return [asked for asked in self.requests if asked.purpose == purpose]

    def __enter__(self) -> ScriptedServer:
        self._thread.start()
        self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join(30)

    def _serve(self) -> None:
        async def run() -> None:
            self._loop = asyncio.get_running_loop()
            task = asyncio.create_task(self._server.serve())
            while not self._server.started and not task.done():
                await asyncio.sleep(0.01)
            self._ready.set()
            await task

        asyncio.run(run())

    async def _answer(self, request: Request) -> Response:
        asked = read_request(
            request.url.path.removeprefix("/v1/"), dict(request.headers), await request.json()
        )
        with self._lock:
            self.requests.append(asked)
        if (problem := self._problem(asked)) is not None:
            return problem
        reply = self._next(asked)
        if reply.status != 200:
            return self._error(reply.status, reply.error, reply.headers)
        if reply.raw:
            return Response(reply.raw, media_type="text/event-stream")
        if not asked.stream:
            return JSONResponse(wire.whole(asked.endpoint, asked.model, reply))
        return StreamingResponse(
            self._stream(asked, reply), media_type="text/event-stream", headers=dict(reply.headers)
        )

    def _problem(self, asked: Asked) -> Response | None:
        if self._key is not None and asked.headers.get("authorization") != f"Bearer {self._key}":
            return self._error(401, "Incorrect API key provided: sk-wrong****.", {})
        if self._models is not None and asked.model not in self._models:
            return self._error(
                404, f"The model `{asked.model}` does not exist.", {}, "model_not_found"
            )
        if not self._json[asked.format]:
            return self._error(400, f"response_format of type {asked.format} is not supported", {})
        return None

    def _next(self, asked: Asked) -> Reply:
        with self._lock:
            for rule in self._rules:
                if rule.times != 0 and rule.fits(asked):
                    if rule.times is not None:
                        rule.times -= 1
                    what = rule.what(asked) if callable(rule.what) else rule.what
                    return Reply(what) if isinstance(what, str) else what
        return Reply(status=418, error=f"no reply was scripted for the purpose '{asked.purpose}'")

    def _error(
        self, status: int, error: Any, headers: Mapping[str, str], code: str | None = None
    ) -> Response:
        message = error if isinstance(error, str) else f"scripted error {status}"
        if isinstance(error, Mapping):
            return JSONResponse(dict(error), status, dict(headers))
        if self._error_shape == "plain":
            return Response(message, status, dict(headers))
        if self._error_shape == "detail":
            return JSONResponse({"detail": message}, status, dict(headers))
        kind = {"message": message, "type": "invalid_request_error", "param": None, "code": code}
        return JSONResponse({"error": kind}, status, dict(headers))

    async def _stream(self, asked: Asked, reply: Reply) -> AsyncIterator[str]:
        for at, part in enumerate(wire.stream(asked.endpoint, asked.model, asked.body, reply)):
            yield part
            if at >= wire.OPENING[asked.endpoint]:
                if reply.drop:
                    raise ConnectionError("scripted: the connection is dropped")
                if reply.stall:
                    await self._closing.wait()
                while reply.keep_alive and not self._closing.is_set():
                    yield ": keep-alive\n\n"
                    await asyncio.sleep(0.005)
            await asyncio.sleep(0)  # lets the loop see that the client is gone, or the test over
            if self._closing.is_set():
                return


def read_request(endpoint: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> Asked:
    """Read a request of either endpoint."""
    if endpoint == "responses":
        system, user = body.get("instructions", ""), body["input"]
        form = body.get("text", {}).get("format", {"type": "text"})
        schema, limit = form.get("schema"), body.get("max_output_tokens")
    else:
        texts = {message["role"]: message["content"] for message in body["messages"]}
        system, user = texts.get("system", ""), texts["user"]
        form = body.get("response_format", {"type": "text"})
        schema = form.get("json_schema", {}).get("schema")
        limit = body.get("max_completion_tokens", body.get("max_tokens"))
    return Asked(
        endpoint=endpoint,
        purpose=headers.get("x-boardwright-purpose", ""),
        system=system,
        user=user,
        model=body["model"],
        format=form["type"],
        schema=schema,
        max_output_tokens=limit,
        stream=bool(body.get("stream", False)),
        headers=headers,
        body=body,
    )
