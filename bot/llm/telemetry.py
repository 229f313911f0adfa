"""Telemetry: an OpenTelemetry span around each question, by the conventions for generative AI.

Spans hold who was asked, how much it took and how it ended; never what was asked or answered.
Without an SDK in the process they cost nothing and go nowhere.
Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/, and `gen_ai_attributes.py`
of opentelemetry-semantic-conventions 0.66b2.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from opentelemetry import trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from bot.llm.completion import Completion
from bot.llm.language_model import LanguageModelError, Prompt, Usage
from bot.llm.server import Server

_PORTS = {"http": 80, "https": 443}


@contextmanager
def question_span(server: Server, model: str, prompt: Prompt) -> Iterator[Span]:
    """Give the span of a question; an error that leaves it is named in the span."""
    address = urlsplit(server.base_url)
    attributes: dict[str, str | int] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",  # of the interface, whoever runs the server
        "gen_ai.request.model": model,
        "gen_ai.request.max_tokens": prompt.max_output_tokens,
        "gen_ai.request.stream": True,
        "gen_ai.output.type": "json",
        "server.address": server.host,
        "server.port": address.port or _PORTS.get(address.scheme, 0),
        "boardwright.purpose": prompt.purpose,
        "boardwright.tier": prompt.tier.value,
    }
    tracer = trace.get_tracer("boardwright")
    with tracer.start_as_current_span(
        f"chat {model}",
        kind=SpanKind.CLIENT,
        attributes=attributes,
        record_exception=False,  # messages quote replies
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:
            span.set_attribute("error.type", type(error).__name__)
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            if isinstance(error, LanguageModelError) and error.usage is not None:
                add_usage(span, error.usage)
            raise


def add_completion(span: Span, completion: Completion) -> None:
    """Say in a span how the reply ended."""
    span.set_attribute("gen_ai.response.finish_reasons", (completion.ending.value,))
    if completion.model:
        span.set_attribute("gen_ai.response.model", completion.model)
    if completion.identifier:
        span.set_attribute("gen_ai.response.id", completion.identifier)


def add_usage(span: Span, usage: Usage) -> None:
    """Say in a span what the question took."""
    span.set_attribute("gen_ai.usage.input_tokens", usage.input_tokens)
    span.set_attribute("gen_ai.usage.output_tokens", usage.output_tokens)
    span.set_attribute("gen_ai.usage.cache_read.input_tokens", usage.cached_tokens)
    span.set_attribute("boardwright.calls", usage.calls)
    if usage.cost_usd is not None:
        span.set_attribute("boardwright.cost_usd", usage.cost_usd)
