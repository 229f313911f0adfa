"""The table of the field: what held, at which price, for each author and stage."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

from bot.evaluation.paper import PAPER, chained_share
from bot.evaluation.record import RunRecord, StageRecord
from bot.evidence import Stage
from bot.statistics import wilson_interval

END_TO_END = "end to end"
CANNOT_BE_MET = "cannot be met: said so"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: an author and a stage, or all of them in a chain.

    Attributes:
        successes, runs: strict successes, of the runs that reached the stage.
        low, high: the 95 % interval of the share, 0 to 1.
        first_try: the share that stood at once; None for whole runs that were refused.
        repairs: tries beyond the first, on average.
        tokens, cost_usd, seconds: means over the runs; the cost is None where a price is unknown.
        paper: the share that the paper reports for the stage, 0 to 1; None where it has none.
    """

    author: str
    stage: str
    successes: int
    runs: int
    low: float
    high: float
    first_try: float | None
    repairs: float | None
    tokens: float | None
    cost_usd: float | None
    seconds: float
    paper: float | None


def rows(records: Sequence[RunRecord]) -> list[Row]:
    """Return the lines for each author; runs that the machine ended are left out."""
    counted = [record for record in records if record.counts]
    lines: list[Row] = []
    for author in dict.fromkeys(record.author for record in counted):
        own = [record for record in counted if record.author == author and record.can_be_met]
        for stage in Stage:
            reached = [r.stages[stage.value] for r in own if stage.value in r.stages]
            if reached:
                lines.append(_stage_row(author, stage, reached))
        if own:
            lines.append(_whole_row(author, END_TO_END, own, chained_share()))
        if others := [r for r in counted if r.author == author and not r.can_be_met]:
            lines.append(_whole_row(author, CANNOT_BE_MET, others, None))
    return lines


def _stage_row(author: str, stage: Stage, reached: Sequence[StageRecord]) -> Row:
    successes = sum(record.success for record in reached)
    low, high = wilson_interval(successes, len(reached))
    paper = PAPER.get(stage)
    return Row(
        author=author,
        stage=stage.value,
        successes=successes,
        runs=len(reached),
        low=low,
        high=high,
        first_try=fmean(record.first_try for record in reached),
        repairs=fmean(record.tries - 1 for record in reached),
        tokens=fmean(record.input_tokens + record.output_tokens for record in reached),
        cost_usd=_mean_cost([record.cost_usd for record in reached]),
        seconds=fmean(record.seconds for record in reached),
        paper=paper.successes / paper.runs if paper else None,
    )


def _whole_row(author: str, name: str, runs: Sequence[RunRecord], paper: float | None) -> Row:
    successes = sum(record.success for record in runs)
    low, high = wilson_interval(successes, len(runs))
    stages = [list(record.stages.values()) for record in runs]
    known = any(stages)
    return Row(
        author=author,
        stage=name,
        successes=successes,
        runs=len(runs),
        low=low,
        high=high,
        first_try=fmean(_all_at_once(r) for r in runs) if known else None,
        repairs=fmean(sum(s.tries - 1 for s in one) for one in stages) if known else None,
        tokens=fmean(_tokens(record) for record in runs),
        cost_usd=_mean_cost([record.cost_usd for record in runs]),
        seconds=fmean(record.seconds for record in runs),
        paper=paper,
    )


def _tokens(record: RunRecord) -> int:
    stages = record.stages.values()
    return record.reading_tokens + sum(s.input_tokens + s.output_tokens for s in stages)


def _all_at_once(record: RunRecord) -> bool:
    return record.success and all(stage.first_try for stage in record.stages.values())


def _mean_cost(costs: Sequence[float | None]) -> float | None:
    return None if None in costs else fmean(cost for cost in costs if cost is not None)


def by_request(records: Sequence[RunRecord]) -> Mapping[str, Mapping[str, tuple[int, int]]]:
    """Return strict successes and runs by request and author."""
    found: dict[str, dict[str, tuple[int, int]]] = {}
    for record in records:
        if record.counts:
            successes, runs = found.setdefault(record.request, {}).get(record.author, (0, 0))
            found[record.request][record.author] = (successes + record.success, runs + 1)
    return found


def to_csv(lines: Sequence[Row]) -> str:
    """Return the lines as CSV with a header."""
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(Row.__slots__), lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(line) for line in lines)
    return text.getvalue()
