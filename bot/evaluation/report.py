"""The results of an evaluation: a table for people, JSON and CSV for programs, a plot."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from bot.bench_tables import Grid
from bot.evaluation.paper import PAPER
from bot.evaluation.plot import draw
from bot.evaluation.record import RunRecord
from bot.evaluation.table import Row, by_request, rows, to_csv
from bot.rendering.numbers import number
from bot.workspace import write_atomically

_HEADER = (
    *("author", "stage", "successes", "share", "95 % interval", "first try", "repairs", "tokens"),
    *("USD", "seconds", "paper"),
)
_SHORT = (0, 1, 2, 4, 5, 6, 7, 8, 9, 10)  # the share follows from the successes
_NOTE = (
    "A success is strict: every claim proven, with the author's own files. First try: of all runs. "
    "Repairs, tokens, USD and seconds: means of a run. Paper: GPT-4o in arXiv 2501.12420, "
    f"{next(iter(PAPER.values())).runs} runs of each stage on its own, counted by exit code or "
    "compilation; end to end is the product, had its stages been chained."
)


def table(records: Sequence[RunRecord]) -> Grid:
    """Return what held for each author and stage."""
    return Grid(_HEADER, tuple(_cells(line) for line in rows(records)), _NOTE, _SHORT)


def _cells(line: Row) -> tuple[str, ...]:
    def share(value: float | None) -> str:
        return "-" if value is None else f"{100 * value:.0f} %"

    return (
        line.author,
        line.stage,
        f"{line.successes} of {line.runs}",
        share(line.successes / line.runs),
        f"{100 * line.low:.0f} to {100 * line.high:.0f} %",
        share(line.first_try),
        "-" if line.repairs is None else f"{line.repairs:.2f}",
        "-" if line.tokens is None else f"{line.tokens:,.0f}",
        "-" if line.cost_usd is None else f"{line.cost_usd:.4f}",
        f"{line.seconds:,.1f}",
        share(line.paper),
    )


def requests_table(records: Sequence[RunRecord]) -> Grid:
    """Return the strict successes of each request, by author."""
    found = by_request(records)
    authors = tuple(dict.fromkeys(record.author for record in records))
    ends = {(record.request, record.author): record for record in records}
    lines = []
    for request, by_author in sorted(found.items()):
        cells = [
            f"{by_author[a][0]} of {by_author[a][1]}" if a in by_author else "-" for a in authors
        ]
        last = next((ends[request, a] for a in authors if (request, a) in ends), None)
        lines.append((request, last.end.value if last else "-", *cells))
    note = f"Strict successes, of {number(len(records))} runs; the last run's end in words."
    return Grid(
        ("request", "last end", *authors), tuple(lines), note, tuple(range(2 + len(authors)))
    )


def write_results(out: Path, records: Sequence[RunRecord]) -> list[Path]:
    """Write table.md, results.json, rows.csv and plot.svg, and return their paths."""
    lines = rows(records)
    results = {
        "rows": [asdict(line) for line in lines],
        "runs": [record.model_dump(mode="json") for record in records],
    }
    text = f"{table(records).markdown()}\n\n{requests_table(records).markdown()}\n"
    files = {
        "table.md": text.encode(),
        "results.json": json.dumps(results, indent=2).encode() + b"\n",
        "rows.csv": to_csv(lines).encode(),
    }
    if lines:
        files["plot.svg"] = draw(lines)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        write_atomically(out / name, content)
    return [out / name for name in files]
