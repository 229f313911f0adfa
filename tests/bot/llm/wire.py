"""How the two endpoints put a reply on the line, whole and as server-sent events.

Source: the types of the openai SDK 3.54 (`openai.types.responses`, `openai.types.chat`), and
https://platform.openai.com/docs/api-reference/responses-streaming and /chat/streaming.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

OPENING = {"responses": 4, "chat/completions": 1}
"""Index of the first event that carries text."""


@dataclass(frozen=True)
class Reply:
    """What the server does with one request.

    Attributes:
        text, refusal: what the model says.
        cut: the reply ends at the limit of output tokens.
        filtered: the reply ends at the content filter.
        status, error, headers: an error instead of a reply, where status is not 200.
        chunk: characters that go out at a time.
        endless: repeat the text for ever.
        keep_alive: send nothing but SSE comments for ever, after the first chunk.
        stall: send nothing more, for as long as the client waits, after the first chunk.
        drop: close the connection after the first chunk.
        failed: the reply ends with this error, told within the stream.
        raw: the body as it goes out, instead of events.
        usage: input, cached and output tokens; None: the server does not count.
    """

    text: str = ""
    refusal: str = ""
    cut: bool = False
    filtered: bool = False
    status: int = 200
    error: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    chunk: int = 400
    endless: bool = False
    keep_alive: bool = False
    stall: bool = False
    drop: bool = False
    failed: str = ""
    raw: str = ""
    usage: tuple[int, int, int] | None = (1000, 200, 300)


def whole(endpoint: str, model: str, reply: Reply) -> dict[str, Any]:
    """Return the body of a reply that is not streamed."""
    if endpoint == "responses":
        return _response(model, reply, _status(reply), [_message(reply, "completed")])
    message = {"role": "assistant", "content": reply.text or None}
    if reply.refusal:
        message["refusal"] = reply.refusal
    choice = {"index": 0, "message": message, "finish_reason": _finish(reply), "logprobs": None}
    return {**_completion("chat.completion", model), "choices": [choice], "usage": _chat(reply)}


def stream(endpoint: str, model: str, body: Mapping[str, Any], reply: Reply) -> Iterator[str]:
    """Yield the events of a reply, each as the text that goes over the line."""
    if endpoint == "responses":
        for number, event in enumerate(_response_events(model, reply)):
            event["sequence_number"] = number
            yield f"event: {event['type']}\ndata: {json.dumps(event)}\n\n"
        return
    for chunk in _chat_chunks(model, body, reply):
        yield f"data: {json.dumps(chunk)}\n\n"
    yield "data: [DONE]\n\n"


def _pieces(reply: Reply, text: str) -> Iterator[str]:
    while True:
        for start in range(0, len(text), reply.chunk):
            yield text[start : start + reply.chunk]
        if not reply.endless:
            return


def _response_events(model: str, reply: Reply) -> Iterator[dict[str, Any]]:
    yield {"type": "response.created", "response": _response(model, reply, "in_progress", [])}
    yield {"type": "response.in_progress", "response": _response(model, reply, "in_progress", [])}
    at = {"item_id": "msg_1", "output_index": 0, "content_index": 0}
    item = {"type": "message", "id": "msg_1", "role": "assistant", "status": "in_progress"}
    yield {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": {**item, "content": []},
    }
    part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
    yield {"type": "response.content_part.added", **at, "part": part}
    for piece in _pieces(reply, reply.text):
        yield {"type": "response.output_text.delta", **at, "delta": piece, "logprobs": []}
    for piece in _pieces(reply, reply.refusal):
        yield {"type": "response.refusal.delta", **at, "delta": piece}
    if reply.failed:
        error = {"code": "server_error", "message": reply.failed}
        failed = {**_response(model, reply, "failed", []), "error": error}
        yield {"type": "response.failed", "response": failed}
        return
    if reply.refusal:
        yield {"type": "response.refusal.done", **at, "refusal": reply.refusal}
    else:
        done = {"type": "response.output_text.done", **at, "text": reply.text, "logprobs": []}
        yield done
    message = _message(reply, "incomplete" if reply.cut or reply.filtered else "completed")
    yield {"type": "response.content_part.done", **at, "part": message["content"][0]}
    yield {"type": "response.output_item.done", "output_index": 0, "item": message}
    status = _status(reply)
    yield {"type": f"response.{status}", "response": _response(model, reply, status, [message])}


def _status(reply: Reply) -> str:
    return "incomplete" if reply.cut or reply.filtered else "completed"


def _message(reply: Reply, status: str) -> dict[str, Any]:
    text = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
    content = {"type": "refusal", "refusal": reply.refusal} if reply.refusal else text
    return {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": status,
        "content": [content],
    }


def _response(model: str, reply: Reply, status: str, output: list[Any]) -> dict[str, Any]:
    reason = "content_filter" if reply.filtered else "max_output_tokens"
    ended = status in ("completed", "incomplete")
    return {
        "id": "resp_1",
        "object": "response",
        "created_at": 1_790_000_000,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if status == "incomplete" else None,
        "instructions": None,
        "metadata": {},
        "model": model,
        "output": output,
        "parallel_tool_calls": True,
        "temperature": 1.0,
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "usage": _usage(reply) if ended else None,
    }


def _usage(reply: Reply) -> dict[str, Any] | None:
    if reply.usage is None:
        return None
    put, cached, out = reply.usage
    return {
        "input_tokens": put,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": 0},
        "output_tokens": out,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": put + out,
    }


def _chat(reply: Reply) -> dict[str, Any] | None:
    if reply.usage is None:
        return None
    put, cached, out = reply.usage
    return {
        "prompt_tokens": put,
        "completion_tokens": out,
        "total_tokens": put + out,
        "prompt_tokens_details": {"cached_tokens": cached},
    }


def _finish(reply: Reply) -> str:
    return "length" if reply.cut else "content_filter" if reply.filtered else "stop"


def _completion(kind: str, model: str) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "object": kind, "created": 1_790_000_000, "model": model}


def _chat_chunks(model: str, body: Mapping[str, Any], reply: Reply) -> Iterator[dict[str, Any]]:
    def chunk(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return {**_completion("chat.completion.chunk", model), "choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    for piece in _pieces(reply, reply.text):
        yield chunk({"content": piece})
    for piece in _pieces(reply, reply.refusal):
        yield chunk({"refusal": piece})
    if reply.failed:
        yield {"error": {"message": reply.failed, "type": "server_error", "code": None}}
        return
    yield chunk({}, _finish(reply))
    counted = _chat(reply)
    if (body.get("stream_options") or {}).get("include_usage") and counted is not None:
        yield {**_completion("chat.completion.chunk", model), "choices": [], "usage": counted}
