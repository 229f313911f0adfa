"""Report: what a workflow run tells: in its log, its summary, its outputs and its exit code."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from bot.llm.redaction import redact
from bot.rendering.live import Live, Phase, live_comment
from bot.work.outcome import Built, Outcome, Stopped

_UNSEEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_PULL = re.compile(r"/pulls?/(\d{1,10})$")


class FailOn(Enum):
    """What lets the workflow run fail."""

    NEVER = "never"  # nothing that was told in the comment
    SERVICE = "service"  # Boardwright, GitHub or the machine let somebody down
    LIMIT = "limit"  # that, or a limit of the request was missed


@dataclass(frozen=True, slots=True)
class Report:
    """What came of a run.

    Attributes:
        done: what was done with the event, in a word or a sentence.
        live: the comment as it stands; None where there is none.
        outcome: of the work in this run; None where none was done.
        refused: a delivery could not be dealt with.
    """

    done: str
    live: Live | None = None
    outcome: Outcome | None = None
    refused: bool = False

    @property
    def verdict(self) -> str:
        """Return `met` or `missed` where something was built in this run; else the phase."""
        if isinstance(self.outcome, Built):
            return "missed" if self.outcome.draft else "met"
        return self.live.phase.value if self.live else "ignored"

    @property
    def service_failed(self) -> bool:
        """Say whether somebody other than the author of the request must act."""
        stopped = isinstance(self.outcome, Stopped)
        if isinstance(self.outcome, Stopped) and self.outcome.whose == "service":
            return True
        failed = self.live is not None and self.live.phase is Phase.FAILED
        return self.refused or (failed and not stopped)

    def fails(self, fail_on: FailOn) -> bool:
        """Say whether the run is to end red."""
        if fail_on is FailOn.NEVER:
            return False
        missed = fail_on is FailOn.LIMIT and self.verdict == "missed"
        return self.service_failed or missed


def pull_number(live: Live | None) -> int:
    """Return the number of the pull request that a comment leads to; 0 where there is none."""
    match = _PULL.search(live.pull_url) if live else None
    return int(match[1]) if match else 0


def write_report(report: Report, summary: Path | None, output: Path | None) -> None:
    """Append to the files that the runner reads; it shows the one and passes the other on."""
    if summary is not None:
        shown = live_comment(report.live) if report.live else ""
        _append(summary, f"{visible(report.done)}\n\n{redact(shown)}\n")
    if output is not None:
        number = pull_number(report.live)
        values = {
            "verdict": report.verdict,
            "phase": report.live.phase.value if report.live else "",
            "pull-request": str(number or ""),
            "pull-request-url": report.live.pull_url if report.live and number else "",
        }
        write_outputs(output, values)


def write_outputs(output: Path | None, values: Mapping[str, str]) -> None:
    """Append outputs of the step, each as one line, where a runner reads them."""
    if output is not None:
        _append(output, "".join(f"{name}={visible(value)}\n" for name, value in values.items()))


def _append(path: Path, text: str) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write(text)


def visible(text: str) -> str:
    """Return a text as one line that the runner takes for no command, without secrets.

    Source: actions/runner, ActionCommand: `::name::` at a line's start, `##[name]` anywhere.
    """
    line = " ".join(_UNSEEN.sub(" ", redact(text)).split())
    line = line.replace("##[", "## [")
    return f". {line}" if line.startswith("::") else line


def say(text: str) -> None:
    """Write a line into the log."""
    print(visible(text), flush=True)  # noqa: T201


@contextmanager
def group(title: str) -> Iterator[None]:
    """Fold what is said meanwhile under a title."""
    print(f"::group::{visible(title)}", flush=True)  # noqa: T201
    try:
        yield
    finally:
        print("::endgroup::", flush=True)  # noqa: T201


def log_errors() -> None:
    """Let what the modules log be lines of the log, each as harmless as ours."""

    class _Lines(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return "\n".join(f"| {visible(line)}" for line in super().format(record).splitlines())

    shown = logging.StreamHandler()
    shown.setFormatter(_Lines("%(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[shown], force=True)
