"""Views of what a bench measured: cells and sentences, ready to print."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from bot.evidence import Relation
from bot.measured.changes import median, ram
from bot.measured.judgement import (
    COSTS,
    BoardJudgement,
    Change,
    Figure,
    Judgement,
    Kind,
    State,
    Verdict,
)
from bot.rendering.numbers import interval, number, percent
from bot.rendering.text import Markdown, code, inline, plain
from hardware_runner.report import Cost, Unit

_UNITS: Mapping[Unit, str] = {"us": "µs", "instructions": "instr.", "cycles": "cycles"}

MARKS: Mapping[Verdict, str] = MappingProxyType(
    {
        Verdict.PASS: "✅",
        Verdict.MISSED: "❌",
        Verdict.DISAGREES: "❌",
        Verdict.FAILED: "❌",
        Verdict.INFRASTRUCTURE: "🔧",
        Verdict.MISSING: "⏳",
    }
)
UNPROVEN_MARK = "⚠️"
NOTHING = Markdown("-")
_NO_BREAK = "\u00a0"
_LABEL_MAX, _TITLE_MAX = 40, 160
_SIGNS = {Relation.AT_LEAST: "at least", Relation.AT_MOST: "at most"}


@dataclass(frozen=True, slots=True)
class Row:
    """A board's line in the table."""

    mark: str
    board: Markdown
    accuracy: Markdown
    same: Markdown
    cost: Markdown
    flash: Markdown
    ram: Markdown
    energy: Markdown


@dataclass(frozen=True, slots=True)
class ClassLine:
    """How one class is recognised, by board."""

    label: Markdown
    held_out: Markdown
    cells: tuple[Markdown, ...]


@dataclass(frozen=True, slots=True)
class Method:
    """How a board was measured, folded away."""

    board: Markdown
    lines: tuple[Markdown, ...]


def mark_of(board: BoardJudgement) -> str:
    """Return the sign of a board: green only where nothing that was asked for is open."""
    if board.verdict is Verdict.PASS and board.unproven:
        return UNPROVEN_MARK
    return MARKS[board.verdict]


def row(board: BoardJudgement) -> Row:
    """Lay out a board."""
    empty = not board.samples
    return Row(
        mark=mark_of(board),
        board=_named(board),
        accuracy=NOTHING if empty else _accuracy(board),
        same=NOTHING if empty else _same(board),
        cost=_cost(board),
        flash=_sized(board, board.flash_bytes, Kind.FLASH),
        ram=_sized(board, ram(board), Kind.RAM),
        energy=_energy(board),
    )


def limit_row(boards: tuple[BoardJudgement, ...]) -> Row | None:
    """Return what was asked for, as the table's last line; None where nobody set a limit."""
    asked = {
        figure.kind: figure
        for board in boards
        for figure in board.figures
        if figure.limit is not None
    }
    if not asked:
        return None
    cell = {kind: _limit(asked[kind]) if kind in asked else NOTHING for kind in Kind}
    costs = [cell[kind] for kind in (Kind.TIME, Kind.INSTRUCTIONS) if kind in asked]
    worst = Markdown("; ".join(f"{cost}, worst case" for cost in costs)) if costs else NOTHING
    return Row(
        mark="",
        board=Markdown("*asked for*"),
        accuracy=cell[Kind.ACCURACY],
        same=Markdown("all"),
        cost=worst,
        flash=Markdown(cell[Kind.FLASH].removesuffix(" bytes")),
        ram=Markdown(cell[Kind.RAM].removesuffix(" bytes")),
        energy=NOTHING,
    )


def against(board: BoardJudgement, at_most: int) -> Iterator[Markdown]:
    """Yield what stands against a board, and why it says less than it should."""
    for figure in board.figures:
        if figure.state is State.MISSED and figure.value is not None:
            value = _value(figure.value, figure)
            yield Markdown(f"**{figure.kind.value}: {value}**, {_limit(figure)} is asked for")
    if board.verdict is Verdict.DISAGREES and board.same is not None:
        wrong = number(board.samples - board.same)
        yield Markdown(
            f"**{wrong} of {number(board.samples)} samples are answered otherwise than on the "
            "host**: features, model or compiler compute differently there"
        )
    if board.verdict is Verdict.PASS and board.same_bytes is False:
        yield Markdown("same answers as the host, but some scores differ by a step or more")
    if board.verdict is Verdict.FAILED:
        yield Markdown(f"**the firmware failed**: {_reason(board, at_most)}")
    if board.verdict is Verdict.INFRASTRUCTURE:
        yield Markdown(
            "board, line or machine was out of order, which says nothing about the files: "
            f"{_reason(board, at_most)}"
        )
    if board.verdict is Verdict.MISSING:
        yield Markdown(f"not measured: {_reason(board, at_most)}")
    if board.reason and board.samples:
        yield inline(board.reason, at_most)
    for figure in board.unproven:
        claim = f"{figure.kind.value}: unproven, {_limit(figure)} is asked for"
        yield Markdown(f"{claim}; {inline(figure.why, at_most)}")


