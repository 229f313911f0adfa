"""The table of checks for the terminal: what the request asked for first, then stage by stage."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.table import Table
from rich.text import Text

from bot.console import PLAIN, STYLES
from bot.evidence import Evidence, Stage
from bot.rendering.numbers import number
from bot.rendering.words import limited, outcome_word


def checks_table(evidence: Sequence[Evidence]) -> Table:
    """Return every check with value, unit, limit and outcome."""
    table = Table(title="Checks", **PLAIN)
    table.add_column("claim", ratio=1)
    table.add_column("measured", no_wrap=True)
    table.add_column("limit", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    for name, group in _groups(evidence):
        table.add_section()
        table.add_row(Text(name, style="bold"))
        for item in group:
            table.add_row(
                Text(item.claim),
                Text(_measured(item)),
                Text(_limit(item)),
                Text(outcome_word(item), style=STYLES[item.outcome]),
            )
    return table


def _groups(evidence: Sequence[Evidence]) -> Iterator[tuple[str, list[Evidence]]]:
    asked = [item for item in evidence if item.source == "goal"]
    if asked:
        yield "asked for by the request", asked
    groups: dict[str, list[Evidence]] = {stage.value: [] for stage in Stage}
    for item in evidence:
        if item.source != "goal":
            groups.setdefault(_group(item), []).append(item)
    yield from ((name, found) for name, found in groups.items() if found)


def _group(item: Evidence) -> str:
    """Return the stage, with the board where the check is one of a board: 'stage.board.check'."""
    parts = item.check.split(".")
    on_board = item.stage is Stage.FIRMWARE and len(parts) == 3
    return f"{item.stage.value} on {parts[1]}" if on_board else item.stage.value


def _measured(item: Evidence) -> str:
    return "-" if item.value is None else f"{_plain(item.value)} {item.unit}".strip()


def _limit(item: Evidence) -> str:
    if not limited(item) or item.limit is None:
        return ""
    sign = "" if isinstance(item.limit, str) else f"{item.relation.value} "
    return sign + _plain(item.limit)


def _plain(value: float | int | str) -> str:
    return value if isinstance(value, str) else number(value)
