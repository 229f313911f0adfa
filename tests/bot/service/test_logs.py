"""Logs, metrics and spans: ids on every line, secrets on none, no names in labels."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from bot.rendering.live import Phase
from bot.service.logs import set_up_logs
from bot.service.metrics import Metrics
from bot.service.telemetry import send_spans

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
