"""Plausible: what must hold of results that fit their schema before anybody reads on."""

from __future__ import annotations

import re
from collections.abc import Iterator

from hardware_runner.report import Cost, RunOutcome, RunReport
from hardware_runner.results import Measured, Results

PROJECT = re.compile(r"tinyml/[a-z][a-z0-9-]{0,39}")
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
SAMPLES_MAX = 100_000
CLASSES_MAX = 256
_SHA256 = re.compile(r"(?:[0-9a-f]{64})?")
_TOOL = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._+/()-]{0,59}")
_TOOLS_MAX, _OPERATORS_MAX = 40, 2_000
_LARGEST = 2**53
_TEXT_MAX = 4_000


def doubt(results: Results) -> str:
    """Return why results are not believed, as one safe line; empty where nothing is against them.

    A board, a bench, a place or a tool is named by plain letters, so that nothing that is shown as
    a name can format, hide or steer a terminal. All numbers are finite and not negative.
    """
    return next(_doubts(results), "")


def _doubts(results: Results) -> Iterator[str]:
    if not PROJECT.fullmatch(results.project):
        yield "The project is no folder of the form tinyml/NAME."
    if not NAME.fullmatch(results.bench):
        yield "The bench has a name that no bench may have."
    if results.started.tzinfo is None:
        yield "The time of the measurement has no time zone."
    names = [measured.report.board for measured in results.boards]
    if not names:
        yield "No board is in the results."
    if not all(map(NAME.fullmatch, names)):
        yield "A board has a name that no board may have."
    if len(set(names)) != len(names):
        yield "A board is in the results twice."
    for measured in results.boards:
        yield from _doubts_of(measured)


def _doubts_of(measured: Measured) -> Iterator[str]:
    report = measured.report
    about = f"The report of {report.board}"
    came_to_nothing = report.outcome in (RunOutcome.SKIPPED, RunOutcome.INFRASTRUCTURE)
    nowhere = came_to_nothing and not measured.place  # the bench lacks it, or it never came free
    if not nowhere and not NAME.fullmatch(measured.place):
        yield f"{about} names a place that no place may be called."
    if any(not 0 <= number <= _LARGEST for number in _numbers(measured)):  # nor is NaN
        yield f"{about} holds a number that is negative, too large, or none."
    if any(len(text) > _TEXT_MAX for text in _texts(measured)):
        yield f"{about} holds a text of more than {_TEXT_MAX} characters."
    if not _SHA256.fullmatch(report.firmware_sha256):
        yield f"{about} has no SHA-256 of its firmware."
    tools = report.tools
    if len(tools) > _TOOLS_MAX or not all(map(_TOOL.fullmatch, tools)):
        yield f"{about} names tools that nobody uses."
    if report.profile is not None and len(report.profile.operators) > _OPERATORS_MAX:
        yield f"{about} profiles more than {_OPERATORS_MAX} operators."
    yield from _doubts_of_answers(report, about)
    yield from _doubts_of_cost(report.cost, about)


def _doubts_of_answers(report: RunReport, about: str) -> Iterator[str]:
    scores = report.scores
    if report.samples > SAMPLES_MAX or len(scores) > SAMPLES_MAX:
        yield f"{about} holds more than {SAMPLES_MAX} samples."
    widths = {len(row) for row in scores}
    if len(widths) > 1 or any(not 1 <= width <= CLASSES_MAX for width in widths):
        yield f"{about} holds rows of scores that differ in length."
    if any(not -128 <= score <= 127 for row in scores for score in row):
        yield f"{about} holds a score that is no int8."
    classes = max(widths, default=CLASSES_MAX)
    if any(not -1 <= decision < classes for decision in report.decisions):
        yield f"{about} holds a decision for a class that there is not."
    if len(report.decisions) not in (0, len(scores)):
        yield f"{about} holds another number of decisions than of answers."
    if report.outcome is RunOutcome.PASS and not 0 < report.samples == len(scores):
        yield f"{about} says that all is well, but not one row of scores for each sample."


def _doubts_of_cost(cost: Cost | None, about: str) -> Iterator[str]:
    if cost is None:
        return
    for median, p99, most in (
        (cost.features_median, cost.features_p99, cost.features_max),
        (cost.model_median, cost.model_p99, cost.model_max),
    ):
        ordered = (median, most) if p99 is None else (median, p99, most)
        if list(ordered) != sorted(ordered):
            yield f"{about} holds a worst case that is better than the median."


def _numbers(measured: Measured) -> Iterator[float]:
    """Yield all numbers but scores and decisions."""
    report = measured.report
    parts = (measured, report, report.cost, report.energy, report.footprint, report.profile)
    found = [value for part in parts if part is not None for _, value in part]
    found += report.profile.operators if report.profile else ()
    for value in found:
        if isinstance(value, int | float):
            yield value


def _texts(measured: Measured) -> Iterator[str]:
    report = measured.report
    yield from (report.core, report.reason, *measured.recoveries, *report.tools.values())
    yield from (part.method for part in (report.cost, report.energy) if part is not None)
