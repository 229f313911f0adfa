"""Telemetry: an OpenTelemetry span around each delivery, sent where the environment names a place.

Source: https://opentelemetry.io/docs/specs/otel/protocol/exporter/ for the variables.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping

from opentelemetry import trace

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def send_spans(environment: Mapping[str, str] = os.environ) -> Callable[[], None]:
    """Send the spans of this process to the endpoint in the environment, if there is one.

    Returns:
        What sends the last of them, to be called at the end.
    """
    if not any(environment.get(name) for name in _ENDPOINTS):
        return lambda: None
    # Slow to load, and of no use without an endpoint.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import (  # noqa: PLC0415
        OTLPSpanExporter,
    )
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    named = environment.get("OTEL_SERVICE_NAME", "boardwright")
    provider = TracerProvider(resource=Resource.create({"service.name": named}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    return provider.shutdown
