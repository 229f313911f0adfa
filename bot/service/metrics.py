"""Metrics for Prometheus, in a registry of their own; no label holds a repository or a person."""

from __future__ import annotations

from collections import Counter as Counts
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from bot.events.delivery import HEEDED_EVENTS
from bot.rendering.live import Phase

_SECONDS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_EVENTS = frozenset((*HEEDED_EVENTS, "ping"))


class Metrics:
    """What the web process counts."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._answers = Counter(
            "boardwright_deliveries",
            "Deliveries by event and HTTP status.",
            ("event", "status"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "boardwright_acknowledgement_seconds",
            "From the first byte of a delivery to its answer.",
            buckets=_SECONDS,
            registry=self.registry,
        )
        self._jobs = Gauge(
            "boardwright_jobs",
            "Jobs that the status page knows of, by phase.",
            ("phase",),
            registry=self.registry,
        )

    def answered(self, event: str, status: int, seconds: float) -> None:
        """Count a delivery. Names that strangers invent are counted as one."""
        known = event if event in _EVENTS else "other"
        self._answers.labels(known, str(status)).inc()
        self._seconds.observe(seconds)

    def count_jobs(self, phases: Iterable[Phase]) -> None:
        """Say how many jobs there are in each phase."""
        counts = Counts(phases)
        for phase in Phase:
            self._jobs.labels(phase.value).set(counts[phase])

    def text(self) -> bytes:
        """Return all of it in Prometheus' text format."""
        return generate_latest(self.registry)