def methods(board: BoardJudgement, at_most: int) -> Method:
    """Lay out how a board was measured."""
    return Method(code(board.board, 60), tuple(_methods(board, at_most)))


def alike(boards: tuple[BoardJudgement, ...]) -> list[tuple[Markdown, BoardJudgement]]:
    """Return one board of each group that recognised the same, with the names of the group."""
    groups: dict[object, list[BoardJudgement]] = {}
    for board in boards:
        groups.setdefault((board.recalls, board.confusion), []).append(board)
    return [
        (Markdown(", ".join(code(one.board, 60) for one in group)), group[0])
        for group in groups.values()
    ]


def class_lines(judgement: Judgement, boards: Sequence[BoardJudgement]) -> list[ClassLine]:
    """Lay out the recall of each class, a column for each board."""
    found = []
    for index, label in enumerate(judgement.labels if boards else ()):
        recalls = [board.recalls[index] for board in boards]
        held_out = max(recall.held_out for recall in recalls)
        cells = tuple(
            percent(r.recognised / r.held_out) if r.held_out else NOTHING for r in recalls
        )
        found.append(ClassLine(inline(label, _LABEL_MAX), Markdown(number(held_out)), cells))
    return found


def labels_of(judgement: Judgement) -> list[Markdown]:
    """Return the names of the classes, short enough for a table."""
    return [inline(label, _LABEL_MAX) for label in judgement.labels]


def title(board: BoardJudgement) -> str:
    """Return what came of a board in one line of plain text, as GitHub lists check runs."""
    missed = [figure for figure in board.figures if figure.state is State.MISSED]
    match board.verdict:
        case Verdict.INFRASTRUCTURE:
            said = f"Out of order, which says nothing about the files: {board.reason}"
        case Verdict.MISSING:
            said = f"Not measured: {board.reason}"
        case Verdict.FAILED:
            said = f"The firmware failed: {board.reason}"
        case Verdict.DISAGREES:
            wrong = number(board.samples - (board.same or 0))
            said = f"{wrong} of {number(board.samples)} samples answered otherwise than on the host"
        case Verdict.MISSED:
            said = "; ".join(_against_limit(figure) for figure in missed)
        case Verdict.PASS:
            said = ", ".join(_in_short(board))
    return plain(said[:1].upper() + said[1:])[:_TITLE_MAX]


def _against_limit(figure: Figure) -> str:
    value = _value(figure.value or 0, figure)
    return f"{figure.kind.value}: {value}, {_limit(figure)} is asked for"


def _in_short(board: BoardJudgement) -> Iterator[str]:
    yield f"{percent(board.right / board.samples)} right"
    if board.cost is not None:
        most = _whole(board.cost.features_max + board.cost.model_max)
        yield f"{most} {_UNITS[board.cost.unit]} at worst"
    if board.flash_bytes is not None:
        yield f"{number(board.flash_bytes)} bytes of flash"
    if board.unproven:
        yield f"but unproven: {', '.join(figure.kind.value for figure in board.unproven)}"


def _named(board: BoardJudgement) -> Markdown:
    """Return a board's name, with its core, and whether it was an emulator that ran."""
    emulated = ("emulated",) if board.verified == "emulator" else ()
    core = (inline(board.core, _LABEL_MAX),) if board.core else ()
    below = ", ".join((*core, *emulated))
    name = code(board.board, 60)
    return Markdown(f"{name}<br>{below}") if below else name


def _accuracy(board: BoardJudgement) -> Markdown:
    right = _marked(board, Kind.ACCURACY, percent(board.right / board.samples))
    shown = f"{right}<br>{interval(board.right, board.samples).replace(' ', _NO_BREAK)}"
    change = _change(board, Kind.ACCURACY)
    if change is not None and change.percent:
        shown += f"<br>{change.percent:+.1f} points to base"
    return Markdown(shown.replace("+-", "-"))


def _same(board: BoardJudgement) -> Markdown:
    if board.same == board.samples:
        return Markdown(f"all {number(board.samples)}")
    return Markdown(f"**{number(board.same or 0)} of {number(board.samples)}**")


