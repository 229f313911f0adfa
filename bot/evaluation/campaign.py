"""A campaign: every request, by every author, as many times as asked; stopped and gone on with.

Each run has a folder of its own, `<out>/runs/<request>/<author>/<n>/`, with `record.json` once it
has ended. Runs that the machine ended are made again the next time.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from bot.evaluation.record import RunRecord, end_of, is_sound, reading, stage_records
from bot.evidence import Evidence, Stage
from bot.progress import Silent
from bot.proposal import Proposal
from bot.questions import Questions
from bot.workspace import write_atomically

RECORD = "record.json"


@dataclass(frozen=True, slots=True)
class Case:
    """One run that is to be made.

    Attributes:
        issue: the file with the request.
        author: 'template', or the model under test.
        run: counts from 1; the seed of split and training, too.
        can_be_met: whether its limits can be met.
    """

    issue: Path
    author: str
    run: int
    can_be_met: bool = True

    @property
    def folder(self) -> Path:
        """Return where the run is made, relative to the campaign's folder."""
        return Path("runs", self.issue.stem, _slug(self.author), str(self.run))


def _slug(author: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]+", "_", author).strip("._") or "model"


@dataclass
class Watch(Silent):
    """The progress of one run; keeps how long each stage took."""

    seconds: dict[Stage, float] = field(default_factory=dict)

    def stage_finished(
        self, stage: Stage, evidence: Sequence[Evidence], seconds: float, resumed: bool
    ) -> None:
        """Add the time that a stage took; a ladder goes through some of them more than once."""
        self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds


Make = Callable[[Case, Path, Watch], Proposal | Questions]
"""Makes one run in a folder of its own; raises what the journey raises."""


def cases(
    issues: Sequence[Path], authors: Sequence[str], runs: int, impossible: Iterable[str] = ()
) -> list[Case]:
    """Return all runs: every request once by every author, then every request a second time."""
    cannot = set(impossible)
    return [
        Case(issue, author, run, issue.name not in cannot)
        for run in range(1, runs + 1)
        for issue in issues
        for author in authors
    ]


def read_record(out: Path, case: Case) -> RunRecord | None:
    """Return what is kept of a run; None where it has to be made, perhaps again."""
    try:
        record = RunRecord.model_validate_json((out / case.folder / RECORD).read_bytes())
    except (OSError, ValidationError):
        return None
    return record if record.counts else None


def run_all(
    wanted: Sequence[Case],
    out: Path,
    make: Make,
    *,
    jobs: int = 1,
    budget_usd: float | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[RunRecord]:
    """Yield the record of every run, those first that are kept from before.

    Args:
        wanted: the runs.
        out: the campaign's folder, made if missing.
        make: makes one run.
        jobs: how many runs are made side by side.
        budget_usd: no run is begun once the runs of this campaign have cost so much.
        clock: tells seconds.
    """
    kept = [(case, read_record(out, case)) for case in wanted]
    left = [case for case, record in kept if record is None]
    spent = 0.0
    for _, record in kept:
        if record is not None:
            spent += record.cost_usd or 0.0
            yield record
    with ThreadPoolExecutor(jobs) as pool:
        under_way: set[Future[RunRecord]] = set()
        while left or under_way:
            while left and len(under_way) < jobs and not _spent(spent, budget_usd):
                under_way.add(pool.submit(_run, left.pop(0), out, make, clock))
            if not under_way:
                return
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            for future in done:
                record = future.result()
                spent += record.cost_usd or 0.0
                yield record


def _spent(spent: float, budget_usd: float | None) -> bool:
    return budget_usd is not None and spent >= budget_usd


def _run(case: Case, out: Path, make: Make, clock: Callable[[], float]) -> RunRecord:
    """Make one run and keep its record; no exception but an interruption leaves it."""
    folder = out / case.folder
    folder.mkdir(parents=True, exist_ok=True)
    watch = Watch()
    began = clock()
    outcome: Proposal | Questions | Exception
    try:
        outcome = make(case, folder, watch)
    except Exception as error:
        outcome = error
    end, detail = end_of(outcome)
    made = outcome if isinstance(outcome, Proposal) else None
    tokens, usd = reading(made) if made else (0, 0.0)
    record = RunRecord(
        request=case.issue.stem,
        author=case.author,
        run=case.run,
        can_be_met=case.can_be_met,
        end=end,
        detail=detail,
        seconds=round(clock() - began, 3),
        stages=stage_records(made, case.author, watch.seconds) if made else {},
        sound=made is not None and is_sound(made),
        reading_tokens=tokens,
        reading_usd=usd,
    )
    write_atomically(folder / RECORD, record.model_dump_json(indent=2).encode() + b"\n")
    return record
