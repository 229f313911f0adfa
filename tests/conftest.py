"""What all tests share: in continuous integration, a skip for a missing tool is a failure."""

from __future__ import annotations

from collections.abc import Generator

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.postgres import postgres

__all__ = ["postgres"]

# Modules that share what takes long to make, by what that is: one worker runs all of them.
TOGETHER = {
    "tests/bot/service/test_image.py": "the image of the service",
    "tests/bot/work/test_revise.py": "a job that was built",
    "tests/bot/test_journey_survives.py": "a journey that was killed again and again",
    "tests/bot/test_planted_faults.py": "a process that has TensorFlow, and a trained model",
    "tests/bot/test_stages_convert.py": "a process that has TensorFlow, and a trained model",
    "tests/bot/test_stages_train.py": "a process that has TensorFlow, and a trained model",
}
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


class OneWorkerEach(LoadScopeScheduling):
    """Gives each test to the next worker that is free, and what belongs together to one of them.

    Marks of `xdist_group` do not do that: pytest 9.2 ignores how xdist 3.8 passes them on.
    """

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER.get(nodeid.partition("::")[0], nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneWorkerEach:
    """Let `-n` schedule like this, whatever `--dist` says."""
    return OneWorkerEach(config, log)


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