def _cost(board: BoardJudgement) -> Markdown:
    cost = board.cost
    if cost is None:
        return NOTHING
    most = cost.features_max + cost.model_max
    p99 = None
    if cost.features_p99 is not None and cost.model_p99 is not None:
        p99 = cost.features_p99 + cost.model_p99
    parts = [_whole(value) for value in (median(cost), p99, most) if value is not None]
    shown = parts[0] if len(set(parts)) == 1 else " · ".join(parts)
    kind = COSTS[cost.unit]
    marked = _marked(board, kind, f"{shown} {_unit(cost)}")
    return Markdown(f"{marked}{_compared(board, kind)}")


def _energy(board: BoardJudgement) -> Markdown:
    if board.energy is None:
        return NOTHING
    micro = number(round(1e6 * board.energy.joules_median, 2))
    return Markdown(f"{micro} µJ{_compared(board, Kind.ENERGY)}")


def _sized(board: BoardJudgement, value: int | None, kind: Kind) -> Markdown:
    if value is None:
        return NOTHING
    return Markdown(f"{_marked(board, kind, number(value))}{_compared(board, kind)}")


def _marked(board: BoardJudgement, kind: Kind, shown: str) -> str:
    """Return a figure, bold where it misses its limit."""
    figure = board.figure(kind)
    return f"**{shown}**" if figure and figure.state is State.MISSED else shown


def _change(board: BoardJudgement, kind: Kind) -> Change | None:
    return next((change for change in board.changes if change.kind is kind), None)


def _compared(board: BoardJudgement, kind: Kind) -> str:
    """Return how a figure stands to the base branch's, on a line of its own; empty where alike."""
    change = _change(board, kind)
    if change is None or not change.percent:
        return ""
    shown = f"<br>{change.percent:+.1f} % to base"
    return f"{shown}, within noise" if change.is_noise else shown


def _whole(value: float) -> str:
    return number(round(value, 1) if value < 1_000 else round(value))


def _unit(cost: Cost) -> str:
    return _UNITS[cost.unit]


def _limit(figure: Figure) -> Markdown:
    if figure.limit is None:
        return NOTHING
    return Markdown(f"{_SIGNS[figure.relation]} {_value(figure.limit, figure)}")


def _value(value: float, figure: Figure) -> str:
    if figure.unit == "bytes":
        return f"{number(round(value))} bytes"
    return f"{number(round(value, 2)) if value < 1_000 else _whole(value)} {figure.unit}"


def _reason(board: BoardJudgement, at_most: int) -> Markdown:
    return inline(board.reason or "no reason was given", at_most)


def _methods(board: BoardJudgement, at_most: int) -> Iterator[Markdown]:
    where = f"{board.bench}/{board.place}" if board.place else board.bench
    if where:
        yield Markdown(f"place {code(where, 90)}, {inline(board.core, 80)}, {board.verified}")
    if board.cost is not None:
        cost, unit = board.cost, _unit(board.cost)
        for name, middle, p99, most in (
            ("features", cost.features_median, cost.features_p99, cost.features_max),
            ("model", cost.model_median, cost.model_p99, cost.model_max),
        ):
            between = "" if p99 is None else f", 99th percentile {_whole(p99)}"
            yield Markdown(f"{name}: median {_whole(middle)}{between}, worst {_whole(most)} {unit}")
        yield Markdown(f"cost by: {inline(cost.method, at_most)}")
    if board.energy is not None:
        yield Markdown(f"energy by: {inline(board.energy.method, at_most)}")
    if board.flash_bytes is not None and board.ram_bytes is not None:
        stack = "not measured" if board.stack_bytes is None else f"{number(board.stack_bytes)}"
        yield Markdown(
            f"of the part: flash {number(board.flash_limit_bytes or 0)}, RAM "
            f"{number(board.ram_limit_bytes or 0)} bytes; stack, high-water mark: {stack}"
        )
    if board.samples_per_second:
        yield Markdown(f"{number(round(board.samples_per_second, 1))} samples a second")
    yield from _noise(board)
    if board.recoveries:
        brought = ", ".join(inline(step, 80) for step in board.recoveries)
        yield Markdown(f"brought back by: {brought}")
    if board.tools:
        tools = sorted(board.tools.items())[:20]
        yield Markdown("tools: " + ", ".join(f"{inline(t, 60)} {inline(v, 60)}" for t, v in tools))
    if board.firmware_sha256:
        yield Markdown(f"firmware SHA-256 {code(board.firmware_sha256[:16], 20)}")


def _noise(board: BoardJudgement) -> Iterator[Markdown]:
    for kind in (*COSTS.values(), Kind.ENERGY):
        change = _change(board, kind)
        if change is not None:
            noise = f"{change.noise_percent:.2f}".rstrip("0").rstrip(".")
            yield Markdown(
                f"{kind.value} against the base branch: {change.percent:+.2f} %, noise {noise} %"
            )
