"""Logs: one event a line, as JSON or for a console, with ids and without secrets.

`structlog.contextvars.bound_contextvars(delivery=..., job=...)` puts ids on every line within it,
those of other libraries included.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor

from bot.llm.redaction import redact


def set_up_logs(form: str, level: str, secrets: Iterable[str], stream: TextIO = sys.stderr) -> None:
    """Let structlog and the standard library log to a stream.

    Args:
        form: json, console, or auto: console on a terminal.
        level: the least level that is shown, in lower case.
        secrets: what is never shown, beside all that looks like a key.
        stream: where lines go.
    """
    console = form == "console" or (form == "auto" and stream.isatty())
    hidden = tuple(secrets)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.ExtraAdder(),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        structlog.stdlib.PositionalArgumentsFormatter(),
        lambda _logger, _method, event: _redacted(event, hidden),
    ]
    last: Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty())
        if console
        else structlog.processors.JSONRenderer(sort_keys=True)
    )
    output = logging.StreamHandler(stream)
    output.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
            foreign_pre_chain=shared,
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level.upper())
    if level == "info":  # at which DBOS tells each migration
        logging.getLogger("dbos").setLevel(logging.WARNING)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )


def _redacted(event: EventDict, secrets: Sequence[str]) -> EventDict:
    kept = {key: value for key, value in event.items() if key.startswith("_")}
    told = {key: value for key, value in event.items() if key not in (*kept, "color_message")}
    return {key: _clean(value, secrets) for key, value in told.items()} | kept


def _clean(value: Any, secrets: Sequence[str]) -> Any:
    if isinstance(value, str):
        return redact(value, secrets)
    if isinstance(value, Mapping):
        return {_clean(key, secrets): _clean(item, secrets) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(item, secrets) for item in value]
    if isinstance(value, bool | int | float | None):
        return value
    return redact(str(value), secrets)
