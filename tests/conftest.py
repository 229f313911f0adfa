"""What all tests share: in continuous integration, a skip for a missing tool is a failure."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from tests.postgres import postgres

__all__ = ["postgres"]

MAY_BE_ABSENT = "BOARDWRIGHT_MODELS"  # models that may not be shipped with the project


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--no-tool-skips",
        action="store_true",
        help=f"turn every skip into a failure, except where its reason names {MAY_BE_ABSENT}",
    )
    parser.addoption(
        "--may-miss",
        action="append",
        default=[],
        metavar="WORD",
        help="with --no-tool-skips: allow skips whose reason holds this word; may be repeated",
    )


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the slow ones, so that no worker is left with one at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    strict = item.config.getoption("--no-tool-skips")
    if strict and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        allowed = (MAY_BE_ABSENT, *item.config.getoption("--may-miss"))
        if not any(word in reason for word in allowed):
            report.outcome = "failed"
            report.longrepr = f"a skip is not allowed here: {reason}"
    return report
