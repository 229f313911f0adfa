"""The console: what a person sees while a run goes on.

A terminal gets a live display; anything else, such as the log of a CI job, gets lines with times.
"""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars
from rich.text import Text

from bot.evidence import Evidence, Outcome, Stage
from bot.progress import Progress
from bot.rendering.words import outcome_word

STYLES = {
    Outcome.PASS: "green",
    Outcome.FAIL: "bold red",
    Outcome.INFRASTRUCTURE: "yellow",
    Outcome.SKIPPED: "yellow",
}
# How tables for the terminal look: one rule under the header, so that the width goes to the text.
PLAIN: Mapping[str, Any] = {
    "box": box.SIMPLE_HEAD,
    "padding": (0, 1, 0, 0),
    "show_edge": False,
    "title_justify": "left",
    "title_style": "bold",
}
LOG_COLUMNS = 120
_PLAIN_STEPS = 4  # lines of plain output for one long piece of work


class PlainProgress:
    """Prints lines with the time since the start; for logs."""

    def __init__(
        self, write: Callable[[str], None] = print, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._clock = clock
        self._began = clock()
        self._said: dict[str, int] = {}

    def stage_started(self, stage: Stage) -> None:
        """A stage began."""
        self._line(f"{stage.value}: begins")

    def stage_finished(
        self, stage: Stage, evidence: Sequence[Evidence], seconds: float, resumed: bool
    ) -> None:
        """A stage ended; every claim that does not hold gets a line."""
        self._line(f"{stage.value}: {tally(evidence)}, {took(seconds, resumed)}")
        for item in evidence:
            if item.outcome is not Outcome.PASS:
                self._line(f"  {outcome_word(item)}: {claim_line(item)}")

    def advanced(self, what: str, done: int, total: int) -> None:
        """Say it at each quarter, and once only."""
        step = done * _PLAIN_STEPS // total if total > 0 else _PLAIN_STEPS
        if step > self._said.get(what, 0):
            self._said[what] = step
            self._line(f"{what}: {done:,} of {total:,}")
        if done >= total:
            self._said.pop(what, None)

    def note(self, text: str) -> None:
        """Say one line."""
        self._line(text)

    def _line(self, text: str) -> None:
        minutes, seconds = divmod(int(self._clock() - self._began), 60)
        self._write(f"[{minutes:02}:{seconds:02}] {text}")


class LiveProgress:
    """Shows what goes on in a terminal, with bars for long pieces of work."""

    def __init__(self, console: Console, bars: Bars) -> None:
        self._console = console
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}
        self._stage: TaskID | None = None

    def stage_started(self, stage: Stage) -> None:
        """A stage began."""
        self._stage = self._bars.add_task(f"[bold]{stage.value}[/bold]", total=None)

    def stage_finished(
        self, stage: Stage, evidence: Sequence[Evidence], seconds: float, resumed: bool
    ) -> None:
        """A stage ended; its bars go, its claims that do not hold stay."""
        for task in (self._stage, *self._tasks.values()):
            if task is not None:
                self._bars.remove_task(task)
        self._stage = None
        self._tasks.clear()
        held = all(item.outcome is Outcome.PASS for item in evidence)
        mark = "[green]\N{CHECK MARK}[/green]" if held else "[yellow]![/yellow]"
        text = f"{tally(evidence)}, {took(seconds, resumed)}"
        self._console.print(f"{mark} [bold]{stage.value}[/bold]  {text}", highlight=False)
        for item in evidence:
            if item.outcome is not Outcome.PASS:
                word = Text(f"    {outcome_word(item)} ", style=STYLES[item.outcome])
                self._console.print(word.append(claim_line(item), style="default"))

    def advanced(self, what: str, done: int, total: int) -> None:
        """Move the bar of a long piece of work."""
        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(escape(what), total=max(total, 1))
        self._bars.update(self._tasks[what], completed=done, total=max(total, 1))

    def note(self, text: str) -> None:
        """Say one line above the bars."""
        self._console.print(text, markup=False, highlight=False)


class _Count(ProgressColumn):
    """Shows how much of a piece of work is done, where it is known how much there is."""

    def render(self, task: Task) -> Text:
        """Return '113 of 450', or nothing."""
        return Text("" if task.total is None else f"{task.completed:,.0f} of {task.total:,.0f}")


def output() -> Console:
    """Return the console for results: as wide as the terminal, COLUMNS, or enough for a log."""
    console = Console()
    known = console.is_terminal or "COLUMNS" in os.environ
    return console if known else Console(width=LOG_COLUMNS)


@contextmanager
def choose_progress() -> Iterator[Progress]:
    """Give live progress where stdout is a terminal and no CI job, plain lines otherwise."""
    if not sys.stdout.isatty() or os.environ.get("CI") or os.environ.get("TERM") == "dumb":
        yield PlainProgress(lambda line: print(line, flush=True))  # noqa: T201
        return
    console = Console()
    with live_bars(console) as bars:
        yield LiveProgress(console, bars)


def live_bars(console: Console, auto_refresh: bool = True) -> Bars:
    """Return the bars that `LiveProgress` moves."""
    return Bars(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=30),
        _Count(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        auto_refresh=auto_refresh,
    )


def tally(evidence: Sequence[Evidence]) -> str:
    """Return how many claims hold, and how many do not: '11 checks: 10 hold, 1 missed'."""
    if not evidence:
        return "no checks"
    rest = Counter(outcome_word(item) for item in evidence if item.outcome is not Outcome.PASS)
    held = f"{len(evidence) - rest.total()} hold" if rest else "all hold"
    noun = "check" if len(evidence) == 1 else "checks"
    against = [f"{count} {word}" for word, count in sorted(rest.items())]
    return f"{len(evidence)} {noun}: {', '.join([held, *against])}"


def took(seconds: float, resumed: bool) -> str:
    """Return how long a stage took, or that it was kept."""
    return "kept from the run before" if resumed else f"{seconds:.1f} s"


def claim_line(item: Evidence) -> str:
    """Return a claim with its value, limit and the first line of what to do, without line ends."""
    value = "" if item.value is None else f": {item.value} {item.unit}".rstrip()
    limit = "" if item.limit is None else f" (limit {item.relation.value} {item.limit})"
    first = item.detail.strip().splitlines()[0] if item.detail.strip() else ""
    return f"{item.claim}{value}{limit}{'. ' + first if first else ''}"
