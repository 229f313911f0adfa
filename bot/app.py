"""The web process: takes deliveries in, and shows how jobs stand. Asks nothing of GitHub.

POST /webhook   a delivery: 202 it is stored; 200 it asks for nothing
GET /           the status page
GET /healthz    this process answers
GET /readyz     deliveries can be stored
GET /metrics    for Prometheus
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import structlog
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from opentelemetry import trace
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.requests import ClientDisconnect

from bot.events import delivery
from bot.events.event import Event
from bot.events.heeded import Heeded, Ignored
from bot.events.payload import Malformed
from bot.service.body import Bodies, Refusal
from bot.service.intake import Intake, Jobs, Stored, StoreFailed
from bot.service.metrics import Metrics
from bot.service.page import render_page
from bot.service.recent import Recent
from bot.service.security import SecurityHeaders
from bot.service.settings import ServiceSettings

SHOWN_JOBS = 100
STORE_WITHIN_S = 8.0
"""Source: GitHub waits 10 seconds for an answer, docs.github.com, best practices for webhooks."""

_BODIES_TOGETHER = 8 * delivery.MAX_BODY_BYTES
_log = structlog.stdlib.get_logger("boardwright.web")
_tracer = trace.get_tracer("boardwright")


def create_app(settings: ServiceSettings, intake: Intake, jobs: Jobs) -> FastAPI:
    """Return the application that answers for the service.

    Args:
        settings: checked already.
        intake: stores what deliveries say.
        jobs: are listed on the status page.
    """
    app = FastAPI(title="Boardwright", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(SecurityHeaders)
    recent, metrics = Recent(jobs, fresh_s=2.0), Metrics()
    door = _Door(settings, intake)

    async def webhook(request: Request) -> Response:
        began = time.perf_counter()
        try:
            response = await door.answer(request)
        except Refusal as refusal:
            _log.warning("refused", status=refusal.status, reason=refusal.message)
            response = JSONResponse({"message": refusal.message}, refusal.status)
        seconds = time.perf_counter() - began
        metrics.answered(request.headers.get("x-github-event", ""), response.status_code, seconds)
        return response

    # A plain route: nothing in a delivery is for FastAPI to read, check or write.
    app.add_route("/webhook", webhook, methods=["POST"])

    @app.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz() -> Response:
        return PlainTextResponse("alive\n")

    @app.api_route("/readyz", methods=["GET", "HEAD"])
    async def readyz() -> Response:
        if await intake.ready():
            return PlainTextResponse("ready\n")
        return PlainTextResponse("deliveries cannot be stored\n", 503)

    @app.get("/metrics")
    async def numbers() -> Response:
        try:
            metrics.count_jobs(row.phase for row in await recent.list(SHOWN_JOBS))
        except StoreFailed:
            _log.warning("jobs cannot be listed")
        return Response(metrics.text(), media_type=CONTENT_TYPE_LATEST)

    @app.api_route("/", methods=["GET", "HEAD"])
    async def status() -> Response:
        trouble = ""
        try:
            rows = await recent.list(SHOWN_JOBS)
        except StoreFailed:
            rows, trouble = (), "The database of jobs does not answer. Jobs go on when it is back."
        now, private = datetime.now(UTC), settings.show_private
        page = render_page(rows, now, settings.web_url, settings.label, private, trouble)
        headers = {"Content-Security-Policy": page.policy}
        return HTMLResponse(page.html, 503 if trouble else 200, headers)

    return app


class _Door:
    """Lets deliveries in."""

    def __init__(self, settings: ServiceSettings, intake: Intake) -> None:
        self._secret = settings.webhook_secret.get_secret_value().encode()
        self._heeded = Heeded(settings.label, settings.own_login)
        self._intake = intake
        self._log = _log.bind()  # once, not for each line
        self._bodies = Bodies(delivery.MAX_BODY_BYTES, _BODIES_TOGETHER, within_s=STORE_WITHIN_S)

    async def answer(self, request: Request) -> Response:
        """Return the answer to a delivery.

        Raises:
            Refusal: 400, 401, 408, 413, 415 or 503.
        """
        body = await self._signed_body(request)
        delivery_id, name = _names(request)
        with (
            structlog.contextvars.bound_contextvars(delivery=delivery_id, event_name=name),
            _tracer.start_as_current_span(
                "delivery", attributes={"github.delivery": delivery_id, "github.event": name}
            ),
        ):
            try:
                event = delivery.read(name, body, self._heeded)
            except Malformed as error:
                raise Refusal(400, str(error)) from None
            if isinstance(event, Ignored):
                _log.debug("ignored", reason=event.reason)
                return JSONResponse({"ignored": event.reason})
            stored = await self._store(delivery_id, event)
            self._log.info("stored", kind=event.kind, job=stored.job, duplicate=stored.duplicate)
            return JSONResponse({"job": stored.job, "duplicate": stored.duplicate}, 202)

    async def _signed_body(self, request: Request) -> bytes:
        signature = request.headers.get("x-hub-signature-256", "")
        if not delivery.looks_signed(signature):  # then its body is not worth reading
            raise Refusal(401, "The delivery is not signed; set the webhook's secret.")
        announced = request.headers.get("content-length")
        try:
            body = await self._bodies.read(announced, request.stream())
        except ClientDisconnect:
            raise Refusal(400, "The body ended before its end.") from None
        if not delivery.is_signed(body, signature, self._secret):
            raise Refusal(401, "The signature is wrong; the webhook's secret is another one here.")
        return body

    async def _store(self, delivery_id: str, event: Event) -> Stored:
        try:
            async with asyncio.timeout(STORE_WITHIN_S):
                return await self._intake.store(delivery_id, event)
        except Exception as error:
            # Whatever it was, nothing promises that the event is kept.
            _log.exception("not stored", error=type(error).__name__)
            raise Refusal(503, "It could not be stored; deliver it again later.") from None


def _names(request: Request) -> tuple[str, str]:
    """Return the delivery's id and its event's name.

    Raises:
        Refusal: one of them is missing, or the body is no JSON.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refusal(415, "Choose application/json as the webhook's content type.")
    delivery_id = request.headers.get("x-github-delivery", "")
    if not delivery.is_delivery_id(delivery_id):
        raise Refusal(400, "The header X-GitHub-Delivery is missing, or no id.")
    name = request.headers.get("x-github-event", "")
    if not name.replace("_", "").isalnum() or len(name) > 100:
        raise Refusal(400, "The header X-GitHub-Event is missing, or no name.")
    return delivery_id, name
