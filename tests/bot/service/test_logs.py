"""Logs, metrics and spans: ids on every line, secrets on none, no names in labels."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from bot.rendering.live import Phase
from bot.service.logs import set_up_logs
from bot.service.metrics import Metrics
from bot.service.telemetry import send_spans
from tests.bot.service.server import REPOSITORY

SECRET = "a webhook's secret"  # noqa: S105


@pytest.fixture
def lines() -> Iterator[Any]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    set_up_logs("json", "info", (SECRET,), stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_lines_carry_the_ids_of_what_they_belong_to(lines: Any) -> None:
    with structlog.contextvars.bound_contextvars(delivery="d-1", job="j-1"):
        structlog.stdlib.get_logger("ours").info("stored", kind="labelled")
        logging.getLogger("theirs").warning("slow: %s", "disk")
    logging.getLogger("theirs").warning("after")
    ours, theirs, after = lines()
    assert (ours["event"], ours["kind"], ours["level"]) == ("stored", "labelled", "info")
    assert (theirs["event"], theirs["logger"]) == ("slow: disk", "theirs")
    assert ours["delivery"] == theirs["delivery"] == "d-1"
    assert ours["job"] == theirs["job"] == "j-1"
    assert "delivery" not in after


def test_secrets_are_on_no_line(lines: Any) -> None:
    token = "ghs_" + "k" * 36
    log = structlog.stdlib.get_logger("ours")
    log.info(f"with {SECRET}", header={"authorization": [f"token {token}"]}, error=OSError(SECRET))
    logging.getLogger("theirs").error("no %s", token)
    try:
        raise ValueError(f"{SECRET} and {token}")
    except ValueError:
        log.exception("failed")
        logging.getLogger("theirs").exception("failed too")
    said = json.dumps(lines())
    assert SECRET not in said
    assert "kkkk" not in said
    assert said.count("[removed]") >= 7
    assert said.count("ValueError") >= 2


def test_what_is_below_the_level_is_not_shown(lines: Any) -> None:
    structlog.stdlib.get_logger("ours").debug("detail")
    assert lines() == []


def test_metrics_count_answers_and_jobs() -> None:
    metrics = Metrics()
    metrics.answered("issues", 202, 0.004)
    metrics.answered("invented-by-a-stranger", 401, 0.001)
    metrics.count_jobs([Phase.BUILDING, Phase.BUILDING, Phase.DONE])
    metrics.count_jobs([Phase.BUILDING])
    families = text_string_to_metric_families(metrics.text().decode())
    samples = {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }
    assert samples["boardwright_deliveries_total", "issues", "202"] == 1
    assert samples["boardwright_deliveries_total", "other", "401"] == 1
    assert samples[("boardwright_acknowledgement_seconds_count",)] == 2
    assert samples["boardwright_jobs", "building"] == 1
    assert samples["boardwright_jobs", "done"] == 0


def test_spans_are_sent_nowhere_unless_an_endpoint_is_named() -> None:
    assert send_spans({})() is None


_SENDS_SPANS = """
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

received = []

class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        received.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass

server = HTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=server.serve_forever, daemon=True).start()

import os
os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{server.server_port}"
os.environ["OTEL_EXPORTER_OTLP_COMPRESSION"] = "none"
from bot.service.telemetry import send_spans
from tests.bot.service.server import REPOSITORY
end = send_spans()
from tests.bot.events.payloads import labelled
from tests.bot.service.test_webhook import Service
Service().deliver("issues", labelled(), "d-77")
end()
print([path for path, body in received if b"d-77" in body and b"issues" in body])
"""


def test_a_span_of_each_delivery_is_sent_to_the_endpoint() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _SENDS_SPANS],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "['/v1/traces']"
