"""Endpoints: one question through the Responses API or through Chat Completions, streamed.

Source: openai SDK 3.54, `openai/types/responses/response_stream_event.py` and
`openai/types/chat/chat_completion_chunk.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

import openai
from openai.types.responses import Response
from pydantic import BaseModel

from bot.llm.completion import Completion, Ending, Tokens
from bot.llm.language_model import Prompt


class Endpoint(Enum):
    """Which of the two is asked."""

    RESPONSES = "responses"
    CHAT = "chat/completions"


class Form(Enum):
    """How the server is told what the answer must look like."""

    SCHEMA = "json_schema"
    OBJECT = "json_object"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Dialect:
    """What of the two interfaces a server has."""

    endpoint: Endpoint
    form: Form


@dataclass(frozen=True, slots=True)
class Question:
    """A prompt, made ready for a server.

    Attributes:
        model: the model's name.
        system: the prompt's system text, and the schema where the server may not heed it.
        schema: the answer's JSON schema, strict.
        official: whether OpenAI itself is asked, which wants newer names of some parameters.
    """

    model: str
    prompt: Prompt
    system: str
    schema: Mapping[str, Any]
    official: bool


class FailedInStream(Exception):
    """The server began to answer, then told of a fault of its own."""


def strict_schema(answer: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON schema of a model, as structured outputs want it: nothing optional."""
    function: Mapping[str, Any] = openai.pydantic_function_tool(answer)["function"]
    return dict(function["parameters"])


def schema_in_words(schema: Mapping[str, Any]) -> str:
    """Return what a model is told where the server may not hold it to the schema."""
    return (
        "Answer with one JSON object and nothing else: no prose, no code fence. "
        f"Its JSON schema is:\n{json.dumps(schema, ensure_ascii=False)}"
    )


def ask(client: openai.OpenAI, question: Question, dialect: Dialect) -> Completion:
    """Ask, and return the whole reply.

    Raises:
        openai.OpenAIError: the server or the line failed.
        FailedInStream: the server failed after it began to answer.
        LineCut: the reply broke a bound.
    """
    return _ENDPOINTS[dialect.endpoint](client, question, dialect.form)


def _ask_responses(client: openai.OpenAI, question: Question, form: Form) -> Completion:
    wanted: Any = {"type": form.value}
    if form is Form.SCHEMA:
        wanted |= {"name": "answer", "strict": True, "schema": dict(question.schema)}
    texts: list[str] = []
    refusals: list[str] = []
    last: Response | None = None
    events = client.responses.create(
        model=question.model,
        instructions=question.system,
        input=question.prompt.user,
        max_output_tokens=question.prompt.max_output_tokens,
        text={"format": wanted},
        store=False,
        stream=True,
    )
    with events:
        for event in events:
            if event.type == "response.output_text.delta":
                texts.append(event.delta)
            elif event.type == "response.refusal.delta":
                refusals.append(event.delta)
            elif event.type == "error":
                raise FailedInStream(event.message)
            elif event.type in ("response.completed", "response.incomplete", "response.failed"):
                last = event.response
    if last is None:
        raise FailedInStream("the stream ended before the reply did")
    return _completed(last, "".join(texts), "".join(refusals))


def _completed(last: Response, text: str, refusal: str) -> Completion:
    if last.status == "failed":
        raise FailedInStream(last.error.message if last.error else "no reason given")
    ending = Ending.COMPLETE
    if last.status == "incomplete":
        reason = last.incomplete_details.reason if last.incomplete_details else None
        ending = Ending.FILTERED if reason == "content_filter" else Ending.CUT
    tokens = None
    if (usage := last.usage) is not None:
        details = usage.input_tokens_details
        cached = details.cached_tokens if details else 0
        tokens = _tokens(usage.input_tokens, cached, usage.output_tokens)
    return Completion(text, refusal, ending, str(last.model or ""), tokens, last.id or "")


def _ask_chat(client: openai.OpenAI, question: Question, form: Form) -> Completion:
    # Older servers know 'max_tokens' only; OpenAI's reasoning models know the other one only.
    limit = "max_completion_tokens" if question.official else "max_tokens"
    wanted: dict[str, Any] = {limit: question.prompt.max_output_tokens}
    if form is Form.SCHEMA:
        schema = {"name": "answer", "strict": True, "schema": dict(question.schema)}
        wanted["response_format"] = {"type": form.value, "json_schema": schema}
    elif form is Form.OBJECT:
        wanted["response_format"] = {"type": form.value}
    texts: list[str] = []
    refusals: list[str] = []
    finish, tokens, model, identifier = None, None, "", ""
    chunks = client.chat.completions.create(
        model=question.model,
        messages=[
            {"role": "system", "content": question.system},
            {"role": "user", "content": question.prompt.user},
        ],
        stream=True,
        stream_options={"include_usage": True},
        **wanted,
    )
    with chunks:
        for chunk in chunks:
            model, identifier = chunk.model or model, chunk.id or identifier
            if (usage := chunk.usage) is not None:
                details = usage.prompt_tokens_details
                cached = (details.cached_tokens if details else 0) or 0
                tokens = _tokens(usage.prompt_tokens, cached, usage.completion_tokens)
            for choice in chunk.choices or ():
                texts.append(choice.delta.content or "")
                refusals.append(choice.delta.refusal or "")
                finish = choice.finish_reason or finish
    if finish is None:
        raise FailedInStream("the stream ended before the reply did")
    endings = {ending.value: ending for ending in Ending}
    ending = endings.get(finish, Ending.COMPLETE)
    return Completion("".join(texts), "".join(refusals), ending, model, tokens, identifier)


def _tokens(put: int | None, cached: int | None, out: int | None) -> Tokens:
    """Return a server's count, made consistent: what it calls cached is part of the prompt."""
    whole = max(0, put or 0)
    return Tokens(whole, min(max(0, cached or 0), whole), max(0, out or 0))


_ENDPOINTS: Mapping[Endpoint, Callable[[openai.OpenAI, Question, Form], Completion]] = {
    Endpoint.RESPONSES: _ask_responses,
    Endpoint.CHAT: _ask_chat,
}
